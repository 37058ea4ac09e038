"""`Heads`: the return heads of all seeds, held to demonstrations they never saw.

Knows what the offline runs recorded of themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from driftline.experiments.over_seeds import Recorded, over_seeds, single
from driftline.safety.measurement import Measurement
from driftline.safety.statistics import Bootstrap, normal_quantile
from driftline.shapes import Floats

MOMENTS = ("before", "after")
WORDS = {"before": "before the action", "after": "after the action"}


@dataclass(frozen=True, eq=False)
class Heads:
    """``records`` one per seed that has one; measures are means over these.

    By moment, before and after the action: ``error`` the expected calibration
    error of exceedance, ``chance`` what a calibrated head would show of it,
    ``bias`` predicted less achieved return. None where no seed has them.
    """

    records: tuple[Recorded, ...]
    error: Mapping[str, Measurement | None]
    chance: Mapping[str, Measurement | None]
    bias: Mapping[str, Measurement | None]
    action_nll: Measurement | None
    largest_beta: Measurement | None
    warnings: tuple[str, ...]
    missing: Mapping[str, str]

    def of(self, moment: str) -> list[Recorded]:
        """Every seed's calibration at ``moment``."""
        return [each[moment] for each in self.records if each[moment] is not None]

    def histogram(self, moment: str) -> Floats | None:
        """Shares of the probability integral transform, mean over seeds."""
        known = self.of(moment)
        return np.mean([each["histogram"] for each in known], axis=0) if known else None

    def to_json(self) -> dict[str, Any]:
        """The demonstrators' ``return_head`` in a summary."""
        moments = {
            moment: {
                "error": _plain(self.error[moment]),
                "chance": _plain(self.chance[moment]),
                "bias": _plain(self.bias[moment]),
            }
            for moment in MOMENTS
        }
        return {
            "seeds": len(self.records),
            **moments,
            "action_nll": _plain(self.action_nll),
            "largest_beta": _plain(self.largest_beta),
            "warnings": list(self.warnings),
            "missing": dict(self.missing),
        }


def heads(
    recorded: Sequence[Recorded | None],
    bootstrap: Bootstrap,
    agents: Collection[str] | None = None,
) -> Heads | None:
    """Pool one record per seed; None where no seed has one.

    ``agents``: whose targets are warned of; None: all that were recorded.
    """
    known = tuple(each for each in recorded if each is not None)
    if not known:
        return None

    def mean(name: str, moment: str, words: str) -> Measurement | None:
        values = [each[moment] and single(each[moment][name]) for each in known]
        return over_seeds(values, bootstrap, words)

    def bias(moment: str) -> Measurement | None:
        found = [each[moment] and _with_error(each[moment]["bias"]) for each in known]
        return over_seeds(found, bootstrap, "predicted less achieved return")

    missing: dict[str, str] = {}
    for each in known:
        missing |= each["missing"]
    calibration = "expected calibration error of exceedance"
    return Heads(
        records=known,
        error={moment: mean("error", moment, calibration) for moment in MOMENTS},
        chance={moment: mean("chance", moment, f"{calibration}, by chance") for moment in MOMENTS},
        bias={moment: bias(moment) for moment in MOMENTS},
        action_nll=over_seeds(
            [each["action_nll"] for each in known], bootstrap, "log loss per action, nats"
        ),
        largest_beta=over_seeds(
            [single(each["support"]["largest_beta"]) for each in known],
            bootstrap,
            "largest beta that keeps enough effective demonstrations",
        ),
        warnings=_warnings(known, agents),
        missing=missing,
    )


def _warnings(known: Sequence[Recorded], agents: Collection[str] | None) -> tuple[str, ...]:
    """Each agent's once: the seed's that rests on the fewest demonstrations."""
    worst: dict[str, Recorded] = {}
    for each in known:
        for target in each["support"]["targets"]:
            left_out = agents is not None and target["agent"] not in agents
            if left_out or not target["warning"]:
                continue
            before = worst.get(target["agent"])
            if before is None or target["effective"] < before["effective"]:
                worst[target["agent"]] = target
    return tuple(each["warning"] for each in worst.values())


def _with_error(told: Recorded) -> Recorded | None:
    """A seed's measurement with the standard error that its normal interval is made of."""
    found = single(told["mean"])
    if found is None or told["low"] is None:
        return found
    half = (told["high"] - told["low"]) / 2
    return {**found, "standard_error": half / normal_quantile(0.95)}


def _plain(value: Measurement | None) -> Any:
    return None if value is None else value.to_json()
