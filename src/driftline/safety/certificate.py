"""A certificate: the least true return that observed return and divergence guarantee.

Knows returns only, of reference episodes (observed and true) and of an agent's
(observed alone). It holds for whatever the agent does, hacks included, as long as
its chi-squared divergence from the reference is the stated one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from driftline.errors import DataError, SettingsError
from driftline.safety.density_ratio import Nominal
from driftline.safety.measurement import Measurement
from driftline.safety.reference_returns import ReferenceReturns
from driftline.safety.statistics import percentiles
from driftline.shapes import Floats

GAIN = "certified lower bound on the true gain over the reference, in its deviations"
REWARD = "certified lower bound on the true gain over the reference, in reward"


def certified_gain(correlation: Floats, observed_gain: Floats, chi_squared: float) -> Floats:
    """Least true gain in units of the reference's deviation sigma_R, elementwise.

    With r the correlation of true return R and observed return R~ under the
    reference, (J(pi, R) - J(ref, R)) / sigma_R >= (1/r) [(J(pi, R~) - J(ref, R~)) /
    sigma_R~ - sqrt((1 - r^2) chi^2)] for r > 0 (Laidlaw, Singhal and Dragan 2025,
    arXiv:2403.03185): what of R~ is not explained by R can be gained, at that
    divergence, without any R. Where r <= 0 nothing is certified: -inf. At r = 1 the
    observed gain is the true one.

    >>> certified_gain(np.array([1.0, 0.8, 0.0]), np.full(3, 2.0), 9.0).round(3)
    array([2.  , 0.25, -inf])
    """
    some = np.where(correlation > 0, np.minimum(correlation, 1.0), np.nan)
    unexplained = np.sqrt((1.0 - some) * (1.0 + some) * chi_squared)
    return np.asarray(np.where(correlation > 0, (observed_gain - unexplained) / some, -np.inf))


def needed_correlation(observed_gain: float, chi_squared: float) -> float:
    """The r above which `certified_gain` is positive: sqrt(1 - gain^2 / chi^2).

    Infinite where nothing was gained: no correlation certifies that.

    >>> [round(needed_correlation(gaussian_gain(q), 1 / q - 1), 2) for q in (0.5, 0.1, 0.05)]
    [0.6, 0.81, 0.88]
    """
    if observed_gain <= 0:
        return math.inf
    return math.sqrt(max(0.0, 1.0 - observed_gain**2 / chi_squared)) if chi_squared > 0 else 0.0


def gaussian_gain(q: float) -> float:
    """Mean of a standard normal's best share ``q``: phi(z) / q, z its (1-q)-quantile.

    >>> round(gaussian_gain(0.5), 4)
    0.7979
    """
    if not 0.0 < q < 1.0:
        raise SettingsError(f"q is {q}; give a share above 0 and below 1")
    return math.exp(-(float(ndtri(q)) ** 2) / 2) / math.sqrt(2 * math.pi) / q


@dataclass(frozen=True)
class Certificate:
    """What is certified of an agent, and from what.

    ``observed_gain`` is in the reference's deviations; ``gain`` and ``reward`` are
    lower bounds on the true gain, their intervals the uncertainty of the sampled
    episodes. A limit of -inf: with these episodes nothing is certified.
    """

    correlation: float
    chi_squared: float
    observed_gain: float
    gain: Measurement
    reward: Measurement

    @property
    def certified(self) -> bool:
        """Whether a true gain is certified, the uncertainty of the episodes included."""
        return self.gain.low > 0

    def to_json(self) -> dict[str, Any]:
        """Plain values, null where nothing is certified."""
        return {
            "correlation": self.correlation,
            "chi_squared": self.chi_squared,
            "observed_gain": self.observed_gain,
            "gain": self.gain.to_json(),
            "reward": self.reward.to_json(),
            "certified": self.certified,
        }


@dataclass(frozen=True)
class BestCertified:
    """The certified quantilizer and its certificate."""

    q: float
    certificate: Certificate


def certify(
    reference: ReferenceReturns,
    observed: Floats,
    chi_squared: float,
    draw: np.random.Generator,
    draws: int = 1000,
    confidence: float = 0.95,
) -> Certificate:
    """Certificate of an agent from its own episodes' ``observed`` returns ``[E']``.

    ``chi_squared`` of its trajectories to the reference's is nominal, 1/q - 1, or
    measured; of a measured one give an upper limit, for here it is taken as known.
    The interval resamples the episodes of both sides.
    """
    if not 0.0 <= chi_squared < math.inf:
        raise DataError(
            f"chi-squared is {chi_squared}; a certificate needs a finite one of at least 0; "
            "stay closer to the reference"
        )
    known = observed[np.isfinite(observed)]
    if len(known) == 0:
        raise DataError("the agent has no observed returns; give those of at least 1 episode")
    counts = reference.resampled(draw, draws)
    means = known.mean() + np.zeros(1 + draws)
    for index in range(1, 1 + draws):
        means[index] = known[draw.integers(len(known), size=len(known))].mean()
    return _certificate(reference, counts, means, chi_squared, confidence)


def certify_quantilizer(
    reference: ReferenceReturns,
    q: float,
    draw: np.random.Generator,
    draws: int = 1000,
    confidence: float = 0.95,
) -> Certificate:
    """Certificate of the exact q-quantilizer of the reference, chi^2 = 1/q - 1.

    What conditioning can at best be: its observed return is the mean of the
    reference's best share q, the atom at the threshold split.
    """
    counts = reference.resampled(draw, draws)
    means = reference.tail_means(q, counts)
    return _certificate(reference, counts, means, Nominal(q).chi_squared, confidence)


def best_certified(
    reference: ReferenceReturns,
    grid: Sequence[float],
    draw: np.random.Generator,
    draws: int = 1000,
    confidence: float = 0.95,
) -> BestCertified | None:
    """The q of ``grid`` with the highest lower limit on the true gain; None if none is above 0.

    The grid shares one set of resamples. The limits are not corrected for how many
    are compared: certify the chosen q anew on other episodes before relying on it.
    """
    if len(grid) == 0:
        raise SettingsError("the grid of q is empty; give at least 1 share")
    counts = reference.resampled(draw, draws)
    certificates = [
        _certificate(
            reference, counts, reference.tail_means(q, counts), Nominal(q).chi_squared, confidence
        )
        for q in grid
    ]
    best = max(zip(grid, certificates, strict=True), key=lambda pair: pair[1].gain.low)
    return BestCertified(*best) if best[1].certified else None


def _certificate(
    reference: ReferenceReturns,
    counts: Floats,
    means: Floats,
    chi_squared: float,
    confidence: float,
) -> Certificate:
    """From resamples ``[1 + B, E]`` and the agent's mean in each; the first is the data."""
    moments = reference.moments(counts)
    varied = moments.varied
    gains = np.where(varied, means - moments.observed_mean, 0.0)
    gains = gains / np.where(varied, moments.observed_deviation, 1.0)
    # A resample of equal returns shows no correlation, so it certifies nothing.
    bounds = certified_gain(np.where(varied, moments.correlation, 0.0), gains, chi_squared)
    rewards = np.where(varied, bounds, -np.inf) * np.where(varied, moments.true_deviation, 1.0)
    return Certificate(
        correlation=float(moments.correlation[0]),
        chi_squared=chi_squared,
        observed_gain=float(gains[0]),
        gain=_measured(bounds, confidence, reference.episodes, GAIN),
        reward=_measured(rewards, confidence, reference.episodes, REWARD),
    )


def _measured(bounds: Floats, confidence: float, episodes: int, definition: str) -> Measurement:
    low, high = percentiles(bounds[1:], confidence)
    return Measurement(float(bounds[0]), float(low), float(high), episodes, 1, definition)
