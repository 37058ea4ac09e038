"""What arises online, and how: the second and the third question, answered from digests.

Knows no page. What is there from the first round on was there before anything was learnt:
of a model of demonstrations its lapses, of an agent from scratch its trials.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum

from driftline.experiments.gridworlds.digest import GM, Digest, Suite
from driftline.experiments.wording import count, listed, number, percent
from driftline.safety.verdict import CELLS, CENSORED, UNDETERMINED

Row = tuple[Digest, str]


class Begun(Enum):
    """When an agent's median seed first shows a behaviour for good (see `safety.onset`)."""

    NEVER = "no onset"
    AT_FIRST = "from the first round"
    LATER = "after the first round"


def begun(world: Digest, agent: str, behaviour: str) -> Begun:
    """When a behaviour began: the first round is played before anything is learnt online."""
    onset = world.of(agent, behaviour).onset
    if onset.censored:
        return Begun.NEVER
    return Begun.AT_FIRST if onset.round == 0 else Begun.LATER


def beyond(world: Digest, agent: str, behaviour: str) -> bool:
    """Whether an agent ends with more of a behaviour than the imitator, for sure."""
    if GM not in world.agents:
        return False
    mine, theirs = (world.of(each, behaviour).final_prevalence for each in (agent, GM))
    return mine.low > theirs.high


def rows_of(suite: Suite, agent: str) -> list[Row]:
    """Every undesired behaviour that is told of in a world that the agent plays."""
    return [
        (world, name)
        for world, name in suite.rows()
        if agent in world.agents and world.undesired.get(name)
    ]


def arising_headline(suite: Suite, online: Sequence[str]) -> str:
    """In how many worlds something begins later, and in how many it was there at first."""
    if not online:
        return "No agent of this study learns online."
    judged = count(len([w for w in suite.worlds if any(w.undesired.values())]), "world")
    later = listed([f"{each} in {len(_worlds(suite, each, Begun.LATER))}" for each in online])
    first = listed([f"{each} in {len(_worlds(suite, each, Begun.AT_FIRST))}" for each in online])
    return (
        f"Undesired behaviour begins after the first round, of {judged} that have any: {later}. "
        "From the first round on, before an agent has learnt anything online, it is there: "
        f"{first}."
    )


def _worlds(suite: Suite, agent: str, when: Begun) -> set[str]:
    return {w.name for w, name in rows_of(suite, agent) if begun(w, agent, name) is when}


def arising(suite: Suite, agent: str) -> Iterator[str]:
    """What began later, what was there at first, and what was not seen, with its limit."""
    rows = rows_of(suite, agent)
    later, first, never = (
        [row for row in rows if begun(row[0], agent, row[1]) is when]
        for when in (Begun.LATER, Begun.AT_FIRST, Begun.NEVER)
    )
    later.sort(key=lambda row: row[0].of(agent, row[1]).onset.round)
    if later:
        told = [f"{_shown(*row)} from round {_round(agent, *row)} ({_end(agent, *row)})"
                for row in later]  # fmt: skip
        yield f"Begins after the first round: {'; '.join(told)}."
    else:
        yield "Nothing begins after the first round."
    if first:
        told = [f"{_shown(*row)} ({_end(agent, *row)})" for row in first]
        yield f"There from the first round on: {'; '.join(told)}."
    if never:
        most = max(world.of(agent, name).final_prevalence.high for world, name in never)
        yield (
            f"No onset by the last round of {listed([_shown(*row) for row in never])}, which "
            f"leaves at most {percent(most)} of the final episodes for any of them; more rounds "
            "could still show more."
        )


def _shown(world: Digest, name: str) -> str:
    return f"“{name}” in {world.name}"


def _round(agent: str, world: Digest, name: str) -> str:
    return number(world.of(agent, name).onset.round)


def _end(agent: str, world: Digest, name: str) -> str:
    """The final share, and what the demonstrators and the imitator show of it."""
    said = [f"{percent(world.of(agent, name).final_prevalence.value)} at the end"]
    others = {"demonstrators": world.demonstrators}
    others |= {GM: world.agents[GM]} if GM in world.agents else {}
    for who, measures in others.items():
        share = measures.behaviours[name].final_prevalence.value
        said += [f"{who} {percent(share)}"] if share else []
    return ", ".join(said)


def tally(suite: Suite, agent: str) -> dict[str, list[str]]:
    """Of what began later the worlds of each verdict, those with some first; then the others."""
    found: dict[str, list[str]] = {}
    for world, name in rows_of(suite, agent):
        when, verdict = begun(world, agent, name), world.of(agent, name).verdict
        cell = UNDETERMINED if verdict is None else verdict.cell
        found.setdefault(cell if when is Begun.LATER else when.value, []).append(world.name)
    order = (*CELLS, UNDETERMINED, CENSORED, Begun.AT_FIRST.value, Begun.NEVER.value)
    return {cell: found[cell] for cell in order if cell in found}


def speed_headline(suite: Suite, online: Sequence[str]) -> str:
    """How many behaviours that began later came how, over all agents that differ."""
    sums: dict[str, int] = {}
    alike = 0
    for agent in online:
        for cell, worlds in tally(suite, agent).items():
            alone = [each for each in worlds if agent not in suite.world(each).twins]
            sums[cell] = sums.get(cell, 0) + len(alone)
        alike += sum(
            agent not in world.twins and not beyond(world, agent, name)
            for world, name in rows_of(suite, agent)
            if begun(world, agent, name) is Begun.AT_FIRST and GM in world.agents
        )
    never, first = (sums.pop(each.value, 0) for each in (Begun.NEVER, Begun.AT_FIRST))
    later = sum(sums.values())
    parts = [f"{amount} {cell}" for cell, amount in sorted(sums.items(), key=lambda x: -x[1])]
    came = f" ({listed(parts)})" if parts else ""
    least = f", in {alike} of them not clearly more often at the end than in {GM}" if first else ""
    return (
        f"Of {later + first + never} pairs of a learning agent and a behaviour, agents that did "
        f"the same counted once, {later} begin after the first round{came}; {first} are there from "
        f"the first round on{least}; {never} have no onset."
    )


def cells(suite: Suite, agent: str) -> Iterator[str]:
    """The tally in sentences."""
    for cell, worlds in tally(suite, agent).items():
        where = listed(list(dict.fromkeys(worlds)))
        yield f"{cell[0].upper()}{cell[1:]}: {len(worlds)} ({where})."
    same = [(w.name, w.twins[agent]) for w in suite.worlds if agent in w.twins]
    for other in dict.fromkeys(each for _, each in same):
        where = listed([world for world, each in same if each == other])
        yield f"Did exactly what {other} did, whose target asks for the same there: {where}."
