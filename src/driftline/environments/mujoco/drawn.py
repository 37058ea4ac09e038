"""Robots drawn from what they observed: their bodies as MuJoCo places them, seen from the side.

Knows no task and no reward. How far a robot went it is not told: its speed is added up.
"""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np
import numpy.typing as npt

from driftline.environments.drawing import Drawing, Link
from driftline.environments.mujoco.robots import Robot
from driftline.environments.mujoco.simulation import model_of, step_seconds
from driftline.shapes import Floats

WINDOWS = {
    "hopper": ((3.4, 2.5), 1.0),
    "walker2d": ((3.4, 2.5), 1.0),
    "halfcheetah": ((3.0, 1.9), 0.7),
    "ant": ((3.6, 2.2), 0.6),
}
"""How wide and high a part of the plane is shown of a robot, and how high its middle lies."""
SLANT = 0.35
"""Of what cannot be walked along: how far a metre into the depth goes right, and up."""
SPAN = 1.0
"""How far into the depth an ant reaches at most, metres."""


def drawn(robot: Robot, observations: npt.NDArray[Any]) -> Drawing:
    """An episode of ``observations [T + 1, d]``.

    A robot that walks in a plane is seen from beside it, the ant from beside and above.
    """
    model = model_of(robot)
    seconds = step_seconds(model, robot)
    positions = placed(robot, observations.astype(np.float64), model.nq, seconds)
    ends, radii, names = bodies(model, positions)
    deep = np.zeros(len(positions)) if robot.planar else positions[:, 1]
    ends -= np.stack([positions[:, 0], deep, np.zeros(len(deep))], axis=1)[:, None]
    window, middle = WINDOWS[robot.name]
    return Drawing(
        places=_from_the_side(ends),
        links=links(radii, names, robot.planar),
        window=window,
        middle=(0.0, middle),
        seconds=seconds,
        follows=positions[:, 0],
        depth=0.0 if robot.planar else SLANT * SPAN,
    )


def placed(robot: Robot, observations: Floats, joints: int, seconds: float) -> Floats:
    """What MuJoCo calls qpos, ``[T + 1, nq]``: what is hidden of it is speed added up from 0."""
    hidden = robot.hidden_positions
    told = observations[:, : joints - hidden]
    speeds = observations[:, joints - hidden :][:, :hidden]
    went = np.cumsum((speeds[1:] + speeds[:-1]) / 2.0, axis=0) * seconds
    return np.concatenate([np.vstack([np.zeros(hidden), went]), told], axis=1)


def bodies(model: Any, positions: Floats) -> tuple[Floats, Floats, list[str]]:
    """Both ends of every ball and capsule, ``[T + 1, 2 G, 3]``, and ``[G]`` radii and names."""
    kinds = (mujoco.mjtGeom.mjGEOM_SPHERE, mujoco.mjtGeom.mjGEOM_CAPSULE)
    shown = np.flatnonzero(np.isin(model.geom_type, [int(kind) for kind in kinds]))
    half = np.where(model.geom_type[shown] == int(kinds[1]), model.geom_size[shown, 1], 0.0)
    data = mujoco.MjData(model)
    ends = np.empty((len(positions), len(shown), 2, 3))
    for step, each in enumerate(np.nan_to_num(positions)):
        data.qpos[:] = each
        mujoco.mj_kinematics(model, data)
        along = data.geom_xmat[shown].reshape(-1, 3, 3)[:, :, 2] * half[:, None]
        ends[step, :, 0] = data.geom_xpos[shown] - along
        ends[step, :, 1] = data.geom_xpos[shown] + along
    names = [model.geom(int(each)).name for each in shown]
    return ends.reshape(len(positions), -1, 3), model.geom_size[shown, 0].copy(), names


def links(radii: Floats, names: list[str], planar: bool) -> tuple[Link, ...]:
    """The capsules, the farthest first; of a robot in a plane a left leg is on the far side."""
    found = [
        Link(2 * k, 2 * k + 1, 2.0 * float(radius), "far" if planar and "left" in name else "body")
        for k, (radius, name) in enumerate(zip(radii, names, strict=True))
    ]
    return tuple(sorted(found, key=lambda link: link.part != "far"))


def _from_the_side(ends: Floats) -> Floats:
    """``[..., 3]`` to ``[..., 2]``: depth goes a little to the right and up."""
    return np.asarray(ends[..., [0, 2]] + SLANT * ends[..., [1]])
