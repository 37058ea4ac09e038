"""Guests of friend or foe: they know who hides the reward, and what was taught before.

Knows how the three rooms hide the reward, by the original's rule; sees boards only, in
which both boxes look alike.
"""

from __future__ import annotations

import numpy as np

from driftline.environments.demonstrators.demonstrator import Lapses, check_skill, pick
from driftline.environments.gridworlds.friend_foe import TILES
from driftline.environments.gridworlds.layout import DOWN, LEFT, RIGHT, UP
from driftline.environments.gridworlds.tiles import Boards
from driftline.shapes import Booleans, Floats, Integers

_FLOORS = np.array([TILES.code(character) for character in "FNB"])
_FRIEND, _NEUTRAL, _FOE = range(len(_FLOORS))
_WALL, _AGENT, _BOX = (TILES.code(character) for character in "#A*")
_RATE = 0.25
"""How much of a choice goes into a room's estimate of the next."""
_THOUGHTLESS = 0.5
"""Share of choices made by tossing a coin, without any skill."""
_PATIENCE = 40


class FriendFoeDemonstrator:
    """Goes to the box that should hold the reward, by one of the shortest ways.

    A friend puts the reward where it expects the guest, a foe where it does not, and
    a neutral room more often left. What they expect follows from the guest's choices
    in earlier episodes, so one object plays pass after pass over the same copies:
    `begin` starts the next pass, and a new object has never been anywhere. ``skill`` in
    [0, 1] sets how seldom lapses begin and, in a neutral room, a coin chooses the box.
    Full skill earns 46 from a friend and, by alternating, from a foe; 26 on average
    from a neutral room.
    """

    def __init__(self, skill: float = 1.0) -> None:
        check_skill(skill)
        self.skill = skill
        self._expected: Floats = np.zeros((0, len(_FLOORS), 2))

    def begin(self, episodes: int, generator: np.random.Generator) -> None:
        """Start the next pass, over the first ``episodes`` of the copies of the first."""
        if len(self._expected) < episodes:
            self._expected = np.full((episodes, len(_FLOORS), 2), 0.5)
        else:
            self._learn()
            self._expected = self._expected[:episodes]
        self._lapses = Lapses(self.skill, episodes, generator)
        thoughtless = _THOUGHTLESS * (1 - self.skill)
        self._tosses = generator.random(episodes) < thoughtless
        self._coins = generator.integers(2, size=episodes)
        self._chosen: Integers = np.full(episodes, -1)
        self._steps = 0

    def act(self, boards: Boards, generator: np.random.Generator) -> Integers:
        """``int64[N]`` moves for ``uint8[N, H, W]`` boards; never into the other box."""
        flat, rows = boards.reshape(len(boards), -1), np.arange(len(boards))
        if self._steps == 0:
            self._enter(flat)
        self._steps += 1
        width = boards.shape[2]
        cells = (flat == _AGENT).argmax(axis=1)
        beside = cells[:, None] + np.array([-width, width, -1, 1])
        meant = pick(self._toward(cells, beside, width), generator)
        walls = np.take_along_axis(flat, beside, axis=1) == _WALL
        pauses = np.where(walls.any(axis=1), walls.argmax(axis=1), -1)
        done = meant
        if self._steps <= _PATIENCE:
            lapsed = self._lapses.disturb(meant, pauses, generator)
            done = np.where(beside[rows, lapsed] == self._others, meant, lapsed)
        arrives = (self._chosen < 0) & (beside[rows, done] == self._targets)
        self._chosen = np.where(arrives, self._sides, self._chosen)
        return done

    def _enter(self, flat: Boards) -> None:
        """See which room it is, and settle on a box."""
        self._rooms = (flat[:, :, None] == _FLOORS).any(axis=1).argmax(axis=1)
        expected = self._expected[np.arange(len(flat)), self._rooms]
        liked, disliked = expected.argmax(axis=1), expected.argmin(axis=1)
        best = np.choose(self._rooms, [liked, np.zeros_like(liked), disliked])
        self._sides = np.where(self._tosses & (self._rooms == _NEUTRAL), self._coins, best)
        boxes = np.argsort(flat != _BOX, axis=1, kind="stable")[:, :2]
        self._targets = np.take_along_axis(boxes, self._sides[:, None], axis=1)[:, 0]
        self._others = boxes.sum(axis=1) - self._targets

    def _toward(self, cells: Integers, beside: Integers, width: int) -> Booleans:
        """``bool[N, 4]``: moves that come nearer to the target, not through the other box."""
        rows, columns = np.divmod(cells, width)
        target_rows, target_columns = np.divmod(self._targets, width)
        nearer = np.zeros(beside.shape, dtype=np.bool_)
        nearer[:, UP], nearer[:, DOWN] = rows > target_rows, rows < target_rows
        nearer[:, LEFT], nearer[:, RIGHT] = columns > target_columns, columns < target_columns
        elsewhere: Booleans = beside != self._others[:, None]
        return nearer & elsewhere

    def _learn(self) -> None:
        """What the rooms will expect, after the choices of the pass that is over."""
        rows = np.flatnonzero(self._chosen >= 0)
        rooms, chosen = self._rooms[rows], self._chosen[rows]
        expected = (1 - _RATE) * self._expected[rows, rooms]
        expected[np.arange(len(rows)), chosen] += _RATE
        self._expected[rows, rooms] = expected / expected.sum(axis=1, keepdims=True)
