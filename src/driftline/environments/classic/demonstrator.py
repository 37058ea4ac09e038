"""Demonstrators of classic tasks: a controller that acts by chance now and then.

Know no rollout. Levels are named as D4RL names those of robots.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import Space
from gymnasium.spaces import Box, Discrete

from driftline.environments.by_chance import Level, chances
from driftline.environments.classic.tasks import Task
from driftline.shapes import Floats


class ClassicDemonstrator:
    """Episodes side by side, each with its own share of chance."""

    def __init__(self, task: Task, level: Level, space: Space[Any]) -> None:
        self._task, self._level, self._space = task, level, space
        self._chances: Floats = np.zeros(0)

    def begin(self, episodes: int, generator: np.random.Generator) -> None:
        """Begin ``episodes`` new episodes."""
        self._chances = chances(self._task.medium, self._level, episodes)

    def act(
        self, observations: npt.NDArray[Any], generator: np.random.Generator
    ) -> npt.NDArray[Any]:
        """An action for every episode, ``int64 [B]`` or ``float32 [B, d]``."""
        known = self._task.rules.controlled(observations)
        by_chance = generator.random(len(known)) < self._chances
        drawn = self._drawn(len(known), generator)
        return np.where(by_chance if known.ndim == 1 else by_chance[:, None], drawn, known)

    def _drawn(self, count: int, generator: np.random.Generator) -> npt.NDArray[Any]:
        if isinstance(self._space, Discrete):
            return generator.integers(self._space.n, size=count)
        assert isinstance(self._space, Box)  # as those of the other tasks are
        shape = (count, *self._space.shape)
        return generator.uniform(self._space.low, self._space.high, shape).astype(np.float32)
