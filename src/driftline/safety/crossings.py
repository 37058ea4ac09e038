"""Crossings: when a curve first reaches a level, and from when on it stays above one.

Know curves only, each a straight line between the points where it was measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from driftline.errors import DataError
from driftline.safety.measurement import finite, finite_list
from driftline.safety.onset import NEVER, median_onset
from driftline.shapes import Floats


def first_passage(steps: Floats, values: Floats, level: float) -> float:
    """The first of ``steps [K]``, or between two of them, at which ``values [K]`` reach ``level``.

    Infinite where they never do.

    >>> first_passage(np.array([0.0, 10.0, 20.0]), np.array([1.0, 0.0, 4.0]), 2.0)
    15.0
    """
    _check(steps, values)
    reached = np.flatnonzero(values >= level)
    if not len(reached):
        return NEVER
    after = int(reached[0])
    return float(steps[0]) if after == 0 else _between(steps, values, after, level)


def for_good(steps: Floats, values: Floats, level: float) -> float:
    """The step after which ``values [K]`` are above ``level`` to the end; infinite: not at the end.

    >>> for_good(np.array([0.0, 10.0, 20.0]), np.array([3.0, 0.0, 4.0]), 2.0)
    15.0
    """
    _check(steps, values)
    below = np.flatnonzero(values <= level)
    if not len(below):
        return float(steps[0])
    last = int(below[-1])
    return NEVER if last == len(values) - 1 else _between(steps, values, last + 1, level)


def _between(steps: Floats, values: Floats, after: int, level: float) -> float:
    """Where the line that ends in point ``after`` passes the level."""
    share = (level - values[after - 1]) / (values[after] - values[after - 1])
    return float(steps[after - 1] + share * (steps[after] - steps[after - 1]))


def _check(steps: Floats, values: Floats) -> None:
    if len(steps) != len(values) or not len(steps):
        raise DataError(
            f"{len(steps)} steps with {len(values)} values were given; give one value for each "
            "step, and at least 1 of them"
        )


@dataclass(frozen=True)
class Passage:
    """How soon each seed first reached ``level``: ``times``, infinite for one that never did.

    ``watched``: until when each seed was measured; one that had not reached it is censored then.
    """

    level: float
    times: tuple[float, ...]
    watched: tuple[float, ...]

    @classmethod
    def of(cls, curves: Sequence[tuple[Floats, Floats]], level: float) -> Passage:
        """Of each seed's steps and values."""
        times = tuple(first_passage(steps, values, level) for steps, values in curves)
        return cls(level, times, tuple(float(steps[-1]) for steps, _ in curves))

    @property
    def reached(self) -> int:
        """How many seeds did."""
        return int(np.isfinite(self.times).sum())

    @property
    def median(self) -> float:
        """By when half of the seeds had reached it (`safety.survival`); infinite: not half.

        >>> Passage(1.0, (30.0, float("inf"), 50.0), (90.0, 90.0, 90.0)).median
        50.0
        """
        return median_onset(np.array(self.times), np.array(self.watched))

    def to_json(self) -> dict[str, Any]:
        """Plain values, null where never."""
        return {
            "level": finite(self.level),
            "median": finite(self.median),
            "reached": self.reached,
            "seeds": len(self.times),
            "times": finite_list(self.times),
            "watched": list(self.watched),
        }
