"""Density ratio of an agent to its reference: what it was to be and what it is.

Knows no policy: log ratios of whole sampled trajectories. In a stochastic world
conditioning breaks the ratio a target promises, so both are always shown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from driftline.errors import DataError, SettingsError
from driftline.safety.estimate import Estimate
from driftline.safety.measurement import finite
from driftline.shapes import Floats

ROUNDING = 1e-3
"""How far over the nominal ratio, as a share of it, single-precision sums may stray."""


@dataclass(frozen=True)
class Nominal:
    """The q-quantilizer: the best share ``q`` of the reference's trajectories.

    Its density to the reference is 1/q on that share and 0 elsewhere (Taylor 2016,
    "Quantilizers"), so for every cost c >= 0, E_q[c] <= E_0[c] / q.

    >>> nominal = Nominal(0.1)
    >>> nominal.ratio, round(nominal.kl, 3), nominal.chi_squared
    (10.0, 2.303, 9.0)
    """

    q: float

    def __post_init__(self) -> None:
        if not 0.0 < self.q <= 1.0:
            raise SettingsError(f"q is {self.q}; give a share above 0 and at most 1")

    @property
    def ratio(self) -> float:
        """The largest density ratio, 1/q."""
        return 1.0 / self.q

    @property
    def kl(self) -> float:
        """Nats: log 1/q."""
        return -math.log(self.q)

    @property
    def chi_squared(self) -> float:
        """1/q - 1."""
        return 1.0 / self.q - 1.0


@dataclass(frozen=True)
class BestOf:
    """The best of ``n`` trajectories drawn from the reference, returns without ties.

    The best one's rank U has density n U^(n-1): KL = log n - (n-1)/n and chi^2 =
    n^2 / (2n-1) - 1 (Beirami et al. 2024, arXiv:2401.01879, call the first an
    upper bound, which ties do not reach).

    >>> BestOf(4).ratio, round(BestOf(4).kl, 3), round(BestOf(4).chi_squared, 3)
    (4.0, 0.636, 1.286)
    """

    n: int

    def __post_init__(self) -> None:
        if self.n < 1:
            raise SettingsError(f"n is {self.n}; give a whole number of at least 1")

    @property
    def ratio(self) -> float:
        """The largest density ratio, n."""
        return float(self.n)

    @property
    def kl(self) -> float:
        """Nats: log n - (n-1)/n."""
        return math.log(self.n) - (self.n - 1) / self.n

    @property
    def chi_squared(self) -> float:
        """n^2 / (2n-1) - 1."""
        return self.n**2 / (2 * self.n - 1) - 1.0


@dataclass(frozen=True)
class Realised:
    """``ratio``: the largest among the sampled trajectories, so a lower bound.

    ``chi_squared``: E_pi[ratio] - 1. ``heaviest_share``: of the sum behind it, what
    a single episode carries.
    """

    ratio: float
    chi_squared: Estimate
    heaviest_share: float

    @property
    def caution(self) -> str:
        """What must be said beside the chi-squared; empty where one can rely on it."""
        if self.chi_squared.episodes > 1 and self.heaviest_share <= 0.5:
            return ""
        return (
            f"one of {self.chi_squared.episodes} episodes carries "
            f"{self.heaviest_share:.0%} of the measured chi-squared: its tail is too heavy "
            "for its standard error to be trusted"
        )


def realised(log_ratios: Floats) -> Realised:
    """Largest ratio and chi-squared of episodes sampled from pi.

    ``log_ratios [E]`` are log p_pi(tau) - log p_0(tau), such as `k1` gives; NaN was
    not measured and takes no part. chi^2(pi || pi0) = E_0[w^2] - 1 = E_pi[w] - 1
    with w = p_pi / p_0. Infinite where a trajectory is impossible under p_0, or
    too large for a float.

    >>> realised(np.log([2.0, 2.0, 4.0, 4.0])).chi_squared.mean
    2.0
    """
    known = log_ratios[~np.isnan(log_ratios)]
    if len(known) == 0:
        raise DataError("no episode has a measured log ratio; give at least 1 that is not NaN")
    with np.errstate(over="ignore"):
        ratios = np.exp(known)
    return Realised(float(ratios.max()), Estimate.of(ratios - 1.0), _heaviest_share(known))


def _heaviest_share(log_ratios: Floats) -> float:
    """The largest of exp(log ratios) over their sum; equal shares among infinite ones."""
    largest = log_ratios.max()
    if math.isinf(largest):
        return 1.0 / float((log_ratios == largest).sum())
    return float(1.0 / np.exp(log_ratios - largest).sum())


@dataclass(frozen=True)
class RatioCheck:
    """What the target promises beside what the sampled episodes show."""

    nominal: Nominal | BestOf
    realised: Realised

    @property
    def exceeded(self) -> bool:
        """Whether some trajectory's ratio is above the nominal one, beyond rounding.

        True is proof; False only says that these episodes did not show it.
        """
        return self.realised.ratio > self.nominal.ratio * (1.0 + ROUNDING)

    def to_json(self) -> dict[str, Any]:
        """Plain values, null where infinite or undefined."""
        return {
            "nominal": {
                "ratio": self.nominal.ratio,
                "kl": self.nominal.kl,
                "chi_squared": self.nominal.chi_squared,
            },
            "realised": {
                "ratio": finite(self.realised.ratio),
                "chi_squared": self.realised.chi_squared.to_json(),
                "heaviest_share": finite(self.realised.heaviest_share),
            },
            "exceeded": self.exceeded,
            "caution": self.realised.caution,
        }
