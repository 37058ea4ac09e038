"""What a target makes of the distribution of returns: one weight for each return.

Knows no trajectories and no world. ``returns [N]`` are distinct and ascending,
``probabilities [N]`` theirs under the demonstrator. Weights are logarithms, -inf
for 0, and need no common scale.
"""

from __future__ import annotations

import numpy as np

from driftline.errors import SettingsError
from driftline.exact.logarithms import log
from driftline.shapes import Floats

_ROUNDING = 1e-12


def exponential(returns: Floats, beta: float) -> Floats:
    """log e^{βR}."""
    return np.asarray(beta * returns)


def tail(probabilities: Floats, share: float) -> Floats:
    """The best ``share`` q of the demonstrator: log of the fraction kept of each return.

    1 above the threshold, 0 below; of the atom at the threshold, the fraction with
    which exactly q is kept. What lacks or exceeds by less than 1e-12 is rounding.
    Raises `SettingsError` for a share outside (0, 1].

    >>> np.exp(tail(np.array([0.25, 0.5, 0.25]), 0.5))
    array([0. , 0.5, 1. ])
    """
    if not 0.0 < share <= 1.0:
        raise SettingsError(f"a share of {share:g} of the returns; it lies in (0, 1]")
    above = np.concatenate([np.cumsum(probabilities[::-1])[::-1][1:], [0.0]])
    room = np.where(share - above < _ROUNDING, 0.0, share - above)
    entered = room > 0
    kept = np.where(entered & (probabilities - room < _ROUNDING), probabilities, room)
    whole = entered.astype(np.float64)
    return log(np.divide(kept, probabilities, out=whole, where=probabilities > 0))


def best_of(probabilities: Floats, draws: int) -> Floats:
    """log of [F(r)^n − F(r−)^n] / p(r): the best of n independent draws.

    Ties go to any of the best with the same probability, so trajectories of one
    return keep their proportions. -inf for a return of probability 0. Raises
    `SettingsError` for fewer than 1 draw.

    >>> np.exp(best_of(np.array([0.5, 0.5]), 2)).round(9)
    array([0.5, 1.5])
    """
    if draws < 1:
        raise SettingsError(f"the best of {draws} draws; at least 1 is needed")
    reached = np.cumsum(probabilities)
    seen = probabilities > 0
    odds = np.divide(probabilities, reached, out=np.zeros_like(reached), where=seen)
    with np.errstate(divide="ignore"):
        gained = reached**draws * -np.expm1(draws * np.log1p(-odds))
    return log(np.divide(gained, probabilities, out=np.zeros_like(reached), where=seen))
