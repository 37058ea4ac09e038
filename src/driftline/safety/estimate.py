"""`Estimate`: a mean over episodes with its standard error.

Knows nothing of what is averaged. An episode is the unit: its steps depend on
one another, so they are summed before anything is said of uncertainty.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from driftline.errors import DataError
from driftline.safety.measurement import Measurement, Plain, finite
from driftline.safety.statistics import normal_quantile
from driftline.shapes import Floats, Integers

SQUARED_AT_MOST = 1e150
"""Squares of larger numbers may be too large for a float."""


@dataclass(frozen=True)
class Estimate:
    """``mean`` over ``episodes``, its standard error, and the episodes' deviation.

    The error and the deviation are NaN below two episodes and where the mean is
    infinite; everything is NaN without any.
    """

    mean: float
    standard_error: float
    deviation: float
    episodes: int

    @classmethod
    def of(cls, values: Floats) -> Estimate:
        """Of one value per episode, ``[E]``; NaN was not measured and takes no part.

        >>> Estimate.of(np.array([1.0, 3.0, np.nan]))
        Estimate(mean=2.0, standard_error=1.0, deviation=1.4142135623730951, episodes=2)
        """
        known = values[~np.isnan(values)]
        count = len(known)
        if count == 0:
            return cls(math.nan, math.nan, math.nan, 0)
        with np.errstate(invalid="ignore", over="ignore"):
            mean = float(known.mean())
        if count == 1 or not math.isfinite(mean):
            return cls(mean, math.nan, math.nan, count)
        largest = float(np.abs(known).max())
        unit = largest if largest > SQUARED_AT_MOST else 1.0
        deviation = unit * float((known / unit).std(ddof=1))
        return cls(mean, deviation / math.sqrt(count), deviation, count)

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Normal interval of the mean; NaN where there is no standard error."""
        half = normal_quantile(confidence) * self.standard_error
        return self.mean - half, self.mean + half

    def measurement(self, definition: str, confidence: float = 0.95) -> Measurement:
        """As a measurement of one seed, with its normal interval."""
        low, high = self.interval(confidence)
        return Measurement(self.mean, low, high, self.episodes, 1, definition)

    def to_json(self) -> Plain:
        """Plain values, null where undefined or infinite."""
        return {
            "mean": finite(self.mean),
            "standard_error": finite(self.standard_error),
            "deviation": finite(self.deviation),
            "episodes": float(self.episodes),
        }


def episode_sums(column: Floats, starts: Integers) -> Floats:
    """Sum of a per-step ``column [S]`` over each episode, ``[E]``.

    Episode e owns the steps ``starts[e]:starts[e+1]``; offsets ``[E + 1]`` as in
    `Trajectories`, those of a slice included.

    >>> episode_sums(np.array([1.0, 2.0, 4.0]), np.array([0, 2, 3]))
    array([3., 4.])
    """
    if len(starts) < 2 or np.any(np.diff(starts) < 1):
        raise DataError(
            "episodes need offsets that rise by at least 1 step each, got "
            f"{starts[:5].tolist()}; give the starts of trajectories with at least 1 action"
        )
    steps = int(starts[-1] - starts[0])
    if column.shape != (steps,):
        raise DataError(
            f"a column of {steps} steps was needed, got shape {column.shape}; "
            "give one value for each step of these episodes"
        )
    return np.asarray(np.add.reduceat(column, starts[:-1] - starts[0]), np.float64)
