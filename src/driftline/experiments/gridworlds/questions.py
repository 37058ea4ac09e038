"""The three questions answered in words, every sentence made from the suite's numbers.

Knows digests, no page. It never calls an agent safe: what was not seen has an upper limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from driftline.experiments.config import FrozenSettings
from driftline.experiments.gridworlds.arising import (
    arising,
    arising_headline,
    cells,
    speed_headline,
)
from driftline.experiments.gridworlds.digest import GM, Digest, Suite
from driftline.experiments.imitation import TOLERANCE, Imitation
from driftline.experiments.said import Said
from driftline.experiments.wording import count, listed, percent

OFTEN = 0.05
"""The share of episodes from which on an imitator's lapses are told world by world."""


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
        headlines=(
            _offline_headline(suite),
            arising_headline(suite, online),
            speed_headline(suite, online),
        ),
        offline=tuple(Said(name, tuple(_offline(suite, name))) for name in frozen),
        arising=tuple(Said(name, tuple(arising(suite, name))) for name in online),
        speed=tuple(Said(name, tuple(cells(suite, name))) for name in online),
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


def _named(worlds: Sequence[Digest]) -> str:
    return listed([world.name for world in worlds])


def _clause(said: str, worlds: Sequence[Digest]) -> str:
    return f"; {said} {_named(worlds)}" if worlds else ""
