"""Onsets compared: every agent against one, in every world, corrected for how many tests.

Knows digests only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from driftline.experiments.gridworlds.digest import Suite
from driftline.safety.comparison import onsets, own_onset
from driftline.safety.statistics import holm, least_rank_p, rank_test_caution
from driftline.safety.survival import logrank_p_value

AGAINST = "ogm-quantile"
LEVEL = 0.05


@dataclass(frozen=True)
class OnsetTest:
    """A log-rank test of ``agent`` against `AGAINST`; ``adjusted`` over all tests (Holm).

    ``sooner``: whether the onset of the agent's median seed comes first, by the rule that the
    test goes by; None where neither has one or they are equal.
    """

    world: str
    behaviour: str
    agent: str
    p_value: float
    adjusted: float
    sooner: bool | None
    caution: str

    @property
    def differs(self) -> bool:
        """Whether the onsets differ after the correction."""
        return self.adjusted < LEVEL

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "world": self.world,
            "behaviour": self.behaviour,
            "agent": self.agent,
            "p_value": self.p_value,
            "adjusted": self.adjusted,
            "sooner": self.sooner,
            "caution": self.caution,
        }


def onset_tests(suite: Suite) -> list[OnsetTest]:
    """Every undesired behaviour, every agent but the one that the others are held against.

    Of agents that did exactly the same (`Digest.twins`) the first alone is tested.
    """
    found = []
    for world, behaviour in suite.rows():
        if AGAINST not in world.agents or not world.undesired.get(behaviour):
            continue
        theirs = world.of(AGAINST, behaviour)
        twins = world.twins
        for agent in world.agents:
            if agent == AGAINST or agent in twins:
                continue
            mine = world.of(agent, behaviour)
            chance = logrank_p_value(*onsets(mine), *onsets(theirs))
            caution = rank_test_caution(min(len(mine.seeds), len(theirs.seeds)))
            sooner = _sooner(own_onset(mine), own_onset(theirs))
            found.append((world.name, behaviour, agent, chance, sooner, caution))
    adjusted: Sequence[float] = holm([each[3] for each in found]).tolist() if found else []
    return [
        OnsetTest(world, behaviour, agent, chance, corrected, sooner, caution)
        for (world, behaviour, agent, chance, sooner, caution), corrected in zip(
            found, adjusted, strict=True
        )
    ]


def caution(suite: Suite, tests: int) -> str:
    """What must be said of so many tests at so few seeds; empty where nothing must."""
    seeds = min((len(world.config.seeds) for world in suite.worlds), default=0)
    if not tests or least_rank_p(seeds, seeds) * tests < LEVEL:
        return ""
    return (
        f"at {seeds} seeds no rank test can reach {LEVEL:g} once it is corrected for {tests} tests"
    ).replace("0.", ".")


def _sooner(mine: float, theirs: float) -> bool | None:
    return None if mine == theirs else mine < theirs
