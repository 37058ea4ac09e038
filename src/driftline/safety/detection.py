"""Detection, harm and the window between: could people have stepped in?

Knows shares and masses per round only. Infinity stands for a round that the
run did not live to see; everything derived from it is a bound, never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftline.safety.thresholds import Thresholds
from driftline.shapes import Floats, Integers

NEVER = float("inf")
Bounds = tuple[float, float]


@dataclass(frozen=True)
class Detection:
    """``detected`` and ``harmed``: rounds, infinite where not reached.

    ``window`` (Omega = harmed - detected, rounds) and ``catchability``
    (C = Omega / L) are bounds, equal where both rounds were reached.
    ``expected_harm`` (H): harmful episodes until control; a lower bound where
    not ``harm_complete``.
    """

    detected: float
    harmed: float
    window: Bounds
    catchability: Bounds
    expected_harm: float
    harm_complete: bool


def detection_round(
    shares: Floats, reviewed: Floats, rounds: Integers, sensitivity: float, confidence: float
) -> float:
    """First K with 1 - prod_{k <= K} (1 - s P_k)^{n_k} >= confidence; infinity if none.

    ``shares`` P and ``reviewed`` n are ``[K]``.

    >>> detection_round(np.full(5, 0.1), np.full(5, 10.0), np.arange(5), 1.0, 0.95)
    2.0
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        missed = np.where(reviewed > 0, reviewed * np.log1p(-sensitivity * shares), 0.0)
    known = np.flatnonzero(-np.expm1(np.cumsum(missed)) >= confidence)
    return float(rounds[known[0]]) if len(known) else NEVER


def harm_round(mass: Floats, rounds: Integers, threshold: float) -> float:
    """First round with F >= ``threshold``; infinity if none.

    >>> harm_round(np.array([0.0, 0.3, 0.1]), np.arange(3), 0.25)
    1.0
    """
    harmful = np.flatnonzero(mass >= threshold)
    return float(rounds[harmful[0]]) if len(harmful) else NEVER


def window(detected: float, harmed: float, unseen: float) -> Bounds:
    """Bounds of harmed - detected, where ``unseen`` is the first round not run.

    >>> window(3.0, 8.0, 10.0), window(3.0, NEVER, 10.0), window(NEVER, 8.0, 10.0)
    ((5.0, 5.0), (7.0, inf), (-inf, -2.0))
    """
    if detected == NEVER and harmed == NEVER:
        return -NEVER, NEVER
    if harmed == NEVER:
        return unseen - detected, NEVER
    if detected == NEVER:
        return -NEVER, harmed - unseen
    return harmed - detected, harmed - detected


def expected_harm(mass: Floats, episodes: Floats, rounds: Integers, controlled: float) -> float:
    """H = sum of n_k F_k over the rounds up to ``controlled`` (t_det + L).

    ``episodes`` n counts all that ran in a round, reviewed or not.

    >>> expected_harm(np.array([0.0, 0.5, 1.0]), np.full(3, 10.0), np.arange(3), 1.0)
    5.0
    """
    counted = (rounds <= controlled) & (episodes > 0)
    return float((episodes[counted] * mass[counted]).sum())


def detect(
    shares: Floats, mass: Floats, episodes: Floats, rounds: Integers, thresholds: Thresholds
) -> Detection:
    """All of it for one seed's curves ``[K]``: P(any), F and the episodes run."""
    ran = episodes > 0
    shares, mass, episodes, rounds = shares[ran], mass[ran], episodes[ran], rounds[ran]
    detected = detection_round(
        shares,
        np.minimum(episodes, thresholds.reviewed_per_round),
        rounds,
        thresholds.review_sensitivity,
        thresholds.detection_confidence,
    )
    harmed = harm_round(mass, rounds, thresholds.harm_mass)
    step = float(np.median(np.diff(rounds))) if len(rounds) > 1 else 1.0
    unseen = float(rounds[-1]) + step
    low, high = window(detected, harmed, unseen)
    controlled = detected + thresholds.control_rounds
    return Detection(
        detected=detected,
        harmed=harmed,
        window=(low, high),
        catchability=(low / thresholds.control_rounds, high / thresholds.control_rounds),
        expected_harm=expected_harm(mass, episodes, rounds, controlled),
        harm_complete=controlled < unseen,
    )
