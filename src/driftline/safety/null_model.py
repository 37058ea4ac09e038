"""The null model: what exact fitting predicts, to hold measured curves against.

Knows no episode. h is the share of the modelled data that shows a behaviour
which is strictly best on observed return; alpha the share of demonstrations;
rho the share of the agent's own slots that a round refreshes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

import numpy as np
from scipy.special import expit, logit

from driftline.errors import SettingsError
from driftline.safety.detection import Bounds
from driftline.safety.onset import first_sustained
from driftline.safety.width import WIDTH_PER_SCALE
from driftline.shapes import Floats


@dataclass(frozen=True)
class QuantileSampling:
    """A quantilizer that keeps the best ``q``: T(h) = min(1, h / q)."""

    q: float

    def __post_init__(self) -> None:
        if not 0 < self.q <= 1:
            raise SettingsError(f"q is {self.q}; give a share above 0 and at most 1")


@dataclass(frozen=True)
class TiltSampling:
    """An exponential tilt, T(h) = h e^b / (h e^b + 1 - h); ``tilt`` b is beta times
    the gap in return between showing the behaviour and not."""

    tilt: float

    def __post_init__(self) -> None:
        if not self.tilt >= 0:
            raise SettingsError(f"tilt is {self.tilt}; give 0 or more")


Sampling = QuantileSampling | TiltSampling


def sampled(share: Floats, sampling: Sampling) -> Floats:
    """T(h): the share of rollouts that show the behaviour.

    >>> sampled(np.array([0.01, 0.2]), QuantileSampling(0.1))
    array([0.1, 1. ])
    """
    match sampling:
        case QuantileSampling(q):
            return np.asarray(np.minimum(1.0, share / q))
        case TiltSampling(tilt):
            return np.asarray(share / (share + (1 - share) * np.exp(-tilt)))
        case _:
            assert_never(sampling)


def unsampled(shown: Floats, sampling: Sampling) -> Floats:
    """The least h with T(h) = ``shown``: the data that explain what rollouts show.

    >>> unsampled(np.array([0.1, 1.0]), QuantileSampling(0.1))
    array([0.01, 0.1 ])
    """
    match sampling:
        case QuantileSampling(q):
            return np.asarray(shown * q)
        case TiltSampling(tilt):
            return np.asarray(expit(logit(shown) - tilt))
        case _:
            assert_never(sampling)


@dataclass(frozen=True, eq=False)
class NullCurve:
    """``data [K + 1]``: h_k; ``behaviour [K + 1]``: T(h_k), what the rollouts show."""

    data: Floats
    behaviour: Floats


def null_curve(
    start: float, rounds: int, sampling: Sampling, alpha: float = 0.0, rho: float = 1.0
) -> NullCurve:
    """h_{k+1} = h_k + rho ((1 - alpha) T(h_k) - h_k), from h_0 = ``start``.

    A cap on the data share is no cap on the conditioned behaviour: both are given.

    >>> null_curve(0.01, 2, QuantileSampling(0.1)).data
    array([0.01, 0.1 , 1.  ])
    """
    for name, value in (("start", start), ("alpha", alpha), ("rho", rho)):
        if not 0 <= value <= 1:
            raise SettingsError(f"{name} is {value}; give a share from 0 to 1")
    data = np.empty(rounds + 1)
    data[0] = start
    for k in range(rounds):
        share = data[k : k + 1]
        data[k + 1] = (share + rho * ((1 - alpha) * sampled(share, sampling) - share))[0]
    return NullCurve(data, sampled(data, sampling))


def critical_alpha(sampling: Sampling) -> float:
    """The share of demonstrations above which the behaviour dies out.

    1 - q for a quantile, 1 - e^-b for a tilt: the line of the phase diagram.

    >>> critical_alpha(QuantileSampling(0.25))
    0.75
    """
    match sampling:
        case QuantileSampling(q):
            return 1 - q
        case TiltSampling(tilt):
            return -float(np.expm1(-tilt))
        case _:
            assert_never(sampling)


def dies_out(sampling: Sampling, alpha: float) -> bool:
    """Whether a rare behaviour becomes rarer each round, at any rho above 0."""
    return alpha > critical_alpha(sampling)


def null_width(sampling: Sampling) -> float:
    """Rounds from 10% to 90% at alpha = 0 and rho = 1.

    ln 9 / ln(1/q) for a quantile, 2 ln 9 / b = 4.394 / b for a tilt; infinite
    where nothing is selected.

    >>> round(null_width(QuantileSampling(0.05)), 2), round(null_width(TiltSampling(2.0)), 3)
    (0.73, 2.197)
    """
    match sampling:
        case QuantileSampling(q):
            return float("inf") if q == 1 else float(np.log(9.0) / -np.log(q))
        case TiltSampling(tilt):
            return float("inf") if tilt == 0 else WIDTH_PER_SCALE / tilt
        case _:
            assert_never(sampling)


def curve_width(curve: Floats) -> float:
    """Rounds from 10% to 90% of the way from a curve's first to its last value.

    For any alpha and rho: of a `null_curve` that has reached its plateau.
    Linear between rounds; infinite for a curve that does not rise.

    >>> curve_width(np.linspace(0.0, 1.0, 11))
    8.0
    """
    rise = curve[-1] - curve[0]
    if not rise > 0:
        return float("inf")
    way = (curve - curve[0]) / rise
    return _crossing(way, 0.9) - _crossing(way, 0.1)


def excess_speed(null: float, observed: float) -> float:
    """w_null / w_observed: above 1 the model generalised, below 1 it has inertia.

    >>> excess_speed(3.0, 1.5)
    2.0
    """
    return null / observed if observed > 0 else float("inf")


def onset_bounds(shares: Floats, first: float, prevalence: float, consecutive: int) -> Bounds:
    """The onset of a curve ``shares [K]`` that has one value a round from round ``first`` on.

    By `onset.first_sustained`. Not reached: from the first round from which it could
    still be sustained, without an end.

    >>> onset_bounds(np.array([0.0, 0.1, 0.3]), 5.0, 0.1, 2)
    (6.0, 6.0)
    >>> onset_bounds(np.array([0.0, 0.0, 0.3]), 5.0, 0.1, 2)
    (7.0, inf)
    """
    found = first_sustained(shares, np.arange(len(shares)), prevalence, consecutive)
    if np.isfinite(found):
        return first + found, first + found
    return first + max(len(shares) + 1 - consecutive, 0), float("inf")


def excess_onset(null: Bounds, observed: Bounds) -> Bounds:
    """Observed less null onset in rounds: below 0 it came earlier than exact fitting predicts.

    Bounds, equal where both onsets are known. An onset that did not come within what
    was watched leaves one side open, two leave both.

    >>> excess_onset((7.0, 7.0), (4.0, 4.0)), excess_onset((7.0, 7.0), (19.0, float("inf")))
    ((-3.0, -3.0), (12.0, inf))
    """
    return observed[0] - null[1], observed[1] - null[0]


def _crossing(way: Floats, level: float) -> float:
    after = int(np.argmax(way >= level))
    before = after - 1
    return float(before + (level - way[before]) / (way[after] - way[before]))
