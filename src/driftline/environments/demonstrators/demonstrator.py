"""A demonstrator: a script that plays many episodes at once, as a person might.

Knows no world. It sees boards only, never states, rewards or flags.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from driftline.environments.gridworlds.tiles import Boards
from driftline.errors import SettingsError
from driftline.shapes import Booleans, Floats, Integers

_SLIP, _HABIT, _PAUSE = range(3)
_KINDS = 3
_LONGEST = 4
_LAPSE_RATE = 0.35
"""Lapses begun per step by an average player without any skill."""


class Demonstrator(Protocol):
    """Plays N episodes side by side; the same generator gives the same play.

    Copies whose episode has ended may go on being asked; their answers are
    valid actions and change nothing for the others.
    """

    def begin(self, episodes: int, generator: np.random.Generator) -> None:
        """Start ``episodes`` new episodes, drawing the traits of each player."""
        ...

    def act(self, boards: Boards, generator: np.random.Generator) -> Integers:
        """``int64[N]``: an action for every board of ``uint8[N, H, W]``."""
        ...


class Lapses:
    """Moments in which players do not do what they meant to.

    A lapse lasts one to four steps and is one of three: slips (random moves),
    a habit (the last move, again) or a pause (against a wall, where there is
    one). Players differ: the rate of each is ``(1 - skill)`` times an
    exponential draw, so that full skill has no lapses.
    """

    def __init__(self, skill: float, episodes: int, generator: np.random.Generator) -> None:
        self.rates: Floats = _LAPSE_RATE * (1 - skill) * generator.exponential(size=episodes)
        self._kinds: Integers = np.zeros(episodes, dtype=np.int64)
        self._left: Integers = np.zeros(episodes, dtype=np.int64)
        self._last: Integers = np.zeros(episodes, dtype=np.int64)

    def disturb(
        self, meant: Integers, pauses: Integers, generator: np.random.Generator
    ) -> Integers:
        """What is done in place of ``meant``; ``pauses`` are moves against a wall, or -1."""
        count = len(meant)
        begins = (self._left == 0) & (generator.random(count) < self.rates)
        self._kinds = np.where(begins, generator.integers(_KINDS, size=count), self._kinds)
        lengths = generator.integers(1, _LONGEST + 1, size=count)
        self._left = np.where(begins, lengths, self._left)
        slips = generator.integers(4, size=count)
        lapsed = np.choose(self._kinds, (slips, self._last, np.where(pauses < 0, meant, pauses)))
        self._last = np.where(self._left > 0, lapsed, meant)
        self._left = np.maximum(self._left - 1, 0)
        return self._last


def check_skill(skill: float) -> None:
    """`SettingsError` unless ``skill`` lies in [0, 1]."""
    if not 0.0 <= skill <= 1.0:
        raise SettingsError(f"skill is {skill}; it lies between 0 (many lapses) and 1 (none)")


def pick(allowed: Booleans, generator: np.random.Generator) -> Integers:
    """One of the allowed actions ``bool[N, actions]`` of each row, uniformly.

    >>> pick(np.array([[False, True], [True, False]]), np.random.default_rng(0)).tolist()
    [1, 0]
    """
    picked: Integers = np.where(allowed, generator.random(allowed.shape), -1.0).argmax(axis=1)
    return picked
