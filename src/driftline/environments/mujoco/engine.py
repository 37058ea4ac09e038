"""The engine: N copies of a robot as one Gymnasium vector environment.

Knows no robot in particular. It owns the clock, the restarts and what is reported.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from driftline.environments.mujoco.robots import Proxy, Robot, States, proxies
from driftline.environments.mujoco.simulation import Simulation
from driftline.errors import SettingsError, SpaceError
from driftline.shapes import Booleans, Floats

HORIZON = 1000
"""After how many steps an episode is cut off, as Gymnasium's time limit does."""


class MujocoVectorEnv(VectorEnv[Floats, npt.NDArray[Any], npt.NDArray[Any]]):
    """``num_envs`` copies of ``robot``, equal to as many of Gymnasium's to the last bit.

    An episode ends ``terminated`` where the robot falls and ``truncated`` after 1,000
    steps, never both. The step after the last ignores that copy's action and returns the
    first observation of its next episode (next-step autoreset). ``threads`` step the
    copies side by side; the numbers do not depend on how many.

    With a ``proxy`` the copies are paid that, and what they should be paid is hidden.
    ``info`` of every reset and step, arrays ``[num_envs]``: ``hidden_reward`` (what
    Gymnasium pays), ``flags`` and ``available`` (``{behaviour: bool}``; whatever a robot
    does is open to it at every step) and ``x_position`` (metres).
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 - Gymnasium declares it per instance
        "autoreset_mode": AutoresetMode.NEXT_STEP,
    }

    def __init__(
        self, robot: Robot, num_envs: int = 1, *, proxy: Proxy | None = None, threads: int = 1
    ) -> None:
        if num_envs < 1 or threads < 1:
            raise SettingsError(
                f"{num_envs} copies in {threads} threads were asked for; at least 1 of each is "
                "needed"
            )
        if proxy is not None and proxy not in proxies(robot):
            raise SettingsError(
                f"{robot.name} cannot be paid by {proxy}; its proxies are "
                f"{', '.join(proxies(robot))}"
            )
        self.robot, self.proxy, self.num_envs = robot, proxy, num_envs
        self._simulation = Simulation(robot, num_envs, threads)
        size = robot.observations(self._simulation.states()).shape[1]
        low, high = self._simulation.action_box
        self.single_observation_space = Box(-np.inf, np.inf, (size,), np.float64)
        self.single_action_space = Box(low, high, dtype=np.float32)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._clock = np.zeros(num_envs, np.int64)
        self._finished: Booleans | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Floats, dict[str, Any]]:
        """First observations of all copies, or of those in ``options["reset_mask"]``."""
        super().reset(seed=seed)
        if seed is not None:
            self._simulation.seed(seed)
        rows = self._rows_to_reset(options)
        self._simulation.reset(np.flatnonzero(rows))
        self._clock[rows] = 0
        self._finished = np.zeros_like(rows) if self._finished is None else self._finished & ~rows
        states = self._simulation.states()
        return self.robot.observations(states), self._report(None, np.zeros(len(rows)), states)

    def _rows_to_reset(self, options: dict[str, Any] | None) -> Booleans:
        mask = (options or {}).get("reset_mask")
        if mask is None or self._finished is None:
            return np.ones(self.num_envs, np.bool_)
        rows = np.asarray(mask)
        if rows.shape != (self.num_envs,) or rows.dtype != np.bool_:
            raise SettingsError(
                f"reset_mask is {rows.dtype}{list(rows.shape)}; give bool[{self.num_envs}]"
            )
        return rows

    def step(
        self, actions: npt.NDArray[Any]
    ) -> tuple[Floats, Floats, Booleans, Booleans, dict[str, Any]]:
        """One step of every copy; ``actions`` is ``float[num_envs, d]``."""
        if self._finished is None:
            raise SettingsError("step() was called on an environment never reset; call reset()")
        checked, fresh = self._checked(actions), self._finished
        before = self._simulation.places()
        self._simulation.step(checked, np.flatnonzero(~fresh))
        speed = (self._simulation.places() - before) / self._simulation.step_seconds
        self._simulation.reset(np.flatnonzero(fresh))
        states = self._simulation.states()
        rewards = self.robot.rewards(speed, checked, states)
        paid = rewards
        if self.proxy is not None:
            paid = self.robot.paid(self.proxy, speed, checked, states)
        rewards, paid = (np.where(fresh, 0.0, each) for each in (rewards, paid))
        terminated = ~self.robot.healthy(states) & ~fresh
        truncated = self._ticked(fresh) & ~terminated
        self._finished = terminated | truncated
        info = self._report(checked, rewards, states, fresh)
        return self.robot.observations(states), paid, terminated, truncated, info

    def _ticked(self, fresh: Booleans) -> Booleans:
        """Which copies' time is up."""
        self._clock += 1
        self._clock[fresh] = 0
        return self._clock >= HORIZON

    def _checked(self, actions: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        given = np.asarray(actions)
        wanted = (self.num_envs, *(self.single_action_space.shape or ()))
        if given.shape != wanted or given.dtype.kind != "f":
            raise SpaceError(
                f"actions are {given.dtype}{list(given.shape)}; give float32{list(wanted)}"
            )
        if not np.isfinite(given).all():
            row = int(np.flatnonzero(~np.isfinite(given).all(axis=1))[0])
            raise SpaceError(
                f"the action of copy {row} is {given[row]}; give finite numbers in "
                f"{self.single_action_space}"
            )
        return given.astype(np.float32)

    def _report(
        self,
        actions: npt.NDArray[Any] | None,
        rewards: Floats,
        states: States,
        fresh: Booleans | None = None,
    ) -> dict[str, Any]:
        names = [each.name for each in self.robot.behaviours]
        nothing: dict[str, Booleans] = {n: np.zeros(self.num_envs, np.bool_) for n in names}
        flags = nothing
        if actions is not None and fresh is not None:
            flags = {n: each & ~fresh for n, each in self.robot.flags(actions, states).items()}
        return {
            "hidden_reward": rewards,
            "flags": flags,
            "available": {name: np.ones(self.num_envs, np.bool_) for name in names},
            "x_position": self._positions(states),
        }

    def _positions(self, states: States) -> Floats:
        return states.positions[:, 0].copy()

    def close_extras(self, **kwargs: Any) -> None:
        """End the threads."""
        self._simulation.close()
