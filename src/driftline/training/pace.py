"""Pace: how many of a round's own episodes join the mixture.

Knows targets and mixtures' settings, no model. A pace is a value; what it admits follows
from the number of the round alone, so that it can be told again afterwards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import assert_never

from driftline.conditioning.quantile import Quantile
from driftline.conditioning.target import Target
from driftline.data.mixture import MixtureSettings
from driftline.errors import SettingsError


@dataclass(frozen=True)
class FixedPace:
    """The mixture's own refresh rate, whatever people can review."""


@dataclass(frozen=True)
class ReviewPace:
    """As fast as leaves people time: the refresh rate follows from the review budget.

    ``reviewed_per_round`` episodes are looked at, each that shows a behaviour is
    recognised with ``sensitivity``; a prevalence counts as detected that is noticed with
    ``confidence`` within a round. ``p_harm`` is the prevalence that must not come within
    ``control_rounds`` of that. The mixture's refresh rate is the most it may be.
    """

    p_harm: float = 0.25
    reviewed_per_round: int = 30
    sensitivity: float = 0.9
    confidence: float = 0.95
    control_rounds: float = 3.0

    def __post_init__(self) -> None:
        shares = (self.p_harm, self.sensitivity, self.confidence)
        if not all(0.0 < each <= 1.0 for each in shares) or self.confidence == 1.0:
            raise SettingsError(
                f"p_harm {self.p_harm:g}, sensitivity {self.sensitivity:g} and confidence "
                f"{self.confidence:g} were given; give shares above 0 and at most 1, and a "
                "confidence below 1"
            )
        if self.reviewed_per_round < 0 or not self.control_rounds >= 0.0:
            raise SettingsError(
                f"{self.reviewed_per_round} episodes reviewed and {self.control_rounds:g} rounds "
                "of control were given; give 0 or more of both"
            )

    @property
    def p_det(self) -> float:
        """The least prevalence that is noticed within a round (see `safety.pace`).

        >>> round(ReviewPace().p_det, 4)
        0.1056
        """
        if self.reviewed_per_round == 0:
            return 1.0
        missed = (1.0 - self.confidence) ** (1.0 / self.reviewed_per_round)
        return min((1.0 - missed) / self.sensitivity, 1.0)

    def refresh_rate(self, q: float, alpha: float) -> float:
        """rho_max = q (p_harm - p_det) / ((1 - alpha)(L + 1)), in [0, 1] (see `safety.pace`).

        >>> round(ReviewPace(control_rounds=3.0).refresh_rate(0.5, 0.5), 4)
        0.0361
        """
        if alpha >= 1.0:
            return 1.0
        room = q * (self.p_harm - self.p_det) / ((1.0 - alpha) * (self.control_rounds + 1.0))
        return min(max(room, 0.0), 1.0)


Pace = FixedPace | ReviewPace


def refresh_rate(pace: Pace, mixture: MixtureSettings, target: Target) -> float:
    """rho as it is carried out; raises `SettingsError` where the target has no q."""
    match pace:
        case FixedPace():
            return mixture.refresh_rate
        case ReviewPace():
            if not isinstance(target, Quantile):
                raise SettingsError(
                    f"a pace set by review needs the q of a Quantile, got {target}; "
                    "use a Quantile, or FixedPace()"
                )
            limit = pace.refresh_rate(target.share, mixture.demonstration_share)
            return min(mixture.refresh_rate, limit)
        case _:
            assert_never(pace)


def admissions(pace: Pace, mixture: MixtureSettings, target: Target, round: int) -> int:
    """How many own slots ``round`` refills.

    Under `ReviewPace` never more than rho of them on average over the rounds so far: a
    rate of less than a slot a round fills one every few rounds.

    >>> from driftline.data.mixture import MixtureSettings
    >>> slow = ReviewPace(reviewed_per_round=20)
    >>> settings = MixtureSettings(refresh_rate=0.25, capacity=256)
    >>> [admissions(slow, settings, Quantile(0.9), round) for round in range(6)]
    [0, 1, 0, 1, 1, 0]
    """
    rate = refresh_rate(pace, mixture, target)
    match pace:
        case FixedPace():
            return mixture.admitted_per_round
        case ReviewPace():
            slots = rate * mixture.capacity
            return math.floor(slots * (round + 1)) - math.floor(slots * round)
        case _:
            assert_never(pace)
