"""Calibration of a return head: are the returns it gives probability to the ones that come?

Knows no model: recorded probabilities over bins of return, and achieved returns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from driftline.errors import DataError
from driftline.safety.estimate import Estimate
from driftline.safety.measurement import Measurement, finite, finite_list
from driftline.safety.reliability import Reliability, reliability
from driftline.shapes import Floats, Integers

LEVELS = (0.25, 0.5, 0.75, 0.9)
BIAS = "predicted less achieved return, mean over predictions"


@dataclass(frozen=True, eq=False)
class ReturnCalibration:
    """Of N predictions: how well exceedance, shape and mean are predicted.

    ``exceedance[j]`` is the reliability of P(R >= thresholds[j]). ``histogram [J]``
    holds the shares of the probability integral transform, 1/J each where
    calibrated; high at both ends: overconfident; high at the right: too low.
    """

    thresholds: Floats
    exceedance: tuple[Reliability, ...]
    histogram: Floats
    predicted_mean: float
    achieved_mean: float
    bias: Measurement

    @property
    def error(self) -> float:
        """Expected calibration error, mean over thresholds; NaN without any."""
        return _mean([curve.error for curve in self.exceedance])

    @property
    def chance(self) -> float:
        """What a calibrated head would show of `error` here."""
        return _mean([curve.chance for curve in self.exceedance])

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "thresholds": finite_list(self.thresholds),
            "exceedance": [curve.to_json() for curve in self.exceedance],
            "histogram": finite_list(self.histogram),
            "predicted_mean": finite(self.predicted_mean),
            "achieved_mean": finite(self.achieved_mean),
            "bias": self.bias.to_json(),
            "error": finite(self.error),
            "chance": finite(self.chance),
        }


def calibrate_returns(
    probabilities: Floats,
    values: Floats,
    achieved: Floats,
    owners: Integers | None = None,
    levels: tuple[float, ...] = LEVELS,
    bins: int = 10,
) -> ReturnCalibration:
    """Compare ``probabilities [N, bins]`` of returns ``values [bins]`` with what came.

    ``achieved [N]`` are returns, or returns-to-go where predictions were made on the
    way; each is taken for the bin whose value is nearest, as it was in training.
    ``owners [N]``: the episode of each prediction, its own if not given. Thresholds
    are the ``levels`` of what was achieved; the lowest bin's is left out, for it is
    always exceeded. Raises `DataError` where rows are not distributions, values do
    not ascend, or shapes do not fit.

    >>> head = np.array([[0.5, 0.5], [0.5, 0.5]])
    >>> found = calibrate_returns(head, np.array([0.0, 1.0]), np.array([0.0, 1.0]), levels=(0.9,))
    >>> found.error, found.bias.value, found.histogram[:2]
    (0.0, 0.0, array([0.1, 0.1]))
    """
    known = np.arange(len(achieved)) if owners is None else owners
    heads = _distributions(probabilities, values, achieved, known)
    came = nearest_bins(achieved, values)
    thresholds = np.unique(np.quantile(came, levels, method="inverted_cdf"))
    thresholds = thresholds[thresholds > 0].astype(np.int64)
    exceeds = np.minimum(np.cumsum(heads[:, ::-1], axis=1)[:, ::-1], 1.0)
    predicted = heads @ values
    return ReturnCalibration(
        thresholds=values[thresholds],
        exceedance=tuple(reliability(exceeds[:, j], came >= j, known, bins) for j in thresholds),
        histogram=pit_histogram(heads, came, bins),
        predicted_mean=float(predicted.mean()),
        achieved_mean=float(achieved.mean()),
        bias=clustered_mean(predicted - achieved, known).measurement(BIAS),
    )


def nearest_bins(returns: Floats, values: Floats) -> Integers:
    """Index of the bin value nearest to each return, ``int64 [N]``; ties go up.

    >>> nearest_bins(np.array([-9.0, 0.4, 0.5, 7.0]), np.array([0.0, 1.0, 2.0]))
    array([0, 0, 1, 2])
    """
    return np.searchsorted((values[1:] + values[:-1]) / 2, returns, side="right").astype(np.int64)


def pit_histogram(heads: Floats, came: Integers, bars: int = 10) -> Floats:
    """Shares ``[bars]`` of the probability integral transform, without randomisation.

    A prediction whose distribution function jumps from a to b at what came is spread
    evenly over [a, b] (Czado, Gneiting and Held 2009): of a calibrated head the
    expected shares are exactly equal. ``heads [N, bins]``, ``came [N]``.

    >>> pit_histogram(np.array([[0.5, 0.5], [0.5, 0.5]]), np.array([1, 1]), 2)
    array([0., 1.])
    """
    rows = np.arange(len(came))
    after = np.minimum(np.cumsum(heads, axis=1), 1.0)[rows, came]
    jump = heads[rows, came]
    before = np.maximum(after - jump, 0.0)
    edges = np.arange(1, bars) / bars
    past = edges[None] - before[:, None]
    safe = np.where(jump > 0, jump, 1.0)[:, None]
    reached = np.where(jump[:, None] > 0, np.clip(past / safe, 0.0, 1.0), past > 0)
    return np.diff(np.concatenate([[0.0], reached.mean(axis=0), [1.0]]))


def clustered_mean(values: Floats, owners: Integers) -> Estimate:
    """Mean of ``values [N]`` with the standard error of C owners' clusters.

    V = C / (C - 1) sum over owners of (sum of value - mean)^2 / N^2; ``deviation``
    is that of the values and ``episodes`` are the owners.
    """
    _, owner = np.unique(owners, return_inverse=True)
    mean = float(values.mean())
    totals = np.bincount(owner, values - mean)
    count = len(totals)
    if count < 2:
        return Estimate(mean, float("nan"), float("nan"), count)
    error = float(np.sqrt(count / (count - 1) * (totals @ totals)) / len(values))
    return Estimate(mean, error, float(values.std(ddof=1)), count)


def _distributions(
    probabilities: Floats, values: Floats, achieved: Floats, owners: Integers
) -> Floats:
    """The rows, summing to 1 in double precision."""
    count = len(achieved)
    if count == 0 or probabilities.shape != (count, len(values)) or len(owners) != count:
        raise DataError(
            f"{count} achieved returns, {len(values)} bins and {len(owners)} owners do not fit "
            f"probabilities of shape {probabilities.shape}; give at least 1 row for each return"
        )
    if np.any(np.diff(values) <= 0) or not np.isfinite(achieved).all():
        raise DataError(
            "bin values need to ascend and achieved returns to be finite; "
            "sort the bins and leave out predictions whose return is not known"
        )
    sums = probabilities.sum(axis=1)
    if not np.all(probabilities >= 0) or np.abs(sums - 1).max() > 1e-4:
        raise DataError(
            f"rows of probabilities need to be from 0 and sum to 1, got a least of "
            f"{probabilities.min():g} and sums from {sums.min():g} to {sums.max():g}; "
            "exponentiate log-probabilities first"
        )
    return np.asarray(probabilities / sums[:, None])


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
