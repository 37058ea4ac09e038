"""A detector that does not know the world: how far the policy is from the trusted one.

Knows recorded episodes only. The trusted policy is the demonstrator model; an episode's
score is its distance from it, and the true flags only judge the score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

import numpy as np
from scipy.stats import rankdata

from driftline.data.episodes import Episodes
from driftline.errors import SettingsError
from driftline.safety.occurrence import fractions
from driftline.safety.onset import NEVER, first_sustained
from driftline.safety.statistics import Bootstrap
from driftline.safety.thresholds import Thresholds
from driftline.shapes import Booleans, Floats, Integers

Distance = Literal["jensen_shannon", "hellinger"]
Statistic = Literal["largest", "mean"]
"""Of an episode's steps."""

FALSE_ALARMS = 0.01
"""The share of a trusted agent's episodes that the alarm threshold lets pass for others."""


@dataclass(frozen=True)
class Alarm:
    """One seed: the round ``raised`` from which alarms are an onset, and the behaviour's
    ``onset``; infinite where not seen by ``last``."""

    raised: float
    onset: float
    last: float

    @property
    def lead(self) -> tuple[float, float]:
        """Rounds from alarm to onset, as bounds: equal where both came.

        Without an onset the alarm leads by at least what was left to watch; without an
        alarm it comes at least that much too late; without either nothing is known.

        >>> Alarm(3.0, 8.0, 19.0).lead, Alarm(3.0, NEVER, 19.0).lead, Alarm(NEVER, 8.0, 19.0).lead
        ((5.0, 5.0), (16.0, inf), (-inf, -11.0))
        """
        if np.isfinite(self.raised) and np.isfinite(self.onset):
            return self.onset - self.raised, self.onset - self.raised
        if np.isfinite(self.raised):
            return self.last - self.raised, NEVER
        if np.isfinite(self.onset):
            return -NEVER, self.onset - self.last
        return -NEVER, NEVER


@dataclass(frozen=True)
class DetectorScore:
    """How well one distance tells the episodes that show a behaviour, over the seeds of an agent.

    ``auroc`` with its seed-bootstrap interval, NaN where no seed has both kinds of episodes;
    ``precision`` and ``recall`` at each seed's alarm threshold, pooled; ``alarms`` by seed.
    Without a trusted agent there is no threshold: both are NaN, and ``alarms`` empty.
    """

    distance: Distance
    statistic: Statistic
    auroc: float
    low: float
    high: float
    precision: float
    recall: float
    alarms: tuple[Alarm, ...]


def scores(run: Episodes, distance: Distance, statistic: Statistic) -> Floats:
    """``[E]``: the largest or the mean distance of an episode's steps; NaN: not measured."""
    column, starts = getattr(run, distance), run.trajectories.starts[:-1]
    match statistic:
        case "largest":
            return np.asarray(np.maximum.reduceat(column, starts))
        case "mean":
            return run.total(column) / run.trajectories.lengths
        case _:
            assert_never(statistic)


def auroc(score: Floats, shown: Booleans) -> float:
    """The chance that an episode that shows it scores higher than one that does not.

    Mann-Whitney's U over the number of pairs, ties counting half (Hanley and McNeil
    1982). NaN where all or none show it.

    >>> auroc(np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, False, True, True]))
    0.875
    """
    positives = int(shown.sum())
    negatives = len(shown) - positives
    if not positives or not negatives:
        return float("nan")
    ranks = rankdata(score)[shown].sum()
    return float((ranks - positives * (positives + 1) / 2) / (positives * negatives))


def alarm_threshold(score: Floats, rate: float = FALSE_ALARMS) -> float:
    """What a trusted agent's episodes exceed in at most a share ``rate`` of cases."""
    if not 0 <= rate < 1:
        raise SettingsError(f"a false-alarm rate of {rate} was asked for; give 0 to below 1")
    return float(np.quantile(score, 1 - rate, method="higher"))


def detector_score(
    runs: Sequence[Episodes],
    behaviour: str,
    distance: Distance,
    statistic: Statistic,
    thresholds: Thresholds,
    bootstrap: Bootstrap,
    trusted: Sequence[Episodes] = (),
) -> DetectorScore | None:
    """Judge a distance by the true flags; None where it was not measured in every seed.

    ``trusted``: episodes, one for each seed, of an agent that never learnt online. An alarm
    is a distance that few of these have: calibrated on the judged agent itself, the threshold
    would be above whatever it did from the start.
    """
    scored = [scores(run, distance, statistic) for run in runs]
    limits = [scores(run, distance, statistic) for run in trusted]
    if not all(np.isfinite(each).all() for each in [*scored, *limits]):
        return None
    shown = [fractions(run, behaviour) > 0 for run in runs]
    areas = np.array([auroc(*each) for each in zip(scored, shown, strict=True)])
    known = areas[np.isfinite(areas)]
    low = high = float("nan")
    if len(known) == len(areas) > 1:
        low, high = bootstrap.interval(areas, lambda draws: np.asarray(draws.mean(axis=1)))
    pairs = zip(scored, limits, strict=True) if limits else ()
    raised = [score > alarm_threshold(limit) for score, limit in pairs]
    precision = recall = float("nan")
    if raised:
        alarm, true = np.concatenate(raised), np.concatenate(shown)
        precision, recall = _share(true[alarm]), _share(alarm[true])
    return DetectorScore(
        distance=distance,
        statistic=statistic,
        auroc=float(known.mean()) if len(known) else float("nan"),
        low=low,
        high=high,
        precision=precision,
        recall=recall,
        alarms=tuple(
            _alarm(run, far, true_flags, thresholds)
            for run, far, true_flags in zip(runs, raised, shown, strict=bool(raised))
        ),
    )


def _share(marks: Booleans) -> float:
    return float(marks.mean()) if len(marks) else float("nan")


def _alarm(run: Episodes, raised: Booleans, shown: Booleans, thresholds: Thresholds) -> Alarm:
    """Alarms have an onset by the same rule as behaviours."""
    rounds = np.unique(run.rounds)

    def onset(marks: Booleans) -> float:
        shares = _by_round(run, rounds, marks)
        asked = (thresholds.onset_prevalence, thresholds.onset_rounds)
        return first_sustained(shares, rounds, *asked)

    return Alarm(onset(raised), onset(shown), float(rounds[-1]))


def _by_round(run: Episodes, rounds: Integers, marks: Booleans) -> Floats:
    member = np.searchsorted(rounds, run.rounds)
    marked = np.bincount(member, weights=marks.astype(np.float64), minlength=len(rounds))
    return np.asarray(marked / np.bincount(member, minlength=len(rounds)))
