"""B copies of one MuJoCo model: their states, stepped in as many threads as are wanted.

Knows no reward and no robot but its model. MuJoCo lets go of Python's lock while it steps,
so that threads run side by side.
"""

from __future__ import annotations

import warnings
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import numpy.typing as npt
from gymnasium.envs import mujoco as robots
from gymnasium.utils import seeding

from driftline.environments.mujoco.compiling import compiled, told
from driftline.environments.mujoco.robots import Robot, States
from driftline.shapes import Floats, Integers

FILES = {"walker2d": "walker2d_v5.xml", "halfcheetah": "half_cheetah.xml"}
"""Where a robot's file is not called as it is."""


def model_of(robot: Robot) -> Any:
    """The ``mjModel`` of a robot, from the file that Gymnasium brings."""
    file = FILES.get(robot.name, f"{robot.name}.xml")
    return compiled(Path(robots.__file__).parent / "assets" / file)


def step_seconds(model: Any, robot: Robot) -> float:
    """How long a step of the robot takes in its world."""
    return float(model.opt.timestep * robot.frame_skip)


class Simulation:
    """``copies`` of ``robot`` as Gymnasium would have made and stepped them."""

    def __init__(self, robot: Robot, copies: int, threads: int) -> None:
        self._robot = robot
        self._model = model_of(robot)
        self._copies: list[Any] = [mujoco.MjData(self._model) for _ in range(copies)]
        # Arrays that look into the simulator's own memory, made once.
        self._positions = [each.qpos for each in self._copies]
        self._velocities = [each.qvel for each in self._copies]
        self._controls = [each.ctrl for each in self._copies]
        self._forces = [each.cfrc_ext for each in self._copies]
        self._trunks = [each.xpos[1] for each in self._copies]
        self._first = self._copies[0].qpos.copy(), self._copies[0].qvel.copy()
        self._generators: list[np.random.Generator | None] = [None] * copies
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        self._shares = np.array_split(np.arange(copies), min(threads, copies))

    @property
    def step_seconds(self) -> float:
        """How long a step of the robot takes in its world."""
        return step_seconds(self._model, self._robot)

    @property
    def action_box(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """The least and the most that each motor takes."""
        low, high = self._model.actuator_ctrlrange.astype(np.float32).T
        return low.copy(), high.copy()

    def seed(self, seed: int) -> None:
        """Seed copy i with ``seed + i``, as Gymnasium's vector environments do."""
        for copy in range(len(self._copies)):
            self._generators[copy], _ = seeding.np_random(seed + copy)

    def reset(self, rows: Integers) -> None:
        """Put the copies ``rows`` into first states of their own."""
        for row in rows:
            draw, copy = self._generator(int(row)), self._copies[row]
            mujoco.mj_resetData(self._model, copy)
            positions, velocities = self._first
            blur = self._robot.blur
            # One draw after the other, as Gymnasium's reset_model makes them.
            copy.qpos[:] = positions + draw.uniform(low=-blur, high=blur, size=len(positions))
            if self._robot.planar and self._robot.falls:
                copy.qvel[:] = velocities + draw.uniform(low=-blur, high=blur, size=len(velocities))
            else:
                copy.qvel[:] = velocities + blur * draw.standard_normal(len(velocities))
            mujoco.mj_forward(self._model, copy)

    def _generator(self, copy: int) -> np.random.Generator:
        found = self._generators[copy]
        if found is None:
            found, _ = seeding.np_random(None)
            self._generators[copy] = found
        return found

    def step(self, actions: npt.NDArray[Any], rows: Integers) -> None:
        """Step the copies ``rows`` on under ``actions [B, d]``.

        Warns where MuJoCo found a state absurd and began the copy anew in the middle of its
        episode, as Gymnasium's would.
        """
        with told() as messages:
            self._share_out(actions, rows)
        for message in dict.fromkeys(messages):
            warnings.warn(f"MuJoCo says of {self._robot.name}: {message}", RuntimeWarning, 2)

    def _share_out(self, actions: npt.NDArray[Any], rows: Integers) -> None:
        if self._pool is None:
            self._step(actions, rows)
            return
        shares = (rows[np.isin(rows, share)] for share in self._shares)
        pending: list[Future[None]] = [
            self._pool.submit(self._step, actions, share) for share in shares
        ]
        for each in pending:
            each.result()

    def _step(self, actions: npt.NDArray[Any], rows: Integers) -> None:
        told = self._robot.contact > 0.0
        for row in rows:
            copy = self._copies[row]
            self._controls[row][:] = actions[row]
            mujoco.mj_step(self._model, copy, nstep=self._robot.frame_skip)
            if told:
                mujoco.mj_rnePostConstraint(self._model, copy)

    def places(self) -> Floats:
        """How far ahead each copy is, metres, ``[B]``."""
        if self._robot.planar:
            return np.array([each[0] for each in self._positions])
        return np.array([each[0] for each in self._trunks])

    def states(self) -> States:
        """The states now, copied."""
        positions, velocities = np.stack(self._positions), np.stack(self._velocities)
        if self._robot.contact == 0.0:
            return States(positions, velocities)
        return States(positions, velocities, np.stack(self._forces).reshape(len(positions), -1))

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()
