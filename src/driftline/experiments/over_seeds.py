"""Estimates of one number, one from each seed, as a measurement over seeds.

Knows plain values as they were recorded; null: a seed has none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from driftline.safety.estimate import Estimate
from driftline.safety.measurement import Measurement
from driftline.safety.statistics import Bootstrap

Recorded = Mapping[str, Any]
"""What a run wrote of itself, as JSON holds it."""


def over_seeds(
    estimates: Sequence[Recorded | None], bootstrap: Bootstrap, definition: str
) -> Measurement | None:
    """Mean of the seeds' means; None where no seed has one.

    The interval is over seeds by bootstrap; of a single seed, normal over its
    episodes.

    >>> bootstrap = Bootstrap.drawn(np.random.default_rng(0), 100, 2)
    >>> known = {"mean": 1.0, "standard_error": 0.5, "deviation": 1.0, "episodes": 4.0}
    >>> round(over_seeds([known, None], bootstrap, "").low, 2)
    0.02
    """
    known = [each for each in estimates if each is not None and each["mean"] is not None]
    if not known:
        return None
    means = np.array([each["mean"] for each in known], np.float64)
    episodes = sum(int(each["episodes"]) for each in known)
    if len(known) == 1:
        return _estimate(known[0]).measurement(definition, bootstrap.confidence)
    low, high = bootstrap.interval(means, lambda draws: np.asarray(draws.mean(axis=1)))
    return Measurement(float(means.mean()), low, high, episodes, len(known), definition)


def _estimate(known: Recorded) -> Estimate:
    def number(name: str) -> float:
        value = known.get(name)
        return math.nan if value is None else float(value)

    return Estimate(
        number("mean"), number("standard_error"), number("deviation"), int(known["episodes"])
    )


def single(value: float | None) -> Recorded | None:
    """A number that a seed knows without saying how surely.

    >>> single(None) is None
    True
    """
    return None if value is None else {"mean": value, "standard_error": None, "episodes": 1}
