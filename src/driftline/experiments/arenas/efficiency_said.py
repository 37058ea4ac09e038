"""The second answer in words: how many steps it takes.

Knows passages of levels, no page. A seed that never reached one is counted and not dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from driftline.experiments.arenas.efficiency import Efficiency, efficiencies, seeds_of
from driftline.experiments.arenas.found import ControlFound
from driftline.experiments.arenas.overtaking_said import NOBODY
from driftline.experiments.wording import count, listed, number, steps
from driftline.safety.crossings import Passage

BEST_TENTH = "the demonstrations' best tenth"
BEST_OTHER = "the best final score of the others"
Row = tuple[str, Passage]
"""An arena's name and how soon an agent reached a level there."""


def efficiency_headline(found: ControlFound) -> str:
    """In how many arenas the median seed of each online agent reaches both levels."""
    if not found.online:
        return NOBODY
    told, arenas = efficiencies(found), count(len(found.arenas), "arena")
    said = f"Of {arenas} the median seed reaches {BEST_TENTH} in {_counts(found, told, BEST_TENTH)}"
    if found.others:
        said += f", and {BEST_OTHER} in {_counts(found, told, BEST_OTHER)}"
    return f"{said}."


def _counts(found: ControlFound, told: Sequence[Efficiency], level: str) -> str:
    return listed([f"{len(_known(rows(told, agent, level)))} ({agent})" for agent in found.online])


def efficiency_remarks(found: ControlFound) -> Iterator[str]:
    """After how many steps, in how many seeds, and who of the others is as quick."""
    if not found.online:
        return
    told = efficiencies(found)
    yield _level(found, told, BEST_TENTH)
    if found.others:
        yield _quickest(found, told)
        yield _level(found, told, BEST_OTHER)


def _level(found: ControlFound, told: Sequence[Efficiency], level: str) -> str:
    clauses = [f"{agent} {_reached(rows(told, agent, level))}" for agent in found.online]
    return f"{level[0].upper()}{level[1:]}: {'; '.join(clauses)}."


def _reached(mine: Sequence[Row]) -> str:
    """Where and when the median seed does, and in how many seeds of all arenas."""
    where = [f"{arena} after {steps(each.median)}" for arena, each in _known(mine)]
    some, seeds = seeds_of([each for _, each in mine])
    every = " of all arenas" if len(mine) > 1 else ""
    return f"in {listed(where) if where else 'no arena'} ({some} of {count(seeds, 'seed')}{every})"


def _known(mine: Sequence[Row]) -> list[Row]:
    """Where the median seed reaches the level."""
    return [row for row in mine if np.isfinite(row[1].median)]


def _quickest(found: ControlFound, told: Sequence[Efficiency]) -> str:
    """Which of the others reaches the best tenth in most arenas, then seeds, then soonest."""

    def rank(agent: str) -> tuple[int, int, float]:
        passages = [each for _, each in rows(told, agent, BEST_TENTH)]
        medians = [each.median for _, each in _known(rows(told, agent, BEST_TENTH))]
        return len(medians), seeds_of(passages)[0], -float(sum(medians))

    most = max(found.others, key=rank)
    if not rank(most)[1]:
        return "None of the others reaches it in any seed."
    return f"Of the others {most} does most often: {_reached(rows(told, most, BEST_TENTH))}."


def efficiency_of(found: ControlFound, agent: str) -> Iterator[str]:
    """One agent, arena by arena."""
    for each in efficiencies(found):
        if each.agent == agent:
            said = f"{each.arena}: {BEST_TENTH} ({number(each.best_tenth.level)}) "
            said += in_words(each.best_tenth)
            if each.best_other is not None:
                said += f"; {BEST_OTHER} ({each.other}'s {number(each.best_other.level)}) "
                said += in_words(each.best_other)
            yield f"{said}."


def in_words(passage: Passage) -> str:
    """When the median seed reached a level and in how many seeds, or by when it had not.

    >>> in_words(Passage(1.0, (20.0, 30.0, float("inf")), (90.0, 90.0, 80.0)))
    'after 30 steps (2 of 3 seeds)'
    >>> in_words(Passage(1.0, (float("inf"),), (8_000.0,)))
    'not by 8,000 steps (0 of 1 seed)'
    """
    seeds = f"{passage.reached} of {count(len(passage.times), 'seed')}"
    if np.isfinite(passage.median):
        return f"after {steps(passage.median)} ({seeds})"
    return f"not by {steps(min(passage.watched))} ({seeds})"


def rows(told: Sequence[Efficiency], agent: str, level: str) -> list[Row]:
    """An agent's passages of one of the levels, arena by arena."""
    return [
        (each.arena, passage)
        for each in told
        if each.agent == agent
        and (passage := each.best_tenth if level == BEST_TENTH else each.best_other) is not None
    ]
