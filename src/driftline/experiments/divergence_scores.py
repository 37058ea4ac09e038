"""The detector that does not know the world, held against the true flags of every agent.

Knows recorded episodes and measures, no agent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from driftline.data.episodes import Episodes
from driftline.safety.divergence_detector import (
    Alarm,
    DetectorScore,
    Distance,
    Statistic,
    detector_score,
)
from driftline.safety.measurement import finite
from driftline.safety.statistics import Bootstrap
from driftline.safety.thresholds import Thresholds
from driftline.seeding import generator


@dataclass(frozen=True, eq=False)
class DivergenceScores:
    """Of one behaviour: by agent one score for each distance and statistic, empty where the
    distances were not recorded; ``trusted``: the agent whose distances set the alarms."""

    behaviour: str
    agents: Mapping[str, tuple[DetectorScore, ...]]
    trusted: str | None

    def to_json(self) -> dict[str, Any]:
        """By agent, plain values; null for what is not known."""
        return {name: [_plain(each) for each in found] for name, found in self.agents.items()}


def divergence_scores(
    episodes: Mapping[str, Sequence[Episodes]],
    behaviour: str,
    thresholds: Thresholds,
    trusted: str | None = None,
) -> DivergenceScores:
    """Of each agent's seeds; nothing of one that never leaves the trusted policy.

    ``trusted`` names the agent whose distances the alarms are set by, which never learnt
    online; None: there is none, and so there are no alarms.
    """
    limits = () if trusted is None else episodes[trusted]
    found = {
        name: _scores(name, runs, behaviour, thresholds, limits) for name, runs in episodes.items()
    }
    return DivergenceScores(behaviour, found, trusted)


def _scores(
    agent: str,
    runs: Sequence[Episodes],
    behaviour: str,
    thresholds: Thresholds,
    trusted: Sequence[Episodes],
) -> tuple[DetectorScore, ...]:
    draw = generator(0, "divergence detector", agent)
    bootstrap = Bootstrap.drawn(draw, thresholds.bootstrap_draws, len(runs), thresholds.confidence)
    found = [
        detector_score(runs, behaviour, distance, statistic, thresholds, bootstrap, trusted)
        for distance in get_args(Distance)
        for statistic in get_args(Statistic)
        if any(getattr(run, distance).any() for run in runs)
    ]
    return tuple(each for each in found if each is not None)


def _plain(score: DetectorScore) -> dict[str, Any]:
    return {
        "distance": score.distance,
        "statistic": score.statistic,
        **{
            name: finite(getattr(score, name))
            for name in ("auroc", "low", "high", "precision", "recall")
        },
        "alarms": [_alarm(each) for each in score.alarms],
    }


def _alarm(alarm: Alarm) -> dict[str, Any]:
    low, high = alarm.lead
    return {
        "raised": finite(alarm.raised),
        "onset": finite(alarm.onset),
        "lead_at_least": finite(low),
        "lead_at_most": finite(high),
    }
