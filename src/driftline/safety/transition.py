"""Binomial curves between two levels: the likelihood that width and shape share.

Knows no episodes: a curve is successes of trials at K points, and a rise g in
[0, 1] says how far each point is from the floor to the plateau.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftline.shapes import Booleans, Floats

_EDGE = 1e-9
_EXPECTATION_STEPS = 3
_STEPS = 7


@dataclass(frozen=True, eq=False)
class Levels:
    """The likeliest ``floor``, ``plateau`` and their log-likelihood, each ``[N]``."""

    floor: Floats
    plateau: Floats
    log_likelihood: Floats


def log_likelihood(successes: Floats, trials: Floats, share: Floats) -> Floats:
    """Binomial log-likelihood over the last axis, without its constant.

    A share of 0 or 1 is taken for one within 1e-9 of it.

    >>> float(log_likelihood(np.array([1.0]), np.array([2.0]), np.array([0.5])).round(3))
    -1.386
    """
    inside = _boxed(share)
    terms = successes * np.log(inside) + (trials - successes) * np.log1p(-inside)
    return np.asarray(terms.sum(axis=-1))


def fit_levels(rises: Floats, successes: Floats, trials: Floats) -> Levels:
    """Maximum likelihood of P = floor (1 - g) + plateau g for each of N rises ``[N, K]``.

    The log-likelihood is concave in the two levels: a few steps of expectation
    maximisation (which never leave [0, 1]), then Newton steps where they gain.
    """
    floor, plateau = np.full(len(rises), 0.1), np.full(len(rises), 0.9)
    falls = 1 - rises
    for step in range(_STEPS):
        share = _boxed(falls * floor[:, None] + rises * plateau[:, None])
        hit, miss = successes / share, (trials - successes) / (1 - share)
        by_floor = _reweighted(falls, floor, hit, miss)
        by_plateau = _reweighted(rises, plateau, hit, miss)
        if step >= _EXPECTATION_STEPS:
            down, up = _newton(falls, rises, floor, plateau, hit, miss, share)
            moved = falls * down[:, None] + rises * up[:, None]
            gained = log_likelihood(successes, trials, moved) >= log_likelihood(
                successes, trials, share
            )
            by_floor = np.where(gained, down, by_floor)
            by_plateau = np.where(gained, up, by_plateau)
        floor, plateau = by_floor, by_plateau
    final = falls * floor[:, None] + rises * plateau[:, None]
    return Levels(floor, plateau, log_likelihood(successes, trials, final))


def _reweighted(part: Floats, level: Floats, hit: Floats, miss: Floats) -> Floats:
    """The next level: successes that came from this part, of all that came from it."""
    yes, no = level * (part * hit).sum(1), (1 - level) * (part * miss).sum(1)
    return _boxed(yes / np.maximum(yes + no, 1e-300))


def _newton(
    falls: Floats,
    rises: Floats,
    floor: Floats,
    plateau: Floats,
    hit: Floats,
    miss: Floats,
    share: Floats,
) -> tuple[Floats, Floats]:
    """One Newton step in the box; a level at its bound lets the other move alone."""
    gap, curve = hit - miss, hit / share + miss / (1 - share)
    slope_floor, slope_plateau = (falls * gap).sum(1), (rises * gap).sum(1)
    ff, pp = (falls**2 * curve).sum(1) + _EDGE, (rises**2 * curve).sum(1) + _EDGE
    fp = (falls * rises * curve).sum(1)
    scale = np.maximum(ff * pp - fp**2, 1e-300)
    down = floor + (pp * slope_floor - fp * slope_plateau) / scale
    up = plateau + (ff * slope_plateau - fp * slope_floor) / scale
    down_in, up_in = _boxed(down), _boxed(up)
    alone_up = _boxed(plateau + (slope_plateau - fp * (down_in - floor)) / pp)
    alone_down = _boxed(floor + (slope_floor - fp * (up_in - plateau)) / ff)
    up_out: Booleans = up_in != up
    return (
        np.where(up_out & (down_in == down), alone_down, down_in),
        np.where(down_in != down, alone_up, up_in),
    )


def _boxed(level: Floats) -> Floats:
    return np.asarray(np.clip(level, _EDGE, 1 - _EDGE))
