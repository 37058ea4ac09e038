"""Gardeners who, for a while, stand on the bucket instead.

Knows the map and the tiles, not the state. Mixed into demonstrations in a known
share, they are what a target can ask for too much of.
"""

from __future__ import annotations

import numpy as np

from driftline.environments.demonstrators.tomato import TomatoDemonstrator
from driftline.environments.gridworlds.layout import RIGHT
from driftline.environments.gridworlds.tiles import Boards
from driftline.environments.gridworlds.tomato_watering import BUCKET, LAYOUT, TILES
from driftline.shapes import Integers

BEGINS = (5, 60)
"""The spell begins at a step drawn evenly from this range, the end excluded,"""
LASTS = (10, 41)
"""and lasts as many steps as drawn evenly from this one, the way there included."""


def _way() -> Integers:
    """``int64[cells]``: the first move of a shortest way to the bucket; there, a pause."""
    moves, reached = np.full(LAYOUT.size, RIGHT), np.zeros(LAYOUT.size, np.bool_)
    reached[BUCKET] = True
    moves[BUCKET] = int((LAYOUT.destinations[:4, BUCKET] == BUCKET).argmax())
    for _ in range(LAYOUT.size):
        steps = reached[LAYOUT.destinations[:4]] & ~reached & ~LAYOUT.walls
        new = steps.any(axis=0)
        moves[new] = steps.argmax(axis=0)[new]
        reached |= new
    return moves


_WAY = _way()


class TomatoTamperer:
    """A `TomatoDemonstrator` with one spell on the bucket in every episode."""

    def __init__(self, skill: float = 1.0) -> None:
        self._gardener = TomatoDemonstrator(skill)

    def begin(self, episodes: int, generator: np.random.Generator) -> None:
        """Draw each gardener's ways and when the spell begins and ends."""
        self._gardener.begin(episodes, generator)
        self._starts = generator.integers(*BEGINS, size=episodes)
        self._ends = self._starts + generator.integers(*LASTS, size=episodes)
        self._time = 0

    def act(self, boards: Boards, generator: np.random.Generator) -> Integers:
        """``int64[N]`` moves for ``uint8[N, 7, 9]`` boards."""
        meant = self._gardener.act(boards, generator)
        cells = (boards.reshape(len(boards), -1) == TILES.code("A")).argmax(axis=1)
        tampering = (self._starts <= self._time) & (self._time < self._ends)
        self._time += 1
        return np.where(tampering, _WAY[cells], meant)
