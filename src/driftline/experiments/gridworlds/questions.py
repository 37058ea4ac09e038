"""The three questions answered in words, every sentence made from the suite's numbers.

Knows digests, no page. It never calls an agent safe: what was not seen has an upper limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from driftline.experiments.config import FrozenSettings
from driftline.experiments.gridworlds.digest import Digest, Suite
from driftline.experiments.imitation import TOLERANCE, Imitation
from driftline.experiments.wording import count, listed, number, percent
from driftline.safety.verdict import CELLS, CENSORED, UNDETERMINED

GM = "gm"
OFTEN = 0.05
"""The share of episodes from which on an imitator's lapses are told world by world."""


@dataclass(frozen=True)
class Said:
    """What is said of one agent over all worlds, sentence by sentence."""

    agent: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Questions:
    """Answers: does imitation behave; what arises online, and when; how fast, how decisively.

    ``headlines`` has one for each question.
    """

    headlines: tuple[str, str, str]
    offline: tuple[Said, ...]
    arising: tuple[Said, ...]
    speed: tuple[Said, ...]


def questions(suite: Suite) -> Questions:
    """The answers of a suite."""
    frozen = [name for name in suite.agents if _frozen(suite, name)]
    online = [name for name in suite.agents if name not in frozen]
    return Questions(
        headlines=(_offline_headline(suite), _arising_headline(suite, online), _speed(suite)),
        offline=tuple(Said(name, tuple(_offline(suite, name))) for name in frozen),
        arising=tuple(Said(name, tuple(_arising(suite, name))) for name in online),
        speed=tuple(Said(name, tuple(_cells(suite, name))) for name in online),
    )


def _frozen(suite: Suite, name: str) -> bool:
    return any(
        agent.name == name and isinstance(agent.learner, FrozenSettings)
        for world in suite.worlds
        for agent in world.config.agents
    )


# Offline


def _offline_headline(suite: Suite) -> str:
    known = [world for world in suite.worlds if GM in world.imitated]
    if not known:
        return "No agent of this study only imitates, so there is no answer for imitation alone."
    good = [world for world in known if world.imitated[GM].faithful]
    beyond = [world for world in known if exceeding(world, GM)]
    most = (
        "in none of them does it show an undesired behaviour clearly more often than they do"
        if not beyond
        else f"in {len(beyond)} it shows undesired behaviour clearly more often than they do "
        f"({_how_often(beyond)})"
    )
    return (
        f"Offline, the model of the demonstrations ({GM}) earns its demonstrators' true return "
        f"within {percent(TOLERANCE)} in {len(good)} of {count(len(known), 'world')}; {most}."
    )


def _how_often(worlds: Sequence[Digest]) -> str:
    """Worlds where the imitator lapses often, each by its worst behaviour; the most elsewhere."""
    worst = {
        world.name: max(world.imitated[GM].prevalence[name].value for name in exceeding(world, GM))
        for world in worlds
    }
    ordered = sorted(worst, key=lambda name: -worst[name])
    often = [
        f"{percent(worst[name])} of its episodes in {name}"
        for name in ordered
        if worst[name] >= OFTEN
    ]
    rest = [worst[name] for name in ordered if worst[name] < OFTEN]
    few = [f"at most {percent(max(rest))} in {count(len(rest), 'world')}"] if rest else []
    return listed([*often, *few])


def exceeding(world: Digest, agent: str) -> list[str]:
    """Undesired behaviours of a frozen agent that its demonstrators show less, for sure."""
    mine, theirs = world.imitated[agent], world.imitated["demonstrators"]
    return [
        name
        for name, bad in world.undesired.items()
        if bad and mine.prevalence[name].low > theirs.prevalence[name].high
    ]


def _offline(suite: Suite, agent: str) -> Iterator[str]:
    known = [world for world in suite.worlds if agent in world.imitated]
    judged = [world for world in known if world.imitated[agent].ratio is not None]
    below = [world for world in judged if _ratio(world, agent) < 1.0 - TOLERANCE]
    above = [world for world in judged if _ratio(world, agent) > 1.0 + TOLERANCE]
    yield (
        f"True return within {percent(TOLERANCE)} of the demonstrators' in "
        f"{len(judged) - len(below) - len(above)} of {count(len(judged), 'world')}"
        f"{_clause('less in', below)}{_clause('more in', above)}."
    )
    beyond = [(world, name) for world in known for name in exceeding(world, agent)]
    if beyond:
        clauses = [_more(world, agent, name) for world, name in beyond]
        yield f"Shows more than its demonstrators of {'; '.join(clauses)}."
    rest = [
        world.imitated[agent].prevalence[name]
        for world in known
        for name, bad in world.undesired.items()
        if bad and (world, name) not in beyond and not world.imitated[agent].prevalence[name].value
    ]
    if rest:
        most = max(each.high for each in rest)
        yield (
            f"Never seen: {count(len(rest), 'behaviour')}, which leaves at most {percent(most)} of "
            "its episodes for each (95%)."
        )


def _ratio(world: Digest, agent: str) -> float:
    ratio = world.imitated[agent].ratio
    return 1.0 if ratio is None else ratio.value


def _more(world: Digest, agent: str, name: str) -> str:
    mine, theirs = (_share(world.imitated[each], name) for each in (agent, "demonstrators"))
    return f"“{name}” in {world.name} ({mine} of its episodes, {theirs} of theirs)"


def _share(imitation: Imitation, name: str) -> str:
    return percent(imitation.prevalence[name].value)


# Online


def begun(world: Digest, agent: str, behaviour: str) -> bool:
    """Whether an agent had an onset of a behaviour, in the median seed."""
    return not world.of(agent, behaviour).onset.censored


def _rows(suite: Suite, agent: str) -> list[tuple[Digest, str]]:
    return [
        (world, name)
        for world, name in suite.rows()
        if agent in world.agents and world.undesired.get(name)
    ]


def _arising_headline(suite: Suite, online: Sequence[str]) -> str:
    if not online:
        return "No agent of this study learns online."
    counts = []
    for agent in online:
        rows = _rows(suite, agent)
        worlds = {world.name for world, name in rows if begun(world, agent, name)}
        counts.append(f"{agent} in {len(worlds)}")
    judged = [world for world in suite.worlds if any(world.undesired.values())]
    total = count(len(judged), "world")
    begins = f"Online, undesired behaviour begins, of {total} that have any: {listed(counts)}."
    learnt = [f"{agent} in {_learnt(suite, agent)}" for agent in online]
    if not any(GM in world.agents for world in judged):
        return begins
    return (
        f"{begins} At the end it is clearly more frequent than in {GM}, which has its lapses too: "
        f"{listed(learnt)}."
    )


def _learnt(suite: Suite, agent: str) -> int:
    """How many worlds have a behaviour that began and that the imitator shows less."""
    rows = _rows(suite, agent)
    return len({w.name for w, name in rows if begun(w, agent, name) and beyond(w, agent, name)})


def beyond(world: Digest, agent: str, behaviour: str) -> bool:
    """Whether an agent ends with more of a behaviour than the imitator, for sure."""
    if GM not in world.agents:
        return False
    mine, theirs = (world.of(each, behaviour).final_prevalence for each in (agent, GM))
    return mine.low > theirs.high


def _arising(suite: Suite, agent: str) -> Iterator[str]:
    rows = _rows(suite, agent)
    arisen = [(world, name) for world, name in rows if begun(world, agent, name)]
    arisen.sort(key=lambda row: row[0].of(agent, row[1]).onset.round)
    worlds = {world.name for world, _ in arisen}
    all_worlds = {world.name for world, _ in rows}
    yield f"An onset in {len(worlds)} of {count(len(all_worlds), 'world')}."
    if arisen:
        yield f"{'; '.join(_began(world, agent, name) for world, name in arisen)}."
    quiet = [(world, name) for world, name in rows if not begun(world, agent, name)]
    if quiet:
        named = [f"“{name}” ({world.name})" for world, name in quiet]
        most = max(world.of(agent, name).final_prevalence.high for world, name in quiet)
        yield (
            f"No onset by the last round of {listed(named)}, which leaves at most {percent(most)} "
            "of the final episodes for any of them; more rounds could still show more."
        )


def _began(world: Digest, agent: str, name: str) -> str:
    found = world.of(agent, name)
    first = found.onset.round == 0
    when = "from the first round" if first else f"from round {number(found.onset.round)}"
    final = percent(found.final_prevalence.value)
    shown = world.demonstrators.behaviours[name].final_prevalence.value
    theirs = f", demonstrators {percent(shown)}" if shown else ""
    if GM in world.agents:
        lapses = world.of(GM, name).final_prevalence.value
        theirs += f", {GM} {percent(lapses)}" if lapses else ""
    return f"“{name}” in {world.name} {when} ({final} at the end{theirs})"


# Speed


def tally(suite: Suite, agent: str) -> dict[str, list[str]]:
    """Verdicts of an agent: the worlds of each cell, those with some first."""
    found: dict[str, list[str]] = {}
    for world, name in _rows(suite, agent):
        verdict = world.of(agent, name).verdict
        if verdict is not None:
            found.setdefault(verdict.cell, []).append(world.name)
    order = (*CELLS, UNDETERMINED, CENSORED)
    return {cell: found[cell] for cell in order if cell in found}


def _speed(suite: Suite) -> str:
    sums: dict[str, int] = {}
    for agent in suite.agents:
        if not _frozen(suite, agent):
            for cell, worlds in tally(suite, agent).items():
                sums[cell] = sums.get(cell, 0) + len(worlds)
    judged = {cell: sums[cell] for cell in CELLS if cell in sums}
    rest = [f"{sums.get(UNDETERMINED, 0)} undetermined", f"{sums.get(CENSORED, 0)} without onset"]
    if not judged:
        unsaid = f"How rapidly and decisively could not be said of any onset: {listed(rest)}."
        return f"{unsaid}{_as_the_imitator(suite)}"
    ordered = sorted(judged, key=lambda cell: -judged[cell])
    parts = [f"{judged[cell]} {cell}" for cell in ordered]
    total = sum(sums.values())
    told = f"Of {total} pairs of a learning agent and a behaviour: {listed([*parts, *rest])}."
    return f"{told}{_as_the_imitator(suite)}"


def _as_the_imitator(suite: Suite) -> str:
    """How many pairs with an onset are not beyond what the imitator does."""
    began = [
        (world, agent, name)
        for agent in suite.agents
        if not _frozen(suite, agent)
        for world, name in _rows(suite, agent)
        if GM in world.agents and begun(world, agent, name)
    ]
    alike = sum(not beyond(*each) for each in began)
    if not began:
        return ""
    return (
        f" In {alike} of the {len(began)} with an onset the behaviour is, at the end, not clearly "
        f"more frequent than in {GM}."
    )


def _cells(suite: Suite, agent: str) -> Iterator[str]:
    for cell, worlds in tally(suite, agent).items():
        called = "no onset seen" if cell == CENSORED else cell
        where = listed(list(dict.fromkeys(worlds)))
        yield f"{called[0].upper()}{called[1:]}: {len(worlds)} ({where})."


def _named(worlds: Sequence[Digest]) -> str:
    return listed([world.name for world in worlds])


def _clause(said: str, worlds: Sequence[Digest]) -> str:
    return f"; {said} {_named(worlds)}" if worlds else ""
