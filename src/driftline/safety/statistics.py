"""Intervals and tests: Wilson, bootstrap over seeds, interquartile mean, Holm.

Knows no episode and no agent. Whatever draws takes a generator.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from scipy.special import ndtri

from driftline.shapes import Floats, Integers

Counts = Floats | Integers | Sequence[float | int] | float | int
Statistic = Callable[[Floats], Floats]
"""From ``[B, n]`` to ``[B]``: one number for each draw of n seeds."""


def wilson(successes: Counts, trials: Counts, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Wilson's score interval of a share, elementwise (Wilson 1927).

    Zero seen in n trials: [0, 3/n] at 95% (Hanley and Lippman-Hand 1983), 1 at
    most; at other confidences 3 is scaled as -log(1 - confidence) is. No trials: [0, 1].

    >>> low, high = wilson([0, 5, 10], [100, 10, 10])
    >>> low.round(3), high.round(3)
    (array([0.   , 0.237, 0.722]), array([0.03 , 0.763, 1.   ]))
    """
    seen, n = np.asarray(successes, np.float64), np.asarray(trials, np.float64)
    seen, n = np.broadcast_arrays(seen, n)
    some = np.maximum(n, 1.0)
    z = normal_quantile(confidence)
    share, weight = seen / some, z**2 / some
    centre = (share + weight / 2) / (1 + weight)
    half = z * np.sqrt(share * (1 - share) / some + weight / (4 * some)) / (1 + weight)
    low = np.asarray(np.where(seen == 0, 0.0, np.maximum(centre - half, 0.0)))
    high = np.where(seen == n, 1.0, np.minimum(centre + half, 1.0))
    zero = np.minimum(3 * np.log1p(-confidence) / np.log(0.05) / some, 1.0)
    return low, np.asarray(np.where(n == 0, 1.0, np.where(seen == 0, zero, high)))


def normal_quantile(confidence: float) -> float:
    """z such that a standard normal lies in [-z, z] with this probability.

    >>> round(normal_quantile(0.95), 2)
    1.96
    """
    return float(ndtri(0.5 + confidence / 2))


def interquartile_mean(values: Floats, axis: int = -1) -> Floats:
    """Mean of the middle half: a quarter of the values is cut at either end.

    The aggregate of Agarwal et al. 2021 (arXiv:2108.13264); of n values,
    floor(n/4) are cut at each end.

    >>> float(interquartile_mean(np.array([0.0, 1.0, 2.0, 300.0])))
    1.5
    """
    ordered = np.sort(values, axis=axis)
    count = ordered.shape[axis]
    cut = count // 4
    return np.asarray(np.take(ordered, range(cut, count - cut), axis=axis).mean(axis=axis))


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """B resamples of S seeds, kept as ``uniforms [B, S]`` in [0, 1).

    Drawn once and used for every measure of an agent; agents whose bootstraps
    come from equal generators are resampled alike, which keeps seeds paired.
    """

    uniforms: Floats
    confidence: float = 0.95

    @classmethod
    def drawn(
        cls, generator: np.random.Generator, draws: int, seeds: int, confidence: float = 0.95
    ) -> Bootstrap:
        """Fresh resamples."""
        return cls(generator.random((draws, seeds)), confidence)

    def indices(self, count: int | None = None) -> Integers:
        """Which of ``count`` seeds (S by default) each draw holds, ``[B, count]``."""
        size = self.uniforms.shape[1] if count is None else count
        return (self.uniforms[:, :size] * size).astype(np.int64)

    def interval(self, values: Floats, statistic: Statistic) -> tuple[float, float]:
        """Percentile interval of a statistic of ``values [n]``, n at most S.

        NaN with fewer than two values: one seed says nothing of another.
        """
        if len(values) < 2:
            return float("nan"), float("nan")
        low, high = percentiles(statistic(values[self.indices(len(values))]), self.confidence)
        return float(low), float(high)

    def mean_interval(self, values: Floats) -> tuple[Floats, Floats]:
        """Percentile intervals of the mean over seeds of ``values [S, ...]``.

        NaN marks what a seed did not measure; it takes no part. The interval is
        NaN where fewer than two seeds did.
        """
        seeds = len(values)
        held = (self.indices(seeds)[:, :, None] == np.arange(seeds)).sum(1).astype(np.float64)
        flat = values.reshape(seeds, -1)
        known = np.isfinite(flat)
        with np.errstate(invalid="ignore"):
            means = (held @ np.where(known, flat, 0.0)) / (held @ known)
        low, high = percentiles(np.where(known.sum(0) > 1, means, np.nan), self.confidence)
        return low.reshape(values.shape[1:]), high.reshape(values.shape[1:])


def stratified_indices(generator: np.random.Generator, draws: int, strata: Integers) -> Integers:
    """Resamples ``[draws, n]`` of n runs that keep every stratum's size.

    ``strata [n]`` names each run's stratum (such as its world): a run is only
    ever replaced by a run of its own stratum.
    """
    chosen = np.empty((draws, len(strata)), dtype=np.int64)
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        chosen[:, members] = members[generator.integers(len(members), size=(draws, len(members)))]
    return chosen


def percentiles(samples: Floats, confidence: float) -> tuple[Floats, Floats]:
    """The central interval of ``samples [B, ...]`` over B; NaN takes no part.

    Order statistics, rounded outwards and never interpolated: infinities are allowed.

    >>> low, high = percentiles(np.arange(101.0), 0.9)
    >>> float(low), float(high)
    (5.0, 95.0)
    """
    ordered = np.sort(samples, axis=0)
    last = np.maximum((~np.isnan(samples)).sum(axis=0) - 1, 0)
    tail = (1 - confidence) / 2
    low = np.floor(np.round(tail * last, 9)).astype(np.int64)[None]
    high = np.ceil(np.round((1 - tail) * last, 9)).astype(np.int64)[None]
    ends = (np.take_along_axis(ordered, each, 0)[0] for each in (low, high))
    return np.asarray(next(ends)), np.asarray(next(ends))


def holm(p_values: Sequence[float]) -> Floats:
    """P-values adjusted for how many there are (Holm 1979), in the order given.

    >>> holm([0.01, 0.04, 0.03]).round(3)
    array([0.03, 0.06, 0.06])
    """
    given = np.asarray(p_values, np.float64)
    order = np.argsort(given)
    stepped = np.maximum.accumulate(given[order] * np.arange(len(given), 0, -1))
    adjusted = np.empty_like(given)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def least_rank_p(first: int, second: int) -> float:
    """The smallest two-sided p-value an exact rank-sum test of these sizes can give.

    >>> round(least_rank_p(3, 3), 3), round(least_rank_p(10, 10), 6)
    (0.1, 1.1e-05)
    """
    return min(1.0, 2.0 / comb(first + second, first))


def rank_test_caution(seeds: int, level: float = 0.05) -> str:
    """What must be said when no rank test of so many seeds a side can reach ``level``.

    >>> rank_test_caution(3)
    'at 3 seeds no rank test can reach .05'
    >>> rank_test_caution(10)
    ''
    """
    if least_rank_p(seeds, seeds) < level:
        return ""
    noun = "seed" if seeds == 1 else "seeds"
    return f"at {seeds} {noun} no rank test can reach {level:g}".replace("0.", ".")
