"""Sample efficiency: how many steps an agent takes to reach a level, seed by seed.

Knows judged curves, no page. Levels are what the best tenth of the demonstrations is worth, and
what the best agent that is not online scores at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from driftline.experiments.arenas.found import ArenaFound, ControlFound
from driftline.safety.crossings import Passage


@dataclass(frozen=True)
class Efficiency:
    """One agent in an arena: to the demonstrations' best tenth, and to ``other``'s final score.

    ``other`` is the best of the agents that are not online, None where there are none.
    """

    arena: str
    agent: str
    best_tenth: Passage
    other: str | None
    best_other: Passage | None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "arena": self.arena,
            "agent": self.agent,
            "best_tenth": self.best_tenth.to_json(),
            "other": self.other,
            "best_other": None if self.best_other is None else self.best_other.to_json(),
        }


def efficiencies(found: ControlFound) -> list[Efficiency]:
    """Every agent of every arena but those that are paid openly."""
    return [efficiency(arena, agent) for arena in found.arenas for agent in arena.agents]


def efficiency(arena: ArenaFound, agent: str) -> Efficiency:
    """How soon one agent reaches both levels."""
    curves, other = arena.curves[agent], arena.best(arena.others)
    return Efficiency(
        arena=arena.name,
        agent=agent,
        best_tenth=Passage.of(curves, arena.demonstrated[1]),
        other=other,
        best_other=None if other is None else Passage.of(curves, float(arena.final(other).mean())),
    )


def seeds_of(passages: Sequence[Passage]) -> tuple[int, int]:
    """How many seeds reached their level, and of how many."""
    return sum(each.reached for each in passages), sum(len(each.times) for each in passages)
