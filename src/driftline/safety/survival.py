"""Onset times across seeds: Kaplan-Meier, medians and the log-rank test.

Knows no curve: a seed is a time and whether the onset was seen by then. A seed
that ended before its onset is censored, and counts for as long as it was watched.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import comb

import numpy as np
from scipy import stats

from driftline.errors import DataError
from driftline.shapes import Booleans, Floats, Integers

EXACT = 200_000
"""Up to as many ways to deal the seeds to two groups a log-rank test counts them all."""


@dataclass(frozen=True, eq=False)
class Survival:
    """The share of seeds without onset after each of ``times``, with its interval.

    1 before the first time; the interval is log-log (Kalbfleisch and Prentice),
    NaN where it is not defined (at shares 0 and 1).
    """

    times: Floats
    share: Floats
    low: Floats
    high: Floats

    @property
    def median(self) -> float:
        """The first time by which half the seeds had their onset; infinity if none.

        >>> kaplan_meier(np.array([2.0, 4.0, 9.0]), np.array([True, True, False])).median
        4.0
        """
        reached = np.flatnonzero(self.share <= 0.5 + 1e-9)
        return float(self.times[reached[0]]) if len(reached) else float("inf")


def kaplan_meier(times: Floats, seen: Booleans, confidence: float = 0.95) -> Survival:
    """Kaplan and Meier's estimate of survival without onset.

    ``times [n]``: the onset where ``seen``, else the last round that was watched.
    """
    estimate = stats.ecdf(_censored(times, seen)).sf
    with np.errstate(divide="ignore", invalid="ignore"):
        bounds = _bounds(estimate.quantiles, estimate.probabilities, times, seen, confidence)
    return Survival(np.asarray(estimate.quantiles), np.asarray(estimate.probabilities), *bounds)


def _bounds(
    at: Floats, share: Floats, times: Floats, seen: Booleans, confidence: float
) -> tuple[Floats, Floats]:
    """Log-log limits from Greenwood's variance."""
    risk = (times[None] >= at[:, None]).sum(1)
    events = ((times[None] == at[:, None]) & seen[None]).sum(1)
    variance = np.cumsum(events / (risk * (risk - events)))
    half = stats.norm.ppf(0.5 + confidence / 2) * np.sqrt(variance) / np.log(share)
    return share ** np.exp(-half), share ** np.exp(half)


def logrank_p_value(
    first_times: Floats, first_seen: Booleans, second_times: Floats, second_seen: Booleans
) -> float:
    """Two-sided p-value that two groups of seeds have the same onset (Mantel 1966).

    For up to 10 seeds a side it is exact: the share of all ways to deal the seeds to the
    two groups in which observed onsets are as far from expected ones. The normal
    approximation would go below what so few seeds can show; it takes over beyond `EXACT`
    ways. 1 where neither group had an onset: nothing tells them apart.
    """
    if not (first_seen.any() or second_seen.any()):
        return 1.0
    size, seeds = len(first_times), len(first_times) + len(second_times)
    if comb(seeds, size) <= EXACT and len(first_seen) == size:
        excess = _excess(np.append(first_times, second_times), np.append(first_seen, second_seen))
        dealt = np.abs(excess[_ways(seeds, size)].sum(1))
        return float((dealt >= abs(excess[:size].sum()) - 1e-9).mean())
    with np.errstate(divide="ignore", invalid="ignore"):
        result = stats.logrank(
            _censored(first_times, first_seen), _censored(second_times, second_seen)
        )
    return float(result.pvalue) if np.isfinite(result.pvalue) else 1.0


def _excess(times: Floats, seen: Booleans) -> Floats:
    """Each seed's onsets, one or none, less those expected of it by its time, ``[n]``.

    The sum over a group is the observed less expected onsets of the log-rank test.
    """
    at = np.unique(times[seen])
    hazard = np.array([((times == t) & seen).sum() / (times >= t).sum() for t in at])
    return np.asarray(seen - (times[:, None] >= at) @ hazard)


@lru_cache(maxsize=4)
def _ways(seeds: int, size: int) -> Integers:
    """Every choice of ``size`` of ``seeds``, ``[ways, size]``."""
    return np.array(list(combinations(range(seeds), size)))


def _censored(times: Floats, seen: Booleans) -> stats.CensoredData:
    if len(times) == 0 or len(times) != len(seen):
        raise DataError(
            f"{len(times)} onset times with {len(seen)} censoring marks were given; "
            "give one of each for every seed, and at least 1 seed"
        )
    return stats.CensoredData.right_censored(times, ~np.asarray(seen, np.bool_))
