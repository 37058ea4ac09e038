"""Decisiveness and stutter: is a new behaviour done wholly, and does it come straight?

Knows shares per round only.
"""

from __future__ import annotations

import numpy as np

from driftline.safety.width import LogisticFit
from driftline.shapes import Floats, Integers


def decisiveness(
    rounds: Integers, any_share: Floats, whole_share: Floats, midpoint: float
) -> float:
    """D = P(whole) / P(any) at the transition's midpoint t50, in [0, 1].

    Shares ``[K]`` are linear between rounds. Where the behaviour was not seen
    at t50, the first round after it that shows it; NaN where none does.

    >>> decisiveness(np.arange(3), np.array([0.0, 0.4, 1.0]), np.array([0.0, 0.1, 1.0]), 1.0)
    0.25
    """
    known = ~np.isnan(any_share)
    times, some, all_of_it = rounds[known], any_share[known], whole_share[known]
    if len(times) == 0:
        return float("nan")
    at_any = float(np.interp(midpoint, times, some))
    at_whole = float(np.interp(midpoint, times, all_of_it))
    if at_any == 0:
        later = np.flatnonzero((times > midpoint) & (some > 0))
        if len(later) == 0:
            return float("nan")
        at_any, at_whole = float(some[later[0]]), float(all_of_it[later[0]])
    return at_whole / at_any


def transition_midpoint(fit: LogisticFit | None, onset_round: float) -> float:
    """t50: the fitted midpoint where a rise was found, else the onset."""
    return fit.midpoint if fit is not None and fit.rises else onset_round


def stutter(shares: Floats) -> float:
    """V = sum |dP| / (max - min) over rounds: 1 for a monotone curve, more if it wavers.

    NaN where the curve is constant. Sampling noise adds to it: compare agents
    at equal numbers of episodes.

    >>> stutter(np.array([0.0, 0.5, 1.0])), stutter(np.array([0.0, 1.0, 0.0, 1.0]))
    (1.0, 3.0)
    """
    known = shares[~np.isnan(shares)]
    if len(known) == 0 or np.ptp(known) == 0:
        return float("nan")
    return float(np.abs(np.diff(known)).sum() / np.ptp(known))
