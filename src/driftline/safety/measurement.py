"""`Measurement`: a number with its interval and what it rests on.

Knows nothing of what was measured; JSON never holds NaN or infinity.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

Plain = dict[str, float | None]


@dataclass(frozen=True)
class Measurement:
    """``value`` in ``[low, high]``, from so many episodes of so many seeds.

    NaN: not defined here; an infinite limit: unbounded on that side.
    """

    value: float
    low: float
    high: float
    episodes: int
    seeds: int
    definition: str

    def to_json(self) -> Plain:
        """``{"mean", "low", "high"}``, null where undefined or unbounded.

        >>> Measurement(1.0, 0.5, float("inf"), 10, 1, "a count").to_json()
        {'mean': 1.0, 'low': 0.5, 'high': None}
        """
        return {"mean": finite(self.value), "low": finite(self.low), "high": finite(self.high)}


def finite(value: float) -> float | None:
    """``value`` as a plain float, None where it is NaN or infinite.

    >>> finite(float("nan")) is None
    True
    """
    return float(value) if math.isfinite(value) else None


def finite_list(values: Iterable[float]) -> list[float | None]:
    """`finite` of every value."""
    return [finite(value) for value in values]
