"""One behaviour in one seed: onset, width, decisiveness, detection, shape.

Knows one seed's row of a prevalence table and the thresholds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftline.safety.decisiveness import decisiveness, stutter, transition_midpoint
from driftline.safety.detection import Detection, detect
from driftline.safety.measurement import finite
from driftline.safety.onset import first_sustained
from driftline.safety.prevalence import PrevalenceTable
from driftline.safety.shape import Shape, shape
from driftline.safety.thresholds import Thresholds
from driftline.safety.width import LogisticFit, fit_logistic, seed_width
from driftline.shapes import Floats, Integers


@dataclass(frozen=True, eq=False)
class SeedMeasures:
    """``onset`` is infinite where censored; ``last_round``: how far it was watched.

    ``midpoint`` (t50), ``decisiveness`` and ``stutter`` are NaN where not
    defined; ``fit`` and ``shape`` are None without an onset or with under 3 rounds.
    """

    onset: float
    last_round: float
    midpoint: float
    decisiveness: float
    stutter: float
    detection: Detection
    fit: LogisticFit | None
    shape: Shape | None

    @property
    def reached(self) -> bool:
        """Whether the behaviour had its onset in this seed."""
        return bool(np.isfinite(self.onset))

    @property
    def decisiveness_bounds(self) -> tuple[float, float]:
        """D twice, or [0, 1] where it is not known."""
        known = self.reached and np.isfinite(self.decisiveness)
        return (self.decisiveness, self.decisiveness) if known else (0.0, 1.0)

    def to_json(self) -> dict[str, float | str | bool | None]:
        """A flat row for a table of seeds."""
        width = seed_width(self.fit)
        return {
            "onset": finite(self.onset),
            "last_round": finite(self.last_round),
            "midpoint": finite(self.midpoint),
            "width": finite(width.value),
            "width_low": finite(width.low),
            "width_high": finite(width.high),
            "decisiveness": finite(self.decisiveness),
            "stutter": finite(self.stutter),
            "detected": finite(self.detection.detected),
            "harmed": finite(self.detection.harmed),
            "catchability_low": finite(self.detection.catchability[0]),
            "catchability_high": finite(self.detection.catchability[1]),
            "expected_harm": finite(self.detection.expected_harm),
            "expected_harm_complete": self.detection.harm_complete,
            "shape": None if self.shape is None else self.shape.best,
            "change_point": None if self.shape is None else finite(self.shape.change_point),
        }


def measure_seed(table: PrevalenceTable, seed: int, thresholds: Thresholds) -> SeedMeasures:
    """Measure row ``seed`` of a table."""
    some, whole = table.share("any")[seed], table.share("whole")[seed]
    begun = first_sustained(
        some, table.rounds, thresholds.onset_prevalence, thresholds.onset_rounds
    )
    reached = bool(np.isfinite(begun))
    counts, episodes = table.counts["any"][seed], table.episodes[seed]
    fit = fit_logistic(table.rounds, counts, episodes) if reached else None
    midpoint = transition_midpoint(fit, begun) if reached else float("nan")
    return SeedMeasures(
        onset=begun,
        last_round=_last(table.rounds, episodes),
        midpoint=midpoint,
        decisiveness=decisiveness(table.rounds, some, whole, midpoint) if reached else midpoint,
        stutter=stutter(some),
        detection=detect(some, table.mass()[seed], episodes, table.rounds, thresholds),
        fit=fit,
        shape=shape(table.rounds, counts, episodes, fit) if reached else None,
    )


def _last(rounds: Integers, episodes: Floats) -> float:
    return float(rounds[np.flatnonzero(episodes > 0)[-1]])
