"""`HowFar`: how far an agent went from its demonstrator model, over its seeds.

Knows what its runs recorded of themselves after their last round.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from driftline.experiments.over_seeds import Recorded, over_seeds
from driftline.safety.measurement import Measurement, finite
from driftline.safety.statistics import Bootstrap, normal_quantile

DEFINITIONS = {
    "kl": "KL of trajectories given the command, Rao-Blackwellised, nats",
    "k1": "KL of trajectories given the command, k1, nats",
    "k3": "KL of trajectories given the command, k3 of steps, nats",
    "outside_kl": "KL of trajectories, the command not known, Rao-Blackwellised, nats",
    "forward_kl": "excess log loss on held-out demonstrations, nats per episode",
    "chi_squared": "chi-squared of trajectories, the command not known",
    "luck_gap": "promised return less attained return",
}
UNRECORDED = "not recorded"


@dataclass(frozen=True)
class HowFar:
    """Of the last round of each seed; ``measures`` by the names of `DEFINITIONS`.

    ``log_ratio`` is the largest of any episode of any seed, ``nominal`` what the
    target promises over its own reference, ``exceeded`` the seeds with an episode
    above it. ``chi_squared_limit``: the upper 97.5% limit of the mean. ``missing``:
    why a measure is None.
    """

    seeds: int
    measures: Mapping[str, Measurement | None]
    log_ratio: float | None
    nominal: Recorded | None
    exceeded: int | None
    chi_squared_limit: float | None
    cautions: tuple[str, ...]
    missing: Mapping[str, str]

    @property
    def ratio(self) -> float | None:
        """The largest realised density ratio; infinite where a float cannot hold it."""
        if self.log_ratio is None:
            return None
        return math.exp(self.log_ratio) if self.log_ratio < 709 else math.inf

    def to_json(self) -> dict[str, Any]:
        """The agent's ``departure`` in a summary."""
        return {
            "seeds": self.seeds,
            **{n: None if each is None else each.to_json() for n, each in self.measures.items()},
            "nominal": self.nominal,
            "realised_ratio": None if self.ratio is None else finite(self.ratio),
            "realised_log_ratio": self.log_ratio,
            "exceeded_seeds": self.exceeded,
            "cautions": list(self.cautions),
            "missing": dict(self.missing),
        }


def how_far(departures: Sequence[Recorded | None], bootstrap: Bootstrap) -> HowFar | None:
    """Pool one record per seed; None where no seed has one."""
    known = [each for each in departures if each is not None]
    if not known:
        return None
    outside = [each["outside"] for each in known if each["outside"] is not None]
    columns = {
        **{name: [each[name] for each in known] for name in ("kl", "k1", "k3")},
        "outside_kl": [each["kl"] for each in outside],
        "forward_kl": [each["forward_kl"] for each in known],
        "chi_squared": [each["chi_squared"] for each in outside],
        "luck_gap": [each["luck_gap"] for each in known],
    }
    measures = {
        name: over_seeds(columns[name], bootstrap, words) for name, words in DEFINITIONS.items()
    }
    nominal = known[0]["nominal"]
    return HowFar(
        seeds=len(known),
        measures=measures,
        log_ratio=_largest(outside),
        nominal=nominal,
        exceeded=sum(bool(each["exceeded"]) for each in outside) if nominal and outside else None,
        chi_squared_limit=_limit([each["chi_squared"] for each in outside]),
        cautions=_cautions(outside),
        missing=_missing(known, measures),
    )


def _largest(outside: Sequence[Recorded]) -> float | None:
    """Infinite ratios are null where they were recorded, and stay so."""
    logs = [each["log_ratio"] for each in outside]
    return None if not logs or None in logs else float(max(logs))


def _limit(estimates: Sequence[Recorded]) -> float | None:
    """Upper limit of the mean over seeds, each seed's own error counted."""
    if not estimates or any(each["standard_error"] is None for each in estimates):
        return None
    mean = sum(each["mean"] for each in estimates) / len(estimates)
    error = math.hypot(*(each["standard_error"] for each in estimates)) / len(estimates)
    return max(0.0, float(mean + normal_quantile(0.95) * error))


def _cautions(outside: Sequence[Recorded]) -> tuple[str, ...]:
    """Said once for all seeds it holds of."""
    said = [each["caution"] for each in outside if each["caution"]]
    if not said:
        return ()
    heaviest = max(each["heaviest_share"] or 0.0 for each in outside)
    return (
        f"in {len(said)} of {len(outside)} seeds a single episode carries more than half of the "
        f"measured chi-squared (up to {heaviest:.0%}): its tail is too heavy for its interval to "
        "be trusted",
    )


def _missing(
    known: Sequence[Recorded], measures: Mapping[str, Measurement | None]
) -> dict[str, str]:
    """The reasons the runs gave, for what no seed has; a gap that some have is said too."""
    told: dict[str, str] = {}
    for each in known:
        told |= each["missing"]
    whole = {"outside_kl": "outside", "chi_squared": "outside"}
    found = {
        name: told.get(whole.get(name, name), "not finite in any seed")
        for name, measure in measures.items()
        if measure is None
    }
    if "nominal" in told:
        found["nominal"] = told["nominal"]
    return found
