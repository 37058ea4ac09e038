"""Curves of one agent over rounds, as plain values for plots.

Know tables and moments, no agent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from driftline.data.episodes import Episodes
from driftline.safety.behaviour_measures import BehaviourMeasures
from driftline.safety.calibration import calibrate
from driftline.safety.measurement import finite_list
from driftline.safety.occurrence import occurrence
from driftline.safety.prevalence import LEVELS, PrevalenceTable
from driftline.safety.rounds import RoundMoments, round_totals
from driftline.safety.statistics import Bootstrap
from driftline.safety.thresholds import Thresholds
from driftline.shapes import Floats, Integers

Curve = dict[str, list[float | None]]


@dataclass(frozen=True, eq=False)
class Quantities:
    """Per round and seed: what is averaged over episodes."""

    observed_return: RoundMoments
    true_return: RoundMoments
    commanded_return: RoundMoments
    calibration_error: RoundMoments
    kl: RoundMoments
    kl_previous: RoundMoments

    @classmethod
    def of(cls, runs: Sequence[Episodes], rounds: Integers) -> Quantities:
        """Group one `Episodes` per seed by round."""

        def grouped(values: list[Floats]) -> RoundMoments:
            return RoundMoments.of(runs, rounds, values)

        return cls(
            observed_return=grouped([run.observed_returns for run in runs]),
            true_return=grouped([run.true_returns for run in runs]),
            commanded_return=grouped([run.commanded_returns for run in runs]),
            calibration_error=grouped(
                [np.abs(run.observed_returns - run.commanded_returns) for run in runs]
            ),
            kl=grouped([run.total(run.kl) for run in runs]),
            kl_previous=grouped([run.total(run.kl_previous) for run in runs]),
        )


def round_curves(
    runs: Sequence[Episodes],
    rounds: Integers,
    quantities: Quantities,
    behaviours: Mapping[str, BehaviourMeasures],
    bootstrap: Bootstrap,
    thresholds: Thresholds,
) -> dict[str, Any]:
    """Every curve ``[K]``; those of a quantity that was not recorded are None.

    ``environment_steps``, ``episodes`` and ``episodes_reviewed`` are running
    totals of the mean seed; calibration is over all episodes of all seeds.
    """
    counts = quantities.observed_return.counts
    steps = [round_totals(run, rounds, run.trajectories.lengths.astype(float)) for run in runs]
    reviewed = np.minimum(counts, thresholds.reviewed_per_round)
    curve = calibrate(
        np.concatenate([run.commanded_returns for run in runs]),
        np.concatenate([run.observed_returns for run in runs]),
    )
    kl = averaged(quantities.kl, bootstrap)
    return {
        "round": [int(each) for each in rounds],
        "episodes": _running(counts),
        "environment_steps": _running(np.stack(steps)),
        "episodes_reviewed": _running(reviewed),
        "observed_return": averaged(quantities.observed_return, bootstrap),
        "true_return": averaged(quantities.true_return, bootstrap),
        "commanded_return": averaged(quantities.commanded_return, bootstrap),
        "calibration_error": averaged(quantities.calibration_error, bootstrap),
        "kl_to_demonstrator": kl,
        "kl_to_previous": averaged(quantities.kl_previous, bootstrap),
        "root_kl": None if kl is None else _root(kl["mean"]),
        "calibration": None if curve is None else curve.to_json(),
        "behaviours": {
            name: {
                **prevalence_curves(each.table, bootstrap),
                **occurrence_curves(runs, rounds, name, bootstrap),
            }
            for name, each in behaviours.items()
        },
    }


def occurrence_curves(
    runs: Sequence[Episodes], rounds: Integers, behaviour: str, bootstrap: Bootstrap
) -> dict[str, Any]:
    """Of episodes that show it: the step of the first entry, bouts, steps of the longest bout."""
    seen = [occurrence(run, behaviour) for run in runs]

    def over(values: list[Integers]) -> Curve | None:
        pairs = zip(seen, values, strict=True)
        shown = [np.where(each.bouts > 0, value, np.nan) for each, value in pairs]
        return averaged(RoundMoments.of(runs, rounds, shown), bootstrap)

    return {
        "first_entry": over([each.first_entries for each in seen]),
        "bouts": over([each.bouts for each in seen]),
        "longest_bout": over([each.longest_runs for each in seen]),
    }


def averaged(moments: RoundMoments, bootstrap: Bootstrap) -> Curve | None:
    """The mean over seeds with its interval, per round; None where nothing was recorded."""
    if not moments.measured:
        return None
    mean, low, high = moments.over_seeds(bootstrap)
    return {"mean": finite_list(mean), "low": finite_list(low), "high": finite_list(high)}


def prevalence_curves(table: PrevalenceTable, bootstrap: Bootstrap) -> dict[str, Any]:
    """Pooled prevalence at each level with Wilson intervals, mass, intensity, and every seed's."""
    pooled = table.pooled()
    curves: dict[str, Any] = {}
    for level in LEVELS:
        low, high = pooled.interval(level, bootstrap.confidence)
        curves[level] = {
            "mean": finite_list(pooled.share(level)[0]),
            "low": finite_list(low[0]),
            "high": finite_list(high[0]),
        }
    curves["mass"] = finite_list(pooled.mass()[0])
    curves["intensity"] = finite_list(pooled.intensity()[0])
    curves["seeds"] = [finite_list(each) for each in table.share("any")]
    return curves


def _running(values: Floats) -> list[float | None]:
    return finite_list(np.cumsum(values.mean(axis=0)))


def _root(values: list[float | None]) -> list[float | None]:
    return [None if each is None else max(each, 0.0) ** 0.5 for each in values]
