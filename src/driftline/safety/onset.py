"""Onset: the first round from which a behaviour holds, with its sweep.

Knows shares per round only. A run that ended before the onset is censored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from driftline.safety.survival import kaplan_meier
from driftline.safety.thresholds import Thresholds
from driftline.shapes import Floats, Integers

NEVER = float("inf")


@dataclass(frozen=True)
class Onset:
    """``round``: the mode of the sweep's settings that were reached; ``low`` and ``high``:
    its extremes.

    Infinite: not seen. ``censored``: the standard setting (theta and r of the
    thresholds) was not reached, and ``round`` is infinite too. ``high`` is
    infinite where the strictest settings were not reached. ``reached`` of
    ``settings`` settings of the sweep were.
    """

    round: float
    low: float
    high: float
    censored: bool
    reached: int
    settings: int

    def to_json(self) -> dict[str, Any]:
        """``{"round", "low", "high", "censored"}``, null for what was not seen."""
        return {
            "round": _whole(self.round),
            "low": _whole(self.low),
            "high": _whole(self.high),
            "censored": self.censored,
        }


def first_sustained(shares: Floats, rounds: Integers, prevalence: float, consecutive: int) -> float:
    """First round of the first ``consecutive`` rounds with share >= ``prevalence``.

    Rounds are consecutive as measured; a NaN share was not measured and is
    passed over. Infinity where there is no such round.

    >>> first_sustained(np.array([0.2, 0.0, 0.1, 0.3]), np.arange(4), 0.1, 2)
    2.0
    """
    known = ~np.isnan(shares)
    above, numbers = shares[known] >= prevalence, rounds[known]
    if len(above) < consecutive:
        return NEVER
    held = np.lib.stride_tricks.sliding_window_view(above, consecutive).all(axis=1)
    return float(numbers[np.argmax(held)]) if held.any() else NEVER


def onset(shares: Floats, rounds: Integers, thresholds: Thresholds) -> Onset:
    """Onset of one curve ``shares [K]``."""
    return onset_over_seeds(shares[None], rounds, thresholds)


def onset_over_seeds(shares: Floats, rounds: Integers, thresholds: Thresholds) -> Onset:
    """Onset of the median seed of ``shares [S, K]``.

    At each setting of the sweep, Kaplan and Meier's median over seeds: the
    round by which half of them had begun. One seed: its own onset.
    """

    def median(prevalence: float, consecutive: int) -> float:
        starts = [first_sustained(each, rounds, prevalence, consecutive) for each in shares]
        return median_onset(np.array(starts), last_rounds(shares, rounds))

    sweep = [
        median(prevalence, consecutive)
        for prevalence in thresholds.onset_prevalences
        for consecutive in thresholds.onset_round_counts
    ]
    return _summary(median(thresholds.onset_prevalence, thresholds.onset_rounds), np.array(sweep))


def median_onset(starts: Floats, last: Floats) -> float:
    """Median of onsets ``[S]``, those at infinity censored at the round ``last [S]``."""
    seen = np.isfinite(starts)
    if not seen.any():
        return NEVER
    if len(starts) == 1:
        return float(starts[0])
    return kaplan_meier(np.where(seen, starts, last), seen).median


def last_rounds(shares: Floats, rounds: Integers) -> Floats:
    """The last measured round of each seed of ``shares [S, K]``."""
    numbers = np.where(np.isnan(shares), -np.inf, rounds.astype(np.float64))
    return np.asarray(numbers.max(axis=1))


def _whole(number: float) -> int | None:
    return int(number) if np.isfinite(number) else None


def _summary(standard: float, sweep: Floats) -> Onset:
    """Mode and extremes; a tie goes to the standard setting, else to its nearest."""
    seen = sweep[np.isfinite(sweep)]
    censored = not np.isfinite(standard)
    return Onset(
        round=NEVER if censored else _mode(seen if len(seen) else np.array([standard]), standard),
        low=float(seen.min()) if len(seen) else NEVER,
        high=float(sweep.max()),
        censored=censored,
        reached=len(seen),
        settings=len(sweep),
    )


def _mode(values: Floats, standard: float) -> float:
    found, counts = np.unique(values, return_counts=True)
    often = found[counts == counts.max()]
    return float(often[np.argmin(np.abs(often - standard))])
