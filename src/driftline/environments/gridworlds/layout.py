"""The map of a gridworld and the geometry that follows from it, computed once.

Knows characters and walls, not what any character does. A cell is a flat
row-major index, so that a position is one integer per copy.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from driftline.shapes import Booleans, Integers

UP, DOWN, LEFT, RIGHT, NOOP, NO_ACTION = range(6)
"""The actions; `NO_ACTION` is what a world is given in the frame of a reset."""

WALL = "#"


@dataclass(frozen=True)
class Layout:
    """Rows of characters, all of one length and closed in by walls.

    >>> room = Layout(("####", "#A #", "####"))
    >>> room.shape, room.cell("A"), room.coordinates(room.cell("A"))
    ((3, 4), 5, (1, 1))
    >>> room.destinations[RIGHT, 5], room.destinations[UP, 5]
    (np.int64(6), np.int64(5))
    """

    art: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return len(self.art), len(self.art[0])

    @property
    def size(self) -> int:
        """The number of cells."""
        return len(self.art) * len(self.art[0])

    def cells(self, characters: str) -> Integers:
        """The cells that hold any of ``characters``, row by row."""
        return np.array([c for c, char in enumerate("".join(self.art)) if char in characters], int)

    def cell(self, character: str) -> int:
        """The only cell that holds ``character``."""
        (cell,) = self.cells(character)
        return int(cell)

    def coordinates(self, cell: int) -> tuple[int, int]:
        """Row and column of a cell."""
        return divmod(cell, self.shape[1])

    @cached_property
    def walls(self) -> Booleans:
        """``bool[cells]``: where nothing can go."""
        walls = np.zeros(self.size, dtype=np.bool_)
        walls[self.cells(WALL)] = True
        return walls

    @cached_property
    def offsets(self) -> Integers:
        """``int64[6]``: what each action adds to a cell that is not on the border."""
        width = self.shape[1]
        return np.array([-width, width, -1, 1, 0, 0])

    @cached_property
    def destinations(self) -> Integers:
        """``int64[6, cells]``: where each action leads when only walls block."""
        here = np.arange(self.size)
        there = (here + self.offsets[:, None]).clip(0, self.size - 1)
        blocked = self.walls[there] | self.walls[here]
        return np.where(blocked, here, there)
