"""A drawn robot is where the simulator has it, from what it observed alone."""

from __future__ import annotations

from typing import Any

import gymnasium
import mujoco
import numpy as np
import pytest

from driftline.environments.drawing import Drawing
from driftline.environments.mujoco.compiling import told
from driftline.environments.mujoco.drawn import SLANT, WINDOWS, drawn
from driftline.environments.mujoco.robots import ROBOTS, Robot

ALL = pytest.mark.parametrize("robot_", ROBOTS.values(), ids=list(ROBOTS))


def played(robot_: Robot, steps: int) -> tuple[Drawing, Any, Any]:
    """A drawing, where both ends of every body part were, and how far ahead it was."""
    with told():
        environment: Any = gymnasium.make(robot_.environment_id).unwrapped
    environment.action_space.seed(3)
    observed, ends, ahead = [environment.reset(seed=5)[0]], [], []
    model, data = environment.model, environment.data
    moving = np.flatnonzero(model.geom_type != int(mujoco.mjtGeom.mjGEOM_PLANE))
    for step in range(steps + 1):
        mujoco.mj_kinematics(model, data)
        axes = data.geom_xmat[moving].reshape(-1, 3, 3)[:, :, 2]
        half = np.where(model.geom_type[moving] == int(mujoco.mjtGeom.mjGEOM_SPHERE), 0.0, 1.0)
        along = axes * (half * model.geom_size[moving, 1])[:, None]
        middle = data.geom_xpos[moving]
        ends.append(np.stack([middle - along, middle + along], axis=1).reshape(-1, 3))
        ahead.append(data.qpos[: robot_.hidden_positions].copy())
        if step < steps:
            observed.append(environment.step(environment.action_space.sample())[0])
    return drawn(robot_, np.array(observed)), np.array(ends), np.array(ahead)


@ALL
def test_every_part_is_where_the_simulator_has_it(robot_: Robot) -> None:
    drawing, ends, ahead = played(robot_, 40)
    deep = np.zeros(len(ends)) if robot_.planar else ahead[:, 1]
    right = ends[..., 0] - ahead[:, :1] + SLANT * (ends[..., 1] - deep[:, None])
    up = ends[..., 2] + SLANT * (ends[..., 1] - deep[:, None])
    assert drawing.places[..., 0] == pytest.approx(right, abs=1e-9)
    assert drawing.places[..., 1] == pytest.approx(up, abs=1e-9)


@ALL
def test_it_goes_about_as_far_as_it_went(robot_: Robot) -> None:
    drawing, _, ahead = played(robot_, 100)
    went = ahead[:, 0] - ahead[0, 0]
    assert drawing.follows is not None
    assert drawing.follows[0] == 0.0
    assert drawing.follows == pytest.approx(went, abs=0.1)
    assert np.ptp(went) > 0.1


@ALL
def test_at_first_it_is_within_the_window(robot_: Robot) -> None:
    drawing, _, _ = played(robot_, 1)
    (width, height), middle = WINDOWS[robot_.name]
    assert np.abs(drawing.places[0, :, 0]).max() < width / 2
    assert np.abs(drawing.places[0, :, 1] - middle).max() < height / 2


@ALL
def test_parts_are_as_wide_and_steps_as_long_as_the_simulators(robot_: Robot) -> None:
    drawing, _, _ = played(robot_, 1)
    with told():
        inner: Any = gymnasium.make(robot_.environment_id).unwrapped
    moving = np.flatnonzero(inner.model.geom_type != int(mujoco.mjtGeom.mjGEOM_PLANE))
    widths = {each.first // 2: each.width for each in drawing.links}
    radii = inner.model.geom_size[moving, 0]
    assert [widths[k] for k in range(len(moving))] == pytest.approx(2.0 * radii)
    assert drawing.seconds == pytest.approx(inner.dt)


@ALL
def test_the_far_leg_is_drawn_first_and_only_where_there_is_one(robot_: Robot) -> None:
    drawing, _, _ = played(robot_, 1)
    parts = [each.part for each in drawing.links]
    assert parts == sorted(parts, key=lambda part: part != "far")
    assert parts.count("far") == (3 if robot_.name == "walker2d" else 0)
