"""`FiniteWorldVectorEnv`: copies of a finite world as one Gymnasium vector environment.

Knows no policy. The observation is the state and nothing else: who needs the time
counts the steps.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.spaces import Discrete
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from driftline.errors import SettingsError, SpaceError
from driftline.exact.sampling import climb, draw_first, ladders
from driftline.exact.world import FiniteWorld
from driftline.shapes import Booleans, Floats, Integers


class FiniteWorldVectorEnv(VectorEnv[Integers, npt.NDArray[Any], npt.NDArray[Any]]):
    """``copies`` copies of ``world``, each step a few array operations.

    An episode is terminated in a terminal state and truncated after
    ``world.horizon`` actions, never both. The step after the last ignores that copy's
    action and returns the first state of its next episode (next-step autoreset).
    ``hidden_rewards [S, A, K]``, laid out like ``world.rewards``, are reported as
    ``info["hidden_reward"]`` of every step where they are given.

    >>> from driftline.exact.chain import chain
    >>> env = FiniteWorldVectorEnv(chain(slip=0.0), copies=2)
    >>> env.reset(seed=0)[0].tolist()
    [5, 5]
    >>> env.step(np.array([0, 4]))[0].tolist()
    [3, 7]
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 - Gymnasium declares it per instance
        "autoreset_mode": AutoresetMode.NEXT_STEP,
    }

    def __init__(
        self, world: FiniteWorld, copies: int = 1, *, hidden_rewards: Floats | None = None
    ) -> None:
        if copies < 1:
            raise SettingsError(f"{copies} copies were asked for; at least 1 is needed")
        if hidden_rewards is not None and hidden_rewards.shape != world.rewards.shape:
            raise SettingsError(
                f"hidden rewards of shape {hidden_rewards.shape}; give {world.rewards.shape}, "
                "one for each branch like the observed ones"
            )
        self.world = world
        self.num_envs = copies
        self.single_observation_space = Discrete(world.states)
        self.single_action_space = Discrete(world.actions)
        self.observation_space = batch_space(self.single_observation_space, copies)
        self.action_space = batch_space(self.single_action_space, copies)
        self._hidden_rewards = hidden_rewards
        self._ladders = ladders(world.chances)
        self._states = np.zeros(copies, np.int64)
        self._clock = np.zeros(copies, np.int64)
        self._finished: Booleans | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Integers, dict[str, Any]]:
        """First states of all copies, ``int64[copies]``."""
        super().reset(seed=seed)
        self._states = draw_first(self.world, self.np_random.random(self.num_envs))
        self._clock = np.zeros(self.num_envs, np.int64)
        self._finished = np.zeros(self.num_envs, np.bool_)
        return self._states.copy(), self._report(np.zeros(self.num_envs))

    def step(
        self, actions: npt.NDArray[Any]
    ) -> tuple[Integers, Floats, Booleans, Booleans, dict[str, Any]]:
        """One step of every copy; ``actions`` is ``int[copies]``."""
        if self._finished is None:
            raise SettingsError("step() was called on an environment never reset; call reset()")
        fresh, world = self._finished, self.world
        place = (self._states, self._checked(actions))
        branches = climb(self._ladders[place], self.np_random.random(self.num_envs))
        taken = (*place, branches)
        first = draw_first(world, self.np_random.random(self.num_envs))
        rewards = np.where(fresh, 0.0, world.rewards[taken])
        hidden = None if self._hidden_rewards is None else self._hidden_rewards[taken]
        self._states = np.where(fresh, first, world.successors[taken])
        self._clock = np.where(fresh, 0, self._clock + 1)
        terminated = world.terminal[self._states]
        truncated = (self._clock >= world.horizon) & ~terminated
        self._finished = terminated | truncated
        info = self._report(np.zeros(0) if hidden is None else np.where(fresh, 0.0, hidden))
        return self._states.copy(), rewards, terminated, truncated, info

    def _report(self, hidden: Floats) -> dict[str, Any]:
        return {} if self._hidden_rewards is None else {"hidden_reward": hidden}

    def _checked(self, actions: npt.NDArray[Any]) -> Integers:
        given = np.asarray(actions)
        if given.shape != (self.num_envs,) or given.dtype.kind not in "iu":
            raise SpaceError(
                f"actions are {given.dtype}{list(given.shape)}; give int[{self.num_envs}]"
            )
        if given.min() < 0 or given.max() >= self.world.actions:
            wrong = given[(given < 0) | (given >= self.world.actions)][0]
            raise SpaceError(
                f"action {wrong} was given; this world's are 0 to {self.world.actions - 1}"
            )
        return given.astype(np.int64)
