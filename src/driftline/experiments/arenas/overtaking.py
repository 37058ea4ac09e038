"""Who overtakes whom: every online agent against every other, arena by arena and seed by seed.

Knows scores, no page.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from driftline.experiments.arenas.found import ArenaFound, ControlFound
from driftline.experiments.control.scores import Scores, resampled
from driftline.safety.crossings import for_good
from driftline.safety.measurement import finite
from driftline.safety.paired import Paired, paired


class Standing(Enum):
    """One agent beside another, at first and at the end; who is level is not ahead.

    To the digit level at first are agents of one model, before one of them goes on learning.
    """

    OVERTAKES = "overtakes"
    GAINS = "goes ahead of, with the same at first,"
    AHEAD = "stays ahead of"
    OVERTAKEN = "is overtaken by"
    BEHIND = "stays behind"


def standing(first: float, last: float) -> Standing:
    """From the differences before anything was learnt online and at the end.

    >>> standing(-1.0, 2.0), standing(0.0, 0.0)
    (<Standing.OVERTAKES: 'overtakes'>, <Standing.BEHIND: 'stays behind'>)
    >>> standing(0.0, 2.0).name
    'GAINS'
    """
    if last > 0.0 and first == 0.0:
        return Standing.GAINS
    if last > 0.0:
        return Standing.AHEAD if first > 0.0 else Standing.OVERTAKES
    return Standing.OVERTAKEN if first > 0.0 else Standing.BEHIND


@dataclass(frozen=True)
class Pair:
    """An online ``agent`` against an ``other`` in an arena, scores less scores of paired seeds.

    ``standing`` is of the mean scores, and ``overtaking`` the number of seeds in which the agent
    overtakes the other; ``since``: the steps after which its mean is ahead to the end, infinite
    where it is not.
    """

    arena: str
    agent: str
    other: str
    first: Paired
    last: Paired
    standing: Standing
    overtaking: int
    since: float

    def to_json(self) -> dict[str, Any]:
        """Plain values, null where never."""
        return {
            "arena": self.arena,
            "agent": self.agent,
            "other": self.other,
            "standing": self.standing.value,
            "first": self.first.to_json(),
            "last": self.last.to_json(),
            "seeds_that_overtake": self.overtaking,
            "since": finite(self.since),
        }


def pairs(found: ControlFound) -> list[Pair]:
    """Every online agent against every other agent, arena by arena."""
    return [
        pair(arena, agent, other)
        for arena in found.arenas
        for agent in arena.online
        for other in arena.others
    ]


def pair(arena: ArenaFound, agent: str, other: str) -> Pair:
    """One agent against another in an arena; both play all of its seeds."""
    bootstrap = arena.resampled(agent)
    first = paired(arena.first(agent), arena.first(other), bootstrap, "score at first")
    last = paired(arena.final(agent), arena.final(other), bootstrap, "score at the end")
    ahead = zip(
        arena.first(agent) - arena.first(other),
        arena.final(agent) - arena.final(other),
        strict=True,
    )
    return Pair(
        arena=arena.name,
        agent=agent,
        other=other,
        first=first,
        last=last,
        standing=standing(first.difference.value, last.difference.value),
        overtaking=sum(standing(*map(float, each)) is Standing.OVERTAKES for each in ahead),
        since=_since(arena.scores[agent], arena.scores[other]),
    )


def _since(agent: Scores, other: Scores) -> float:
    """From when the mean curves, as they are drawn, do not meet again.

    One that ends before the other keeps its last score.
    """
    steps = np.union1d(agent.steps, other.steps)
    mine, theirs = (np.interp(steps, each.steps, each.mean) for each in (agent, other))
    return for_good(steps, mine - theirs, 0.0)


def over_arenas(found: ControlFound, agent: str, other: str) -> Paired | None:
    """The final difference, the mean of each seed's over arenas; None where no arena has both."""
    both = [arena for arena in found.arenas if {agent, other} <= set(arena.agents)]
    if not both:
        return None
    mine, theirs = (
        np.mean([arena.final(name) for arena in both], axis=0) for name in (agent, other)
    )
    bootstrap = resampled(found.config.thresholds, len(mine))
    return paired(mine, theirs, bootstrap, "score at the end, mean over arenas")


def against_leader(arena: ArenaFound, agent: str) -> Paired | None:
    """An agent's final score less that of whoever is ahead; of who is, less the next one's.

    Seeds are paired, those of the agent; None where nobody else plays.
    """
    ahead = arena.best(arena.agents)
    rest = [name for name in arena.agents if name != ahead]
    other = arena.best(rest) if agent == ahead else ahead
    if other is None or other == agent:
        return None
    seeds = len(arena.final(agent))
    return paired(arena.final(agent), arena.final(other)[:seeds], arena.resampled(agent))
