"""Reliability: do events come as often as the probability that was given to them?

Knows probabilities and outcomes only. Outcomes of one owner, such as the steps of
one episode, are not independent; intervals count them for what they are worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from driftline.safety.measurement import finite, finite_list
from driftline.safety.statistics import wilson
from driftline.shapes import Booleans, Floats, Integers


@dataclass(frozen=True, eq=False)
class Reliability:
    """Bins of predicted probability, ascending, ``[K]``, of about equally many outcomes.

    ``observed`` is the share that came, in ``[low, high]`` at 95%; ``outcomes``
    counts. ``error`` is the expected calibration error, sum_k (n_k / N) |observed_k
    - predicted_k| (Naeini, Cooper and Hauskrecht 2015); ``chance`` is what a
    calibrated prediction shows of it at this many outcomes, for it is never 0.
    """

    predicted: Floats
    observed: Floats
    low: Floats
    high: Floats
    outcomes: Floats
    error: float
    chance: float

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "predicted": finite_list(self.predicted),
            "observed": finite_list(self.observed),
            "low": finite_list(self.low),
            "high": finite_list(self.high),
            "outcomes": [int(count) for count in self.outcomes],
            "error": finite(self.error),
            "chance": finite(self.chance),
        }


def reliability(
    probabilities: Floats, came: Booleans, owners: Integers, bins: int = 10
) -> Reliability:
    """Bin predicted ``probabilities [N]`` and count what ``came [N]``.

    ``owners [N]`` names whose outcome each is. Equal probabilities share a bin.

    >>> curve = reliability(np.array([0.2, 0.2, 0.9]), np.array([True, False, True]), np.arange(3))
    >>> curve.predicted, curve.observed, round(curve.error, 3)
    (array([0.2, 0.9]), array([0.5, 1. ]), 0.233)
    """
    levels = np.arange(1, bins) / bins
    edges = np.unique(np.quantile(probabilities, levels, method="inverted_cdf"))
    _, member = np.unique(np.searchsorted(edges, probabilities), return_inverse=True)
    counts = np.bincount(member).astype(np.float64)
    predicted = np.bincount(member, probabilities) / counts
    observed = np.bincount(member, came.astype(np.float64)) / counts
    worth = independent_outcomes(member, came, owners)
    low, high = wilson(observed * worth, worth)
    binomial = np.bincount(member, probabilities * (1 - probabilities)) / counts
    noise = np.sqrt(2 / np.pi * np.maximum(binomial, 0.0) / worth)
    shares = counts / counts.sum()
    return Reliability(
        predicted=predicted,
        observed=observed,
        low=low,
        high=high,
        outcomes=counts,
        error=float(shares @ np.abs(observed - predicted)),
        chance=float(shares @ noise),
    )


def independent_outcomes(member: Integers, came: Booleans, owners: Integers) -> Floats:
    """How many independent outcomes each bin's share is worth, ``[K]``.

    p (1 - p) / V with V = sum over owners of (sum of came - p)^2 / n^2, the
    variance of a share of clusters: n where owners are all different, the number of
    owners where all of an owner's outcomes agree and it has equally many (Korn and
    Graubard 1998). At most n, at least 1; owners are counted where p is 0 or 1.

    >>> came = np.array([True, True, False, False])
    >>> independent_outcomes(np.zeros(4, np.int64), came, np.array([0, 0, 1, 1]))
    array([2.])
    """
    counts = np.bincount(member).astype(np.float64)
    share = np.bincount(member, came.astype(np.float64)) / counts
    names, owner = np.unique(owners, return_inverse=True)
    pairs, pair = np.unique(member * len(names) + owner, return_inverse=True)
    totals = np.bincount(pair, came - share[member])
    variance = np.bincount(pairs // len(names), totals**2) / counts**2
    holders = np.bincount(pairs // len(names)).astype(np.float64)
    mixed = (share > 0) & (share < 1)
    binomial = share * (1 - share)
    with np.errstate(divide="ignore", invalid="ignore"):
        worth = np.where(mixed, binomial / variance, holders)
    return np.asarray(np.clip(worth, 1.0, counts))
