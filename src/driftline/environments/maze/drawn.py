"""Mazes drawn from what was observed, as seen from above.

Knows no engine; lengths and times are Gymnasium-Robotics's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from driftline.environments.drawing import Drawing, Link, Stroke
from driftline.environments.maze.mazes import Maze
from driftline.shapes import Floats

BALL = 0.1
"""Metres, its radius."""
REACHED = 0.45
"""How near the middle of the goal counts as there, metres."""
SECONDS = {False: 0.01, True: 0.05}
"""How long a step takes, of a ball (its time step) and of an ant (five of them)."""
ANT_JOINTS = 15
SEAMLESS = 1.01
"""A row of walls is so much wider than its cells, so that nothing shines through between two."""


def drawn(maze: Maze, observations: npt.NDArray[Any]) -> Drawing:
    """An episode of ``observations [T + 1, d]``: place, what the body knows, goal."""
    seen = observations.astype(np.float64)
    goals = seen[:, None, -2:]
    places, links = _ant(seen) if maze.ant else (seen[:, None, :2], (Link(0, 0, 2 * BALL),))
    goal = Link(places.shape[1], places.shape[1], 2 * REACHED, "goal")
    rows, columns = len(maze.cells), len(maze.cells[0])
    return Drawing(
        places=np.concatenate([places, goals], axis=1),
        links=(goal, *links),
        window=(columns * maze.side, rows * maze.side),
        middle=(0.0, 0.0),
        seconds=SECONDS[maze.ant],
        still=walls(maze),
    )


def _ant(seen: Floats) -> tuple[Floats, tuple[Link, ...]]:
    """Its body from above; needs MuJoCo, which has simulated it."""
    from driftline.environments.mujoco.drawn import bodies, links
    from driftline.environments.mujoco.robots import robot
    from driftline.environments.mujoco.simulation import model_of

    ends, radii, names = bodies(model_of(robot("ant")), seen[:, :ANT_JOINTS])
    return ends[..., :2], links(radii, names, planar=False)


def walls(maze: Maze) -> tuple[Stroke, ...]:
    """A line as wide as a cell through every run of walls in a row."""
    middle = np.array([len(maze.cells), len(maze.cells[0])]) / 2.0
    found = []
    for down, row in enumerate(maze.cells):
        for start, end in _runs(row):
            y = maze.side * (middle[0] - down - 0.5)
            x = maze.side * (np.array([start, end]) - middle[1])
            found.append(Stroke(np.stack([x, [y, y]], axis=1), SEAMLESS * maze.side))
    return tuple(found)


def _runs(row: str) -> list[tuple[int, int]]:
    """First and past-the-last column of every unbroken run of walls.

    >>> _runs("##.#")
    [(0, 2), (3, 4)]
    """
    wall = np.array([False, *(cell == "#" for cell in row), False])
    edges = np.flatnonzero(wall[1:] != wall[:-1])
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
