"""Two agents compared seed by seed: the mean difference, and how many seeds agree with it.

Knows one number for each seed, no agent. What seeds share (their demonstrations, their first
states) cancels in a difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from driftline.errors import DataError
from driftline.safety.measurement import Measurement
from driftline.safety.statistics import Bootstrap
from driftline.shapes import Floats


@dataclass(frozen=True)
class Paired:
    """One less the other: ``difference`` over seeds; in ``ahead`` of them the one was ahead."""

    difference: Measurement
    ahead: int

    @property
    def seeds(self) -> int:
        """How many were paired."""
        return self.difference.seeds

    @property
    def sign(self) -> int:
        """1 or -1 where the interval leaves out nought on that side, else 0."""
        return int(self.difference.low > 0.0) - int(self.difference.high < 0.0)

    def to_json(self) -> dict[str, Any]:
        """Plain values, null where undefined."""
        return {**self.difference.to_json(), "ahead": self.ahead, "seeds": self.seeds}


def paired(one: Floats, other: Floats, bootstrap: Bootstrap, definition: str = "") -> Paired:
    """``one`` less ``other``, ``[S]`` each; the interval is over seeds by bootstrap.

    >>> bootstrap = Bootstrap.drawn(np.random.default_rng(0), 100, 2)
    >>> found = paired(np.array([3.0, 5.0]), np.array([2.0, 2.0]), bootstrap)
    >>> found.difference.value, found.ahead, found.sign
    (2.0, 2, 1)
    """
    if one.shape != other.shape or one.ndim != 1 or not len(one):
        raise DataError(
            f"values of shapes {one.shape} and {other.shape} were given; give one of each for "
            "every seed, and at least 1 seed"
        )
    difference = one - other
    low, high = bootstrap.interval(difference, lambda draws: np.asarray(draws.mean(axis=1)))
    mean = float(difference.mean())
    return Paired(
        Measurement(mean, low, high, 0, len(difference), definition), int((difference > 0.0).sum())
    )


def agreement_by_chance(seeds: int) -> float:
    """How often all seeds' differences have one sign though both agents are alike.

    2 / 2^n, the least two-sided p-value that a sign test of so many pairs can give.

    >>> agreement_by_chance(3)
    0.25
    """
    return min(1.0, 2.0 ** (1 - seeds))
