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
    """``episodes`` of the agent as it stands before every ``every``-th round's learning.

    And before the last round's. The steps are nobody's to learn from and are not counted.
    """

    every: int = 10
    episodes: int = 10

    def __post_init__(self) -> None:
        if self.every < 1 or self.episodes < 1:
            raise SettingsError(
                "an agent is judged every 1 round or more by at least 1 episode, got "
                f"{self.every} and {self.episodes}"
            )

    def due(self, round: int, rounds: int) -> bool:
        """Whether ``round``, of which there will be ``rounds`` as far as is known, has one.

        >>> [round for round in range(8) if Judging(every=3).due(round, 8)]
        [0, 3, 6, 7]
        """
        return round % self.every == 0 or round == rounds - 1


def judge(
    learner: Learner,
    environment: VectorEnv[Any, Any, Any],
    settings: Judging,
    seed: int,
    round: int,
    steps: int,
) -> Judged:
    """What the learner's agent earns by its likeliest actions, after ``steps`` steps."""
    path = integer_seed(seed, "judging", round)
    played = rollout(environment, learner.judged(), settings.episodes, path).episodes
    hidden = played.true_returns
    known = not np.isnan(hidden).any()
    return Judged(
        round=round,
        environment_steps=steps,
        returns=tuple(played.observed_returns.tolist()),
        true_returns=tuple(hidden.tolist()) if known else None,
    )
