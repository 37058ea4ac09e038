"""The phase diagram: at which share of demonstrations a behaviour dies out.

Knows prevalences only, not how they came about. q is the quantile's share, alpha the
share of demonstrations; exact fitting puts the boundary at alpha = 1 - q.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from driftline.errors import DataError
from driftline.safety.null_model import QuantileSampling, critical_alpha
from driftline.safety.statistics import Bootstrap
from driftline.shapes import Floats

ALIVE = 0.5
"""A behaviour lives where at least this share of the final rounds' episodes shows it:
under exact fitting the share goes to 0 or to 1, and nowhere else."""


@dataclass(frozen=True)
class Boundary:
    """Where the behaviour's final prevalence crosses `ALIVE`, at one ``q``.

    ``alpha`` is linear between the two alphas tried that it lies between, which are ``gap``
    apart. Its interval is over seeds and reaches from one to the other: nearer than that
    nothing was tried. ``predicted`` is 1 - q. It is infinite where the behaviour lives at
    every alpha tried, minus infinity where at none; ``gap`` is then NaN.
    """

    q: float
    alpha: float
    low: float
    high: float
    predicted: float
    gap: float

    @property
    def deviation(self) -> float:
        """Measured less predicted: above 0 it takes more demonstrations than predicted."""
        return self.alpha - self.predicted


def boundary(q: float, alphas: Floats, prevalences: Floats, bootstrap: Bootstrap) -> Boundary:
    """From final ``prevalences [S, A]`` of S seeds at ascending ``alphas [A]``.

    Where some resampled seeds never cross, the interval is open.

    >>> bootstrap = Bootstrap.drawn(np.random.default_rng(0), 200, 2)
    >>> prevalences = np.array([[1.0, 0.9, 0.1], [1.0, 1.0, 0.0]])
    >>> round(boundary(0.5, np.array([0.25, 0.5, 0.75]), prevalences, bootstrap).alpha, 3)
    0.625
    """
    if prevalences.ndim != 2 or prevalences.shape[1] != len(alphas) or len(alphas) < 2:
        raise DataError(
            f"prevalences are {list(prevalences.shape)} for {len(alphas)} alphas; give one row "
            "for each seed and one column for each of at least 2 alphas"
        )
    if (np.diff(alphas) <= 0).any():
        raise DataError(f"alphas are {alphas.tolist()}; give them in ascending order")
    chosen = bootstrap.indices(len(prevalences))
    draws = np.array([between(alphas, prevalences[rows].mean(0)) for rows in chosen])
    tail = (1 - bootstrap.confidence) / 2
    low = np.quantile(draws[:, 0], tail, method="inverted_cdf")
    high = np.quantile(draws[:, 1], 1 - tail, method="inverted_cdf")
    last, first = between(alphas, prevalences.mean(0))
    return Boundary(
        q=q,
        alpha=crossing(alphas, prevalences.mean(0)),
        low=float(low),
        high=float(high),
        predicted=critical_alpha(QuantileSampling(q)),
        gap=first - last if np.isfinite(last) else float("nan"),
    )


def crossing(alphas: Floats, prevalence: Floats) -> float:
    """The last alpha at which a curve ``[A]`` falls through `ALIVE`, linear in between.

    >>> crossing(np.array([0.0, 0.5]), np.array([0.2, 0.1]))
    -inf
    """
    low, high = between(alphas, prevalence)
    if not np.isfinite(low):
        return low
    above, below = (prevalence[alphas == each][0] for each in (low, high))
    return float(low + (above - ALIVE) / (above - below) * (high - low))


def between(alphas: Floats, prevalence: Floats) -> tuple[float, float]:
    """The two alphas tried between which a curve ``[A]`` last falls through `ALIVE`.

    Both are minus infinity where it is never above, infinity where it is to the end.

    >>> between(np.array([0.0, 0.25, 0.5]), np.array([0.9, 0.6, 0.1]))
    (0.25, 0.5)
    """
    alive = np.flatnonzero(prevalence >= ALIVE)
    if not len(alive):
        return -np.inf, -np.inf
    last = int(alive[-1])
    if last == len(alphas) - 1:
        return np.inf, np.inf
    return float(alphas[last]), float(alphas[last + 1])


@dataclass(frozen=True)
class Deviation:
    """Of the boundaries that were found from the predicted line: signed mean, mean size.

    ``found`` of ``sought`` boundaries lay between two alphas that were tried, ``gap`` apart
    on average.
    """

    mean: float
    size: float
    found: int
    sought: int
    gap: float


def deviation(boundaries: Sequence[Boundary]) -> Deviation:
    """How far measured boundaries lie from alpha = 1 - q; NaN where none was found."""
    known = [each.deviation for each in boundaries if np.isfinite(each.alpha)]
    mean = float(np.mean(known)) if known else float("nan")
    size = float(np.mean(np.abs(known))) if known else float("nan")
    gaps = [each.gap for each in boundaries if np.isfinite(each.alpha)]
    gap = float(np.mean(gaps)) if gaps else float("nan")
    return Deviation(mean, size, len(known), len(boundaries), gap)
