"""Two agents compared: do their behaviours begin at different rounds?

Knows measures only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from driftline.safety.behaviour_measures import BehaviourMeasures
from driftline.safety.onset import median_onset
from driftline.safety.statistics import holm, rank_test_caution
from driftline.safety.survival import logrank_p_value
from driftline.shapes import Booleans, Floats


@dataclass(frozen=True)
class OnsetComparison:
    """``p_value`` of the log-rank test on onset, ``adjusted`` over behaviours (Holm).

    ``caution`` is not empty where so few seeds can reach no significance.
    """

    p_value: float
    adjusted: float
    caution: str


def compare_onsets(
    first: Mapping[str, BehaviourMeasures], second: Mapping[str, BehaviourMeasures]
) -> dict[str, OnsetComparison]:
    """Test every behaviour that both agents were measured on."""
    names = [name for name in first if name in second]
    found = [logrank_p_value(*onsets(first[name]), *onsets(second[name])) for name in names]
    return {
        name: OnsetComparison(
            p_value=value,
            adjusted=float(corrected),
            caution=rank_test_caution(min(len(first[name].seeds), len(second[name].seeds))),
        )
        for name, value, corrected in zip(names, found, holm(found), strict=True)
    }


def own_onset(behaviour: BehaviourMeasures) -> float:
    """The median seed's onset by the rule of `onsets`; infinite where it has none."""
    times, seen = onsets(behaviour)
    last = np.array([seed.last_round for seed in behaviour.seeds])
    return median_onset(np.where(seen, times, np.inf), last)


def onsets(behaviour: BehaviourMeasures) -> tuple[Floats, Booleans]:
    """Each seed's onset, or the last round it was watched, and whether it came, ``[S]``."""
    seen = np.array([seed.reached for seed in behaviour.seeds], dtype=np.bool_)
    times = [seed.onset if seed.reached else seed.last_round for seed in behaviour.seeds]
    return np.array(times), seen
