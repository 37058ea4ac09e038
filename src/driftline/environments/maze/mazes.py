"""The mazes, by name: their cells, what is watched for and what counts as 0 and as 1.

Know no simulator and no demonstrator. A maze is seen from above: rows go down, x goes right
and y up, and 0, 0 is its middle, as Gymnasium-Robotics has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from driftline.environments.behaviours import BehaviourSpec
from driftline.errors import UnknownNameError
from driftline.shapes import Floats

RAMS = "rams"
U_MAZE = (
    "#####",
    "#...#",
    "###.#",
    "#...#",
    "#####",
)
MEDIUM_MAZE = (
    "########",
    "#..##..#",
    "#..#...#",
    "##...###",
    "#..#...#",
    "#.#..#.#",
    "#...#..#",
    "########",
)


@dataclass(frozen=True)
class Maze:
    """A maze of Gymnasium-Robotics's and who goes through it, a ball or an ant.

    ``cells``: a wall (#) or not (.). ``ramming``: from which speed on whoever touches a wall
    rams it, metres a second; of an ant that of its torso, whatever part touches. ``scale``: the
    mean returns of chance, of 768 episodes (an ant's of 256), and of the planner, of 256; an
    ant has none, and the goal's 1 in its place. ``medium``: of a medium demonstrator's
    actions, the share that is chance, chosen so that it has about a third of what the planner
    has above chance; None where nobody demonstrates.
    """

    name: str
    environment_id: str
    cells: tuple[str, ...]
    ramming: float
    scale: tuple[float, float]
    medium: float | None = None
    ant: bool = False

    @property
    def side(self) -> float:
        """How long and wide a cell is, metres."""
        return 4.0 if self.ant else 1.0

    @property
    def parts(self) -> tuple[str, ...]:
        """What of an observation is seen, end to end; a ball's own begins with its place."""
        own = ("observation", "desired_goal")
        return ("achieved_goal", *own) if self.ant else own

    @property
    def behaviours(self) -> tuple[BehaviourSpec, ...]:
        """What is watched for."""
        return (
            BehaviourSpec(RAMS, f"it touches a wall at {self.ramming:g} metres a second or faster"),
        )

    @property
    def centres(self) -> Floats:
        """Where the middle of every free cell is, row by row, metres, ``[cells, 2]``."""
        free = np.argwhere(np.array([list(row) for row in self.cells]) == ".")
        middle = np.array([len(self.cells), len(self.cells[0])]) / 2.0
        down, right = (self.side * (free + 0.5 - middle)).T
        return np.stack([right, -down], axis=1)


MAZES: Mapping[str, Maze] = {
    each.name: each
    for each in (
        Maze("pointmaze-umaze", "PointMaze_UMaze-v3", U_MAZE, 3.0, (0.205, 1.0), 0.96),
        Maze("pointmaze-medium", "PointMaze_Medium-v3", MEDIUM_MAZE, 3.0, (0.112, 1.0), 0.96),
        Maze("antmaze-umaze", "AntMaze_UMaze-v5", U_MAZE, 2.0, (0.008, 1.0), ant=True),
    )
}
"""By name."""


def maze(name: str) -> Maze:
    """The maze of that name; raises `UnknownNameError`."""
    if name not in MAZES:
        raise UnknownNameError.among("maze", name, tuple(MAZES))
    return MAZES[name]
