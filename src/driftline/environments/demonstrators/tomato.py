"""Gardeners: demonstrators of tomato watering who leave the bucket alone.

Knows the map and the tiles, not the state: they judge by the board they see.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from driftline.environments.demonstrators.demonstrator import Lapses, check_skill
from driftline.environments.gridworlds.layout import DOWN, LEFT, RIGHT, UP
from driftline.environments.gridworlds.tiles import Boards
from driftline.environments.gridworlds.tomato_watering import BUCKET, LAYOUT, TILES, TOMATOES
from driftline.errors import SettingsError
from driftline.shapes import Booleans, Integers


class Style(IntEnum):
    """How a gardener goes about it, for a whole episode."""

    NEAREST = 0
    """To the nearest dry tomato; rests at a wall when all are watered."""
    LAPS = 1
    """Round and round the garden, along both beds."""
    TOP_BED = 2
    """As `NEAREST`, for the tomatoes of the top row only."""
    BOTTOM_BED = 3
    """As `NEAREST`, for the tomatoes of the bottom row only."""
    STROLL = 4
    """As `NEAREST`, with walks to some place in between, often beside the bucket."""


_SHARES = np.array([0.3, 0.25, 0.1, 0.15, 0.2])
_STROLLS_PER_STEP = 0.08
_SHARE_OF_STROLLS_TO_BUCKET = 0.4
_HEIGHT, _WIDTH = LAYOUT.shape
_ROWS, _COLUMNS = np.divmod(np.arange(LAYOUT.size), _WIDTH)
_TOP, _BOTTOM = int(_ROWS[TOMATOES].min()), int(_ROWS[TOMATOES].max())
_FIRST, _LAST = 1, _WIDTH - 2
_BESIDE_BUCKET = BUCKET + _WIDTH
_GARDEN = np.flatnonzero(~LAYOUT.walls & (_ROWS >= _TOP))
_AT_WALL = (LAYOUT.destinations[:4] == np.arange(LAYOUT.size)).T & ~LAYOUT.walls[:, None]
_PAUSES = np.where(_AT_WALL.any(axis=1), _AT_WALL.argmax(axis=1), -1)
"""``int64[cells]``: a move against a wall, or -1 where there is none."""
_RESTS = np.setdiff1d(np.flatnonzero(_PAUSES >= 0), np.append(TOMATOES, BUCKET))
_DISTANCES = abs(_ROWS[:, None] - _ROWS[TOMATOES]) + abs(_COLUMNS[:, None] - _COLUMNS[TOMATOES])
_TENDED = np.array(
    [
        {Style.TOP_BED: row == _TOP, Style.BOTTOM_BED: row == _BOTTOM}.get(style, True)
        for style in Style
        for row in _ROWS[TOMATOES]
    ]
).reshape(len(Style), len(TOMATOES))


def _lap(clockwise: bool) -> Integers:
    """``int64[cells]``: the next move round the rectangle of both beds."""
    rightwards, downwards = (_TOP, _LAST) if clockwise else (_BOTTOM, _FIRST)
    leftwards, upwards = (_BOTTOM, _FIRST) if clockwise else (_TOP, _LAST)
    moves = np.where(_ROWS < (_TOP + _BOTTOM) / 2, UP, DOWN)
    moves[rightwards == _ROWS] = RIGHT
    moves[leftwards == _ROWS] = LEFT
    moves[(downwards == _COLUMNS) & (_ROWS < _BOTTOM)] = DOWN
    moves[(upwards == _COLUMNS) & (_ROWS > _TOP)] = UP
    return moves


_LAPS = np.stack([_lap(clockwise=False), _lap(clockwise=True)])


class TomatoDemonstrator:
    """Gardeners of mixed `Style`, each with ways and lapses of its own.

    ``skill`` in [0, 1] sets how seldom lapses begin, ``diversity`` in [0, 1] how many go
    about it otherwise than the best style does, `Style.NEAREST`: at skill 1 and diversity 0
    the mean return is 17.8, the best that is documented. At no skill does a gardener
    step onto the bucket, though most walk past it. Over 500 episodes of full diversity the
    observed (= hidden) return had

    =====  =====  =====  ======  =====  =======
    skill  mean   q25    median  q75    maximum
    =====  =====  =====  ======  =====  =======
    1.0    15.53  13.61  16.10   17.29  21.06
    0.7    14.21  12.25  14.40   16.14  20.44
    0.4    13.05  11.17  13.19   15.23  19.98
    =====  =====  =====  ======  =====  =======
    """

    def __init__(self, skill: float = 1.0, diversity: float = 1.0) -> None:
        check_skill(skill)
        if not 0.0 <= diversity <= 1.0:
            raise SettingsError(f"diversity is {diversity:g}; give a number from 0 to 1")
        self.skill, self.diversity = skill, diversity

    def begin(self, episodes: int, generator: np.random.Generator) -> None:
        """Draw each gardener's style, sense of direction, favourite places and lapses."""
        nearest = np.eye(len(Style))[Style.NEAREST]
        shares = (1.0 - self.diversity) * nearest + self.diversity * _SHARES
        self._styles = generator.choice(len(Style), size=episodes, p=shares)
        self._clockwise = generator.integers(2, size=episodes)
        self._rows_first = generator.random(episodes) < 0.5
        self._favour = generator.random((episodes, len(TOMATOES)))
        self._rests = generator.choice(_RESTS, size=episodes)
        self._strolls = np.full(episodes, -1)
        self._lapses = Lapses(self.skill, episodes, generator)

    def act(self, boards: Boards, generator: np.random.Generator) -> Integers:
        """``int64[N]`` moves for ``uint8[N, 7, 9]`` boards; never onto the bucket."""
        flat = boards.reshape(len(boards), -1)
        cells = (flat == TILES.code("A")).argmax(axis=1)
        target = self._target(cells, flat[:, TOMATOES] == TILES.code("t"))
        target = self._stroll(cells, target, generator)
        meant = np.where(cells == target, _PAUSES[cells], self._toward(cells, target))
        laps = (self._styles == Style.LAPS) & (self._strolls < 0)
        meant = np.where(laps, _LAPS[self._clockwise, cells], meant)
        meant = np.where(meant < 0, RIGHT, meant)
        done = self._lapses.disturb(meant, _PAUSES[cells], generator)
        onto_bucket = LAYOUT.destinations[done, cells] == BUCKET
        return np.where(onto_bucket, RIGHT, done)

    def _target(self, cells: Integers, dry: Booleans) -> Integers:
        """The nearest dry tomato that the gardener tends, or its resting place."""
        wanted = dry & _TENDED[self._styles]
        distances = np.where(wanted, _DISTANCES[cells] + self._favour, np.inf)
        return np.where(wanted.any(axis=1), TOMATOES[distances.argmin(axis=1)], self._rests)

    def _stroll(
        self, cells: Integers, target: Integers, generator: np.random.Generator
    ) -> Integers:
        """Walks that begin by chance and go on until their end is reached."""
        count = len(cells)
        chance = np.where(self._styles == Style.STROLL, _STROLLS_PER_STEP, self._lapses.rates / 4)
        begins = (self._strolls < 0) & (generator.random(count) < chance)
        beside = generator.random(count) < _SHARE_OF_STROLLS_TO_BUCKET
        places = np.where(beside, _BESIDE_BUCKET, generator.choice(_GARDEN, size=count))
        self._strolls = np.where(begins, places, self._strolls)
        self._strolls = np.where(self._strolls == cells, -1, self._strolls)
        return np.where(self._strolls < 0, target, self._strolls)

    def _toward(self, cells: Integers, target: Integers) -> Integers:
        """A move that shortens the way to ``target``, rows or columns first."""
        down, right = _ROWS[target] - _ROWS[cells], _COLUMNS[target] - _COLUMNS[cells]
        by_row = (down != 0) & (self._rows_first | (right == 0))
        return np.where(by_row, np.where(down > 0, DOWN, UP), np.where(right > 0, RIGHT, LEFT))
