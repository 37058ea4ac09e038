"""`EpsilonGreedyDQN`: DQN whose every copy of the world explores on its own.

Knows no rounds. Importing it loads stable-baselines3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from stable_baselines3 import DQN

from driftline.baselines.dqn_settings import LearnFrom
from driftline.baselines.scaled import Scaled
from driftline.shapes import Floats, Integers


def epsilon_greedy(values: Any, epsilon: float) -> Floats:
    """Log-probabilities ``float64 [B, A]`` of acting on ``values [B, A]``.

    Any action with probability ``epsilon / A``, otherwise the best, the first among equals.

    >>> np.exp(epsilon_greedy(np.array([[1.0, 3.0, 2.0, 3.0]]), 0.4)).round(6).tolist()
    [[0.1, 0.7, 0.1, 0.1]]
    """
    rows, count = np.shape(values)
    probabilities = np.full((rows, count), epsilon / count)
    probabilities[np.arange(rows), np.argmax(values, axis=1)] += 1.0 - epsilon
    return np.log(probabilities)


class EpsilonGreedyDQN(DQN):
    """DQN in a `Scaled` world.

    The library decides once for all copies together whether to explore, and draws
    the actions before it learns from a generator that no seed reaches. Here every
    copy decides for itself, from the generator that `go_on` is given.
    """

    def __init__(self, *arguments: Any, learn_from: LearnFrom, **options: Any) -> None:
        self._learn_from = learn_from
        super().__init__(*arguments, **options)

    @property
    def updates(self) -> int:
        """Gradient steps so far."""
        return self._n_updates

    def go_on(
        self, steps: int, draw: np.random.Generator, epsilon: Callable[[float], float]
    ) -> float | None:
        """Play ``steps`` more from a reset and learn on the way; returns the last loss, if any.

        ``epsilon`` is a function of the share of the steps that is over.
        """
        begun = self.num_timesteps
        self._draw = draw
        self.exploration_rate = epsilon(0.0)
        self.exploration_schedule = lambda _: epsilon((self.num_timesteps - begun) / steps)
        self._last_obs = None  # which makes the library begin with a reset
        self.logger.name_to_value.clear()
        self.learn(steps, log_interval=None, reset_num_timesteps=False)  # type: ignore[arg-type]
        return self.logger.name_to_value.get("train/loss")

    def counters(self) -> dict[str, int]:
        """What decides when to learn and when to make the target network anew."""
        return {"steps": self.num_timesteps, "calls": self._n_calls, "updates": self._n_updates}

    def count(self, steps: int, calls: int, updates: int) -> None:
        """Go on counting from `counters`."""
        self.num_timesteps, self._n_calls, self._n_updates = steps, calls, updates

    def _sample_action(
        self, learning_starts: int, action_noise: Any = None, n_envs: int = 1
    ) -> tuple[Integers, Integers]:
        with torch.inference_mode():
            values = self.q_net(torch.from_numpy(self._last_obs)).numpy()
        by_chance = self._draw.random(n_envs) < self.exploration_rate
        drawn = self._draw.integers(0, values.shape[1], n_envs)
        actions = np.where(by_chance, drawn, values.argmax(axis=1))
        return actions, actions

    def _store_transition(self, replay_buffer: Any, buffer_action: Any, *rest: Any) -> None:
        if self._learn_from == "executed":
            assert isinstance(self.env, Scaled)
            buffer_action = self.env.world.executed
        super()._store_transition(replay_buffer, buffer_action, *rest)
