"""What an environment may not report: numbers that are none."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box
from gymnasium.vector import SyncVectorEnv

from driftline.environments.reporting import Reporting
from driftline.errors import DataError


class Breaking(gymnasium.Env[Any, Any]):
    """Episodes of five steps; at the third one the reward or the observation is ``broken``."""

    observation_space = Box(-1.0, 1.0, (2,), np.float64)
    action_space = Box(-1.0, 1.0, (1,), np.float32)

    def __init__(self, what: str = "", broken: float = np.nan, at: int = 3) -> None:
        self.what, self.broken, self.at = what, broken, at

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.steps = 0
        return self.seen(), {}

    def seen(self) -> Any:
        broken = self.what == "observation" and self.steps == self.at
        return np.array([0.5, self.broken if broken else 0.5])

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.steps += 1
        paid = self.broken if self.what == "reward" and self.steps == self.at else 1.0
        return self.seen(), paid, self.steps == 5, False, {}


def played(*copies: Breaking, steps: int = 12) -> None:
    environment = Reporting(SyncVectorEnv([lambda each=each: each for each in copies]))
    environment.reset(seed=0)
    for _ in range(steps):
        environment.step(np.zeros((len(copies), 1), np.float32))


@pytest.mark.parametrize("what", ["reward", "observation"])
@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused_with_their_step(what: str, broken: float) -> None:
    with pytest.raises(DataError, match=f"gives {what} {broken} after 3 steps of an episode"):
        played(Breaking(), Breaking(what, broken))


def test_a_first_observation_that_is_not_finite_is_refused() -> None:
    with pytest.raises(DataError, match="gives observation nan after 0 steps"):
        played(Breaking("observation", at=0))


def test_finite_numbers_pass_over_the_ends_of_episodes() -> None:
    played(Breaking(), Breaking())
