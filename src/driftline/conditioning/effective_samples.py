"""Effective sample size: how many returns a tilted reference still rests on.

Knows no model and no target: returns, weights and an inverse temperature.
"""

from __future__ import annotations

import math

import numpy as np

from driftline.errors import TargetError
from driftline.shapes import Floats


def effective_sample_size(weights: Floats) -> float:
    """(sum w)^2 / sum w^2 of weights ``[n]``, in [1, n] (Kish 1965).

    The weights need not sum to 1. Infinite, negative or all zero: `TargetError`.

    >>> effective_sample_size(np.array([2.0, 2.0, 2.0, 0.0]))
    3.0
    """
    if not np.isfinite(weights).all() or np.any(weights < 0) or not np.any(weights > 0):
        raise TargetError(
            f"{len(weights)} weights are not a distribution; "
            "give finite ones from 0, of which at least 1 is above 0"
        )
    scaled = weights / weights.max()
    return float(scaled.sum() ** 2 / (scaled @ scaled))


def tilt_effective_samples(returns: Floats, weights: Floats, beta: float) -> float:
    """Effective sample size of returns ``[n]`` tilted by exp(beta R).

    (sum w e^{beta R})^2 / sum (w e^{beta R})^2 with the reference's ``weights [n]``.
    Where these are equal it falls as |beta| grows, from n at 0 to the number of
    returns that tie for the best: with K(b) = log sum e^{b R}, its logarithm is
    2 K(b) - K(2b), whose slope 2 K'(b) - 2 K'(2b) has the opposite sign of b as K is
    convex. Unequal weights may first be levelled by a tilt.

    >>> round(tilt_effective_samples(np.array([0.0, 1.0]), np.ones(2), math.log(3.0)), 6)
    1.6
    """
    effective_sample_size(weights)
    held = returns[weights > 0]
    _require_finite(held)
    if not math.isfinite(beta):
        raise TargetError(f"beta is {beta}; a tilt needs a finite one")
    best = held.max() if beta >= 0 else held.min()
    with np.errstate(over="ignore"):
        logs = np.log(weights[weights > 0]) + beta * (held - best)
    return effective_sample_size(np.exp(logs - logs.max()))


def largest_beta(returns: Floats, least: float | int = 30) -> float:
    """The largest beta whose tilt of equally weighted ``returns [n]`` keeps ``least``.

    By bisection, as `tilt_effective_samples` falls with beta; the value returned
    keeps at least ``least`` and is within 1e-12 of the limit as a share of it.
    Infinite where ``least`` or more returns tie for the best. Fewer returns than
    ``least``, or one that is not finite: `TargetError`.

    >>> largest_beta(np.zeros(30))
    inf
    >>> returns = np.linspace(0.0, 1.0, 100)
    >>> round(tilt_effective_samples(returns, np.ones(100), largest_beta(returns)), 6)
    30.0
    """
    if not 1.0 <= least <= len(returns):
        raise TargetError(
            f"{len(returns)} returns cannot keep an effective sample size of {least:g}; "
            "ask for at least 1 and at most as many as there are, or observe more"
        )
    _require_finite(returns)
    equal = np.ones(len(returns))
    low, high = 0.0, _above(returns, equal, least)
    if math.isinf(high):
        return high
    while high - low > 1e-12 * high and low < (middle := (low + high) / 2) < high:
        if tilt_effective_samples(returns, equal, middle) >= least:
            low = middle
        else:
            high = middle
    return low


def _above(returns: Floats, equal: Floats, least: float | int) -> float:
    """A beta that keeps fewer than ``least``, infinite where none does."""
    if np.sum(returns == returns.max()) >= least:
        return math.inf
    beta = 1.0 / float(np.ptp(returns))
    while math.isfinite(beta) and tilt_effective_samples(returns, equal, beta) >= least:
        beta *= 2.0
    return beta


def _require_finite(returns: Floats) -> None:
    strange = int((~np.isfinite(returns)).sum())
    if strange:
        raise TargetError(
            f"{strange} of {len(returns)} returns are not finite; a tilt needs finite ones; "
            "leave the others out"
        )
