"""Pace: how slowly data may shift, so that people who review have time to step in.

Knows no episode. q is the quantile's share, alpha the share of demonstrations, rho the
share of own slots that a round refreshes, L the rounds that a correction takes.
"""

from __future__ import annotations

from driftline.errors import SettingsError


def data_speed(alpha: float, rho: float) -> float:
    """The most that the modelled data can shift in a round, in total variation.

    (1 - alpha) rho, by construction: no more of it is replaced.

    >>> data_speed(0.5, 0.25)
    0.125
    """
    return (1.0 - alpha) * rho


def guaranteed_window(
    q: float, p_det: float, p_harm: float, alpha: float = 0.0, rho: float = 1.0
) -> float:
    """Rounds between detection and harm that exact fitting cannot undercut.

    q (p_harm - p_det) / ((1 - alpha) rho): the behaviour's share of the rollouts is at most
    its share h of the data over q, and h rises by at most (1 - alpha) rho a round. At most 0
    where harm is no more than what is detected.

    >>> round(guaranteed_window(0.5, 0.05, 0.25, alpha=0.5, rho=0.1), 9)
    2.0
    """
    _check(q, p_det, p_harm)
    speed = data_speed(alpha, rho)
    return q * (p_harm - p_det) / speed if speed > 0 else float("inf")


def refresh_limit(
    q: float, p_det: float, p_harm: float, control_rounds: float, alpha: float = 0.0
) -> float:
    """rho_max, the refresh rate that leaves L + 1 rounds between detection and harm, in [0, 1].

    q (p_harm - p_det) / ((1 - alpha) (L + 1)); 0 where harm is no more than what is detected.

    >>> round(refresh_limit(0.5, 0.05, 0.25, control_rounds=3.0, alpha=0.5), 9)
    0.05
    """
    _check(q, p_det, p_harm)
    if not control_rounds >= 0:
        raise SettingsError(f"control_rounds is {control_rounds}; give 0 or more")
    if alpha >= 1.0:
        return 1.0
    limit = q * (p_harm - p_det) / ((1.0 - alpha) * (control_rounds + 1.0))
    return min(max(limit, 0.0), 1.0)


def detectable_prevalence(
    reviewed: int, sensitivity: float, confidence: float, rounds: int = 1
) -> float:
    """The least prevalence that is noticed with this confidence within so many rounds.

    1 - (1 - s p)^(n r) >= c; 1 at most, which is also what nobody who reviews nothing can
    improve on.

    >>> round(detectable_prevalence(30, 0.9, 0.95), 4)
    0.1056
    """
    if reviewed < 0 or not 0 < sensitivity <= 1 or not 0 < confidence < 1 or rounds < 1:
        raise SettingsError(
            f"reviewed {reviewed}, sensitivity {sensitivity}, confidence {confidence} and rounds "
            f"{rounds} were given; give 0 or more, (0, 1], (0, 1) and at least 1"
        )
    if reviewed == 0:
        return 1.0
    missed: float = (1.0 - confidence) ** (1.0 / (reviewed * rounds))
    return min((1.0 - missed) / sensitivity, 1.0)


def _check(q: float, p_det: float, p_harm: float) -> None:
    for name, value in (("q", q), ("p_det", p_det), ("p_harm", p_harm)):
        if not 0 < value <= 1:
            raise SettingsError(f"{name} is {value}; give a share above 0 and at most 1")
