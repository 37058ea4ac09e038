"""A demonstrator of mazes: through the free cells to the goal, slower than walls are rammed.

Knows places, velocities and the cells of a maze, no simulator. It plans once, breadth first,
and steers a ball by what it sees at a step, with no memory of earlier ones. It acts by chance
only while it is slow enough, so that it rams no wall then either.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import numpy.typing as npt

from driftline.environments.by_chance import Level, chances
from driftline.environments.maze.mazes import MAZES, Maze
from driftline.errors import SettingsError
from driftline.shapes import Floats, Integers

APPROACH = 3.0
"""Metres a second for every metre to where it heads, up to `CRUISE`."""
CRUISE = 2.5
"""Metres a second; no action adds more than .35, and from 3 on a wall is rammed."""
EAGERNESS = 2.0
"""Of the full force, for every metre a second that it is too slow or too fast."""


def plan(of: Maze) -> Integers:
    """The next free cell on a shortest way from one to another, ``[from, to]``.

    Cells are numbered as `Maze.centres` are. Breadth first, backwards from every goal; a way
    from a cell to itself stays there.
    """
    centres = of.centres
    steps = np.abs(centres[:, None] - centres).sum(axis=2)
    beside = [np.flatnonzero(row) for row in np.isclose(steps, of.side)]
    following = np.full((len(centres), len(centres)), -1, np.int64)
    for goal in range(len(centres)):
        following[goal, goal] = goal
        ahead = deque([goal])
        while ahead:
            cell = ahead.popleft()
            for earlier in beside[cell]:
                if following[earlier, goal] < 0:
                    following[earlier, goal] = cell
                    ahead.append(int(earlier))
    return following


class Planner:
    """Where to push a ball that is seen as ``[x, y, vx, vy, goal x, goal y]``."""

    def __init__(self, of: Maze) -> None:
        self._centres, self._following = of.centres, plan(of)

    def heading(self, observations: npt.NDArray[Any]) -> Floats:
        """The middle of the next cell, or the goal in its own cell, ``[B, 2]``, metres."""
        places, goals = observations[:, :2], observations[:, 4:]
        here, there = self._cells(places), self._cells(goals)
        following = self._centres[self._following[here, there]]
        return np.where((here == there)[:, None], goals, following)

    def act(self, observations: npt.NDArray[Any]) -> Floats:
        """Forces, ``[B, 2]``, each from -1 to 1: feedback of place and velocity."""
        seen = observations.astype(np.float64)
        wanted = APPROACH * (self.heading(seen) - seen[:, :2])
        fast = np.linalg.norm(wanted, axis=1, keepdims=True)
        wanted *= np.minimum(1.0, CRUISE / np.maximum(fast, CRUISE))
        return np.clip(EAGERNESS * (wanted - seen[:, 2:4]), -1.0, 1.0)

    def _cells(self, places: Floats) -> Integers:
        """The free cell of each place, or the nearest."""
        away = np.abs(places[:, None] - self._centres).max(axis=2)
        return np.asarray(away.argmin(axis=1))


class MazeDemonstrator:
    """Episodes side by side, each with its own share of chance; "random" is not careful.

    ``space`` is that of the actions. Raises `SettingsError` where only chance goes through the
    maze.
    """

    def __init__(self, of: Maze, level: Level, space: Any) -> None:
        if of.medium is None and level != "random":
            shown = ", ".join(name for name, each in MAZES.items() if each.medium is not None)
            raise SettingsError(
                f"nobody demonstrates {of.name}, whose only level is random, not {level}; give "
                f"--level random, a maze that somebody does ({shown}), or a dataset of your own"
            )
        self._level, self._low, self._high = level, space.low, space.high
        self._medium = of.medium or 1.0
        self._planner = None if level == "random" else Planner(of)
        self._chances: Floats = np.zeros(0)

    def begin(self, episodes: int, generator: np.random.Generator) -> None:
        """Begin ``episodes`` new episodes."""
        self._chances = chances(self._medium, self._level, episodes)

    def act(
        self, observations: npt.NDArray[Any], generator: np.random.Generator
    ) -> npt.NDArray[np.float32]:
        """An action for every episode, ``[B, d]``."""
        shape = len(observations), len(self._low)
        drawn = generator.uniform(self._low, self._high, shape)
        by_chance = generator.random(len(observations)) < self._chances
        if self._planner is None:
            return drawn.astype(np.float32)
        slow = np.linalg.norm(observations[:, 2:4], axis=1) <= CRUISE
        known = self._planner.act(observations)
        return np.where((by_chance & slow)[:, None], drawn, known).astype(np.float32)
