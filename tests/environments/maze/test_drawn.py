"""Drawn mazes: walls where cells are, bodies and goals where they are seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from driftline.environments.maze.drawn import SEAMLESS, drawn, walls
from driftline.environments.maze.engine import copies
from driftline.environments.maze.mazes import MAZES, Maze
from driftline.shapes import Booleans, Floats

EACH = pytest.mark.parametrize("maze", MAZES.values(), ids=list(MAZES))


def covered(maze: Maze, places: Floats) -> Booleans:
    """Which of ``places [N, 2]`` lie under a wall that is drawn."""
    found = np.zeros(len(places), np.bool_)
    for each in walls(maze):
        (left, y), (right, _) = each.points
        half = each.width / SEAMLESS / 2
        inside = (left < places[:, 0]) & (places[:, 0] < right)
        found |= inside & (np.abs(places[:, 1] - y) < half)
    return found


@EACH
def test_walls_are_drawn_where_nothing_is_free(maze: Maze) -> None:
    rows, columns = len(maze.cells), len(maze.cells[0])
    down, right = np.mgrid[:rows, :columns]
    x = maze.side * (right.ravel() + 0.5 - columns / 2)
    y = -maze.side * (down.ravel() + 0.5 - rows / 2)
    cells = np.array(list("".join(maze.cells)))
    assert np.array_equal(covered(maze, np.stack([x, y], axis=1)), cells == "#")
    assert not covered(maze, maze.centres).any()


@EACH
def test_the_goal_and_who_goes_there_are_where_they_are_seen(maze: Maze) -> None:
    if maze.ant:
        pytest.importorskip("mujoco", reason="an ant's body needs driftline[mujoco]")
    draw = np.random.default_rng(0)
    seen = draw.uniform(-1.0, 1.0, (3, 2 + 13 + 14 + 2 if maze.ant else 6))
    drawing = drawn(maze, seen)
    (goal,) = [each for each in drawing.links if each.part == "goal"]
    assert np.array_equal(drawing.places[:, goal.first], seen[:, -2:])
    torso = next(each for each in drawing.links if each.part == "body")
    assert drawing.places[:, torso.first] == pytest.approx(seen[:, :2])


@EACH
def test_sizes_and_steps_are_the_simulators(maze: Maze) -> None:
    pytest.importorskip(
        "gymnasium_robotics", reason="mazes need gymnasium-robotics; pip install driftline[maze]"
    )
    inner: Any = copies(maze, 1).envs[0].unwrapped
    seen = np.zeros((1, 2 + 13 + 14 + 2 if maze.ant else 6))
    drawing = drawn(maze, seen)
    (goal,) = [each for each in drawing.links if each.part == "goal"]
    reached = np.array([goal.width / 2, 0.0])
    assert inner.compute_terminated(0.999 * reached, np.zeros(2), {})
    assert not inner.compute_terminated(1.001 * reached, np.zeros(2), {})
    body = inner.ant_env if maze.ant else inner.point_env
    assert drawing.seconds == pytest.approx(body.model.opt.timestep * body.frame_skip)
    radius = body.model.geom("torso_geom" if maze.ant else "particle_geom").size[0]
    torso = next(each for each in drawing.links if each.part == "body")
    assert torso.width == pytest.approx(2.0 * radius)
