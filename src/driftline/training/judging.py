"""`Judging`: play an agent now and then by what it is surest of, and learn nothing from it.

Knows no concrete environment or learner. Benchmarks score agents so: without the noise that
they explore by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv

from driftline.agents.rollout import rollout
from driftline.errors import SettingsError
from driftline.records.events import Judged
from driftline.seeding import integer_seed
from driftline.training.learner import Learner


@dataclass(frozen=True)
class Judging:
    """``episodes`` of the agent: before it learns, each time it has learnt from ``steps`` more
    steps, and when it has learnt from all.

    What is played is nobody's to learn from and is not counted. It is played in the copies
    that rounds are recorded in: what a copy does must follow from the seed of its reset.
    """

    steps: int = 10_000
    episodes: int = 8

    def __post_init__(self) -> None:
        if self.steps < 1 or self.episodes < 1:
            raise SettingsError(
                "an agent is judged every 1 step or more by at least 1 episode, got "
                f"{self.steps} and {self.episodes}"
            )

    def due(self, before: int, after: int, last: bool) -> bool:
        """Whether it is after a round from ``before`` to ``after`` steps, maybe the ``last``.

        >>> judging = Judging(steps=100)
        >>> [judging.due(*steps, last=False) for steps in ((0, 60), (60, 120), (120, 180))]
        [False, True, False]
        """
        return last or before // self.steps < after // self.steps


def judge(
    learner: Learner,
    environment: VectorEnv[Any, Any, Any],
    settings: Judging,
    seed: int,
    round: int,
    steps: int,
) -> Judged:
    """What the learner's agent earns by its likeliest actions, after ``steps`` steps."""
    path = integer_seed(seed, "judging", steps)
    played = rollout(environment, learner.judged(), settings.episodes, path).episodes
    hidden = played.true_returns
    known = not np.isnan(hidden).any()
    return Judged(
        round=round,
        environment_steps=steps,
        returns=tuple(played.observed_returns.tolist()),
        true_returns=tuple(hidden.tolist()) if known else None,
    )
