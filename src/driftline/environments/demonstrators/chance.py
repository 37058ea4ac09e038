"""Chance as a planner meets it: every outcome at the start, and one outcome throughout.

Knows no world. What really happens is drawn elsewhere; here nothing is random.
"""

from __future__ import annotations

import numpy as np

from driftline.errors import SettingsError
from driftline.shapes import Booleans, Integers


class EveryOutcome:
    """Copies that between them meet every combination of a restart's draws.

    Copy ``i`` reads its outcomes off the digits of ``i``, one digit per draw, so
    that enough copies see every combination. Certain events have one outcome.

    >>> draws = EveryOutcome(6)
    >>> draws.events("rains", 0.3, (6,)).tolist()
    [False, True, False, True, False, True]
    >>> draws.choices("door", 3, (6,)).tolist()
    [0, 0, 1, 1, 2, 2]
    """

    def __init__(self, copies: int) -> None:
        self._left: Integers = np.arange(copies)
        self._combinations = 1

    def events(self, name: str, probability: float, shape: tuple[int, ...]) -> Booleans:
        """Both outcomes, or the only one where the probability is 0 or 1."""
        if probability in (0.0, 1.0):
            return np.full(shape, probability == 1.0)
        happens: Booleans = self.choices(name, 2, shape) == 1
        return happens

    def choices(self, name: str, count: int, shape: tuple[int, ...]) -> Integers:
        """Every number below ``count``."""
        copies = len(self._left)
        self._combinations *= count
        if shape != (copies,) or self._combinations > copies:
            raise SettingsError(
                f"the draw {name!r} has more outcomes than {copies} copies can meet; this world's "
                "start is too rich to be planned for, so give it a script of its own"
            )
        self._left, digits = np.divmod(self._left, count)
        return digits


class SameOutcome:
    """Every event happens, or none does; every choice is the first. Says if it was ``asked``."""

    def __init__(self, happens: bool) -> None:
        self._happens = happens
        self.asked = False

    def events(self, name: str, probability: float, shape: tuple[int, ...]) -> Booleans:
        """The one outcome everywhere, however likely."""
        self.asked = True
        return np.full(shape, self._happens)

    def choices(self, name: str, count: int, shape: tuple[int, ...]) -> Integers:
        """The first choice, or the last where events happen."""
        self.asked = True
        return np.full(shape, count - 1 if self._happens else 0)
