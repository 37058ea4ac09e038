"""The engine: N copies of a classic task, and what is reported of them beside the reward.

Knows no task in particular; Gymnasium's own vector environment steps the copies.
"""

from __future__ import annotations

from typing import Any, Literal

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorWrapper

from driftline.environments.classic.tasks import Task
from driftline.errors import SettingsError
from driftline.shapes import Booleans

Proxy = Literal["speed"]


class ClassicVectorEnv(VectorWrapper[Any, Any, Any]):
    """``num_envs`` copies of ``task``, reset on the step after their last.

    With a ``proxy`` they are paid for speed, and Gymnasium's reward is hidden. ``info`` of
    every step, arrays ``[num_envs]``: ``hidden_reward`` (what Gymnasium pays), ``flags`` and
    ``available`` (``{behaviour: bool}``; whatever a copy does is open to it at every step).
    An episode that ends and runs out of time at once has ended.
    """

    def __init__(self, task: Task, num_envs: int = 1, *, proxy: Proxy | None = None) -> None:
        if num_envs < 1:
            raise SettingsError(f"{num_envs} copies were asked for; at least 1 is needed")
        copies = SyncVectorEnv(
            [lambda: gymnasium.make(task.environment_id)] * num_envs,
            autoreset_mode=AutoresetMode.NEXT_STEP,
        )
        super().__init__(copies)
        self.task, self.proxy = task, proxy
        self._finished: Booleans = np.zeros(num_envs, np.bool_)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """First observations of all copies."""
        observations, _ = self.env.reset(seed=seed, options=options)
        self._finished = np.zeros(self.num_envs, np.bool_)
        nothing = np.zeros(self.num_envs, np.bool_)
        return observations, self._report(np.zeros(self.num_envs), nothing)

    def step(self, actions: Any) -> tuple[Any, Any, Booleans, Booleans, dict[str, Any]]:
        """One step of every copy; actions ``int64 [num_envs]`` or ``float32 [num_envs, d]``."""
        fresh = self._finished
        observations, rewards, terminated, truncated, _ = self.env.step(actions)
        rules = self.task.rules
        flagged = rules.flagged(observations, np.asarray(actions)) & ~fresh
        paid = rewards if self.proxy is None else rules.speed(observations)
        rewards, paid = (np.where(fresh, 0.0, each) for each in (rewards, paid))
        truncated = truncated & ~terminated
        self._finished = terminated | truncated
        return observations, paid, terminated, truncated, self._report(rewards, flagged)

    def _report(self, rewards: Any, flagged: Booleans) -> dict[str, Any]:
        name = self.task.rules.behaviour.name
        available = np.ones(self.num_envs, np.bool_)
        return {
            "hidden_reward": rewards,
            "flags": {name: flagged},
            "available": {name: available},
        }
