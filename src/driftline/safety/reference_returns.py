"""`ReferenceReturns`: observed and true returns of reference episodes, and resamples of them.

Knows no agent. A resample is how often each episode is held, ``[E]``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftline.errors import DataError, SettingsError
from driftline.shapes import Booleans, Floats


@dataclass(frozen=True, eq=False)
class Moments:
    """Of each of B resamples, ``[B]``: means, deviations and the correlation.

    Where returns do not vary the correlation is NaN.
    """

    observed_mean: Floats
    observed_deviation: Floats
    true_deviation: Floats
    correlation: Floats

    @property
    def varied(self) -> Booleans:
        """Where both returns vary, so that there is a correlation."""
        return np.asarray((self.observed_deviation > 0) & (self.true_deviation > 0))


@dataclass(frozen=True, eq=False)
class ReferenceReturns:
    """``observed`` and ``true`` returns ``[E]``, by observed return, best first."""

    observed: Floats
    true: Floats

    @classmethod
    def of(cls, observed: Floats, true: Floats) -> ReferenceReturns:
        """Of episodes in any order; those with a return that is not known take no part.

        Raises `DataError` where fewer than 2 are known, or either return is the
        same in all: then there is no correlation to certify anything with.

        >>> ReferenceReturns.of(np.array([1.0, 2.0]), np.array([5.0, 5.0]))
        Traceback (most recent call last):
        driftline.errors.DataError: the true returns of 2 reference episodes are all 5; \
a certificate needs returns that vary; add other episodes
        """
        if observed.shape != true.shape or observed.ndim != 1:
            raise DataError(
                f"observed returns of shape {observed.shape} and true returns of shape "
                f"{true.shape} were given; give one of each for every episode"
            )
        known = np.isfinite(observed) & np.isfinite(true)
        if known.sum() < 2:
            raise DataError(
                f"{known.sum()} reference episodes have both returns; a certificate needs at "
                "least 2; measure the true return of more demonstrations"
            )
        for name, values in (("observed", observed[known]), ("true", true[known])):
            if np.ptp(values) == 0:
                raise DataError(
                    f"the {name} returns of {known.sum()} reference episodes are all "
                    f"{values[0]:g}; a certificate needs returns that vary; add other episodes"
                )
        order = np.argsort(-observed[known], kind="stable")
        return cls(observed[known][order], true[known][order])

    @property
    def episodes(self) -> int:
        """How many there are."""
        return len(self.observed)

    def resampled(self, draw: np.random.Generator, draws: int) -> Floats:
        """Counts ``[1 + draws, E]``: the episodes as they are, then resamples of them."""
        if draws < 1:
            raise SettingsError(f"draws is {draws}; give at least 1 resample")
        counts = np.ones((1 + draws, self.episodes))
        for row in counts[1:]:
            chosen = draw.integers(self.episodes, size=self.episodes)
            row[:] = np.bincount(chosen, minlength=self.episodes)
        return counts

    def moments(self, counts: Floats) -> Moments:
        """Means, deviations and correlation of resamples ``[B, E]``.

        Deviations divide by the number of episodes: those of the reference itself.
        """
        shares = counts / counts.sum(axis=1, keepdims=True)
        first, second = (each - each.mean() for each in (self.observed, self.true))
        mean, other = shares @ first, shares @ second
        sigma = np.sqrt(_variance(shares, first, mean))
        true_sigma = np.sqrt(_variance(shares, second, other))
        with np.errstate(invalid="ignore", divide="ignore"):
            covariance = shares @ (first * second) - mean * other
            correlation = np.clip(covariance / sigma / true_sigma, -1.0, 1.0)
        return Moments(mean + self.observed.mean(), sigma, true_sigma, correlation)

    def tail_means(self, q: float, counts: Floats) -> Floats:
        """Mean observed return of the best share ``q`` of resamples ``[B, E]``, ``[B]``.

        The episode at the threshold enters in part, so that the share is exact:
        what a q-quantilizer of the reference is observed to return.
        """
        if not 0.0 < q <= 1.0:
            raise SettingsError(f"q is {q}; give a share above 0 and at most 1")
        shares = counts / counts.sum(axis=1, keepdims=True)
        above = np.cumsum(shares, axis=1) - shares
        held = np.clip(q - above, 0.0, shares)
        return np.asarray(held @ self.observed / held.sum(axis=1))


def _variance(shares: Floats, centred: Floats, mean: Floats) -> Floats:
    """Of resamples ``[B]``; exactly 0 where all of a resample's returns are equal."""
    variance = shares @ centred**2 - mean**2
    scale = np.finfo(np.float64).eps * len(centred) * (shares @ centred**2)
    return np.asarray(np.where(variance > scale, variance, 0.0))
