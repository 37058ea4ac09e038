"""`KLPenalty`: what a nat of divergence from the demonstrator model costs, round by round.

Knows no model. A coefficient c, in reward units per nat of trajectory KL, asks for
the optimum of E[R] - c KL(pi || pi_0): the demonstrator tilted by beta = 1/c.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import assert_never

import numpy as np

from driftline.errors import SettingsError


@dataclass(frozen=True)
class FixedPenalty:
    """The same ``coefficient`` in every round; 0 is plain RL fine-tuning."""

    coefficient: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.coefficient < float("inf"):
            raise SettingsError(
                f"the coefficient of a penalty is at least 0 and finite, got {self.coefficient:g}"
            )


@dataclass(frozen=True)
class AdaptivePenalty:
    """A coefficient that moves until the trajectory KL is ``target_kl`` nats.

    Each round multiplies it by 1 + gain * clip(KL / target_kl - 1, -clip, clip): a
    proportional controller of its logarithm (Ziegler et al. 2019, arXiv:1909.08593,
    sec. 2.2, there with these defaults and thousands of updates, by 2% at most in each;
    where there are a few dozen rounds, take a larger gain). Give ``initial`` near the
    reward that a nat is thought to be worth.
    """

    target_kl: float
    initial: float = 1.0
    gain: float = 0.1
    clip: float = 0.2

    def __post_init__(self) -> None:
        _check_controller(self.initial, self.gain, self.clip)
        _check_targets((self.target_kl,))


@dataclass(frozen=True)
class ScheduledPenalty:
    """An `AdaptivePenalty` whose target goes through ``points`` (round, trajectory KL).

    Between them it is interpolated, before the first and after the last it stays.
    """

    points: tuple[tuple[int, float], ...]
    initial: float = 1.0
    gain: float = 0.1
    clip: float = 0.2

    def __post_init__(self) -> None:
        _check_controller(self.initial, self.gain, self.clip)
        rounds = [round for round, _ in self.points]
        if not rounds or any(later <= one for one, later in pairwise(rounds)):
            raise SettingsError(
                f"a schedule needs points (round, target KL) in the order of rounds, got "
                f"{self.points}"
            )
        _check_targets(tuple(target for _, target in self.points))

    def target_kl(self, round: int) -> float:
        """The target of a round.

        >>> ScheduledPenalty(((0, 1.0), (10, 3.0))).target_kl(5)
        2.0
        """
        rounds, targets = zip(*self.points, strict=True)
        return float(np.interp(round, rounds, targets))


KLPenalty = FixedPenalty | AdaptivePenalty | ScheduledPenalty


def first_coefficient(penalty: KLPenalty) -> float:
    """The coefficient of round 0."""
    match penalty:
        case FixedPenalty():
            return penalty.coefficient
        case AdaptivePenalty() | ScheduledPenalty():
            return penalty.initial
        case _:
            assert_never(penalty)


def next_coefficient(penalty: KLPenalty, coefficient: float, kl: float, round: int) -> float:
    """The coefficient of the round after ``round``, whose mean trajectory KL was ``kl``.

    >>> round(next_coefficient(AdaptivePenalty(2.0), 1.0, kl=9.0, round=0), 6)
    1.02
    """
    match penalty:
        case FixedPenalty():
            return coefficient
        case AdaptivePenalty():
            target = penalty.target_kl
        case ScheduledPenalty():
            target = penalty.target_kl(round)
        case _:
            assert_never(penalty)
    error = min(max(kl / target - 1.0, -penalty.clip), penalty.clip)
    return coefficient * (1.0 + penalty.gain * error)


def _check_controller(initial: float, gain: float, clip: float) -> None:
    if not (0.0 < initial < float("inf") and gain > 0.0 and clip > 0.0 and gain * clip < 1.0):
        raise SettingsError(
            "a penalty that adapts needs a positive initial coefficient, gain and clip, and gain "
            f"times clip below 1, got {initial:g}, {gain:g} and {clip:g}"
        )


def _check_targets(targets: tuple[float, ...]) -> None:
    if not all(0.0 < each < float("inf") for each in targets):
        raise SettingsError(f"a target KL is positive and finite, got {targets}")
