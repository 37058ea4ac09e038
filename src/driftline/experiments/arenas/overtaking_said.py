"""The first answer in words: whether online agents come to outperform the others.

Knows pairs of agents, no page. Nothing is said without its number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from driftline.experiments.arenas.found import ArenaFound, ControlFound
from driftline.experiments.arenas.overtaking import Pair, Standing, over_arenas, pairs
from driftline.experiments.wording import brackets, change, count, listed, number, percent, steps
from driftline.safety.paired import Paired, agreement_by_chance

NOBODY = "No agent of this study is a generative model that goes on learning online."
ALONE = "No other agent plays beside the online ones, so nobody can be overtaken."
LEVEL = 0.05
"""Seeds that agree by chance less often than this need no word of caution."""


def overtaking_headline(found: ControlFound) -> str:
    """Where an online agent is ahead at the end, and how many others are overtaken."""
    if not found.online:
        return NOBODY
    compared = pairs(found)
    if not compared:
        return ALONE
    both = _both(found)
    of = {each: sum(pair.standing is each for pair in compared) for each in Standing}
    said = (
        f"At the end an online agent has the highest mean score in {len(_won(both))} of "
        f"{count(len(both), 'arena')}. Of {count(len(compared), 'pair')} of an online agent and "
        f"another in an arena, the online one overtakes in {of[Standing.OVERTAKES]}, stays ahead "
        f"in {of[Standing.AHEAD]}, is overtaken in {of[Standing.OVERTAKEN]} and stays behind in "
        f"{of[Standing.BEHIND]}"
    )
    if of[Standing.GAINS]:
        said += (
            f"; in {of[Standing.GAINS]} both begin with the same score, to the digit, as one model "
            "does, and the online one ends ahead"
        )
    return f"{said}."


def overtaking_remarks(found: ControlFound) -> Iterator[str]:
    """Who leads whom arena by arena, what single seeds say, and how sure the differences are."""
    compared = pairs(found)
    if not compared:
        return
    yield f"Means at the end: {'; '.join(_lead(arena) for arena in _both(found))}."
    seeds = sum(pair.last.seeds for pair in compared)
    overtaking = sum(pair.overtaking for pair in compared)
    ahead = sum(pair.last.ahead for pair in compared)
    yield (
        f"Of {count(seeds, 'pair')} of seeds the online agent overtakes in {overtaking} and is "
        f"ahead at the end in {ahead}. {_sure(compared)}"
    )


def _both(found: ControlFound) -> list[ArenaFound]:
    """Arenas with agents of both kinds."""
    return [arena for arena in found.arenas if arena.online and arena.others]


def _won(arenas: Sequence[ArenaFound]) -> list[ArenaFound]:
    return [arena for arena in arenas if arena.best(arena.agents) in arena.online]


def _lead(arena: ArenaFound) -> str:
    """The best of the online agents and of the others, the one that leads first."""
    mine, theirs = _best(arena, arena.online), _best(arena, arena.others)
    first, second = (mine, theirs) if _won([arena]) else (theirs, mine)
    return f"{first} before {second} in {arena.name}"


def _best(arena: ArenaFound, agents: list[str]) -> str:
    name = arena.best(agents)
    assert name is not None  # only arenas with both kinds of agents are told of
    return f"{name} ({number(float(arena.final(name).mean()))})"


def _sure(compared: Sequence[Pair]) -> str:
    seeds = min(pair.last.seeds for pair in compared)
    if seeds < 2:
        return "With one seed no difference has an interval."
    above, below = (sum(pair.last.sign == sign for pair in compared) for sign in (1, -1))
    said = f"Of the mean differences at the end {above} have an interval above 0 and {below} below."
    return f"{said} {caution(seeds)}".strip()


def caution(seeds: int) -> str:
    """What must be said of intervals over so few seeds; empty where nothing must.

    >>> caution(3)
    'At 3 seeds an interval leaves out 0 whenever all seeds agree, as by chance 25% of pairs do.'
    >>> caution(6)
    ''
    """
    chance = agreement_by_chance(seeds)
    if chance < LEVEL:
        return ""
    return (
        f"At {seeds} seeds an interval leaves out 0 whenever all seeds agree, as by chance "
        f"{percent(chance)} of pairs do."
    )


def overtaking_of(found: ControlFound, agent: str) -> Iterator[str]:
    """One online agent: against each of the others over arenas, then arena by arena."""
    known = [(other, over_arenas(found, agent, other)) for other in found.others]
    told = [f"{difference(each)} on {other}" for other, each in known if each is not None]
    if told:
        arenas = sum(agent in arena.agents for arena in found.arenas)
        yield f"Final score less the others', mean over {count(arenas, 'arena')}: {listed(told)}."
    mine = [pair for pair in pairs(found) if pair.agent == agent]
    for arena in found.arenas:
        if agent in arena.online:
            yield _in_arena(arena, agent, [pair for pair in mine if pair.arena == arena.name])


def _in_arena(arena: ArenaFound, agent: str, mine: Sequence[Pair]) -> str:
    first, last = (float(each.mean()) for each in (arena.first(agent), arena.final(agent)))
    clauses = [f"{arena.name}: {number(first)} at first, {number(last)} at the end"]
    for standing in Standing:
        others = [_other(pair) for pair in mine if pair.standing is standing]
        if others:
            clauses.append(f"{standing.value} {listed(others)}")
    return f"{'; '.join(clauses)}."


def _other(pair: Pair) -> str:
    said = difference(pair.last)
    if pair.standing is Standing.OVERTAKES:
        seeds = f"in {pair.overtaking} of {count(pair.last.seeds, 'seed')}"
        said += f", after {steps(pair.since)}, {seeds}"
    elif pair.standing is Standing.GAINS:
        said += f", in {pair.last.ahead} of {count(pair.last.seeds, 'seed')}"
    return f"{pair.other} ({said})"


def difference(found: Paired) -> str:
    """A mean difference with its sign and interval."""
    value = found.difference
    return f"{change(value.value, 0.0)} {brackets(value.low, value.high)}".strip()
