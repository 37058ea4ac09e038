"""Distances between two distributions over the same outcomes, given as log-probabilities.

Knows no world. ``p`` is the one that acts, ``q`` the reference; -inf is a probability
of 0. Where p puts mass and q none, the ratio and what follows from it are infinite.
"""

from __future__ import annotations

import numpy as np

from driftline.shapes import Floats


def log_ratios(p: Floats, q: Floats) -> Floats:
    """log p − log q, -inf wherever p is 0."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(np.isneginf(p), -np.inf, p - q))


def kl(p: Floats, q: Floats) -> float:
    """KL(p ‖ q) = Σ p log(p/q), in nats.

    >>> round(kl(np.log([0.5, 0.5]), np.log([0.25, 0.75])), 6)
    0.143841
    """
    mass = np.exp(p)
    seen = mass > 0
    return float(mass[seen] @ (p[seen] - q[seen]))


def chi_squared(p: Floats, q: Floats) -> float:
    """χ²(p ‖ q) = Σ p²/q − 1."""
    with np.errstate(over="ignore"):
        return float(np.exp(p + log_ratios(p, q)).sum() - 1.0)


def maximum_ratio(p: Floats, q: Floats) -> float:
    """The greatest p/q over outcomes that p can produce."""
    with np.errstate(over="ignore"):
        return float(np.exp(log_ratios(p, q).max()))


def total_variation(p: Floats, q: Floats) -> float:
    """½ Σ |p − q|, from 0 to 1."""
    return float(np.abs(np.exp(p) - np.exp(q)).sum() / 2)
