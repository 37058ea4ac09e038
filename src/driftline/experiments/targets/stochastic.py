"""Worlds with chance of their own: what a tilt promises, and what each policy made of it attains.

Knows the study's settings. Everything is enumerated; means are over random worlds.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from driftline.exact.divergences import maximum_ratio
from driftline.exact.factorised import controlled, factorised
from driftline.exact.return_posteriors import drawn_once
from driftline.exact.reweighted import reweighted, tail_weights
from driftline.exact.weights import exponential
from driftline.experiments.targets.enumerated import Enumerated
from driftline.experiments.targets_config import ExactSettings
from driftline.seeding import generator
from driftline.shapes import Floats

SIZES = [(depth, width) for depth in (3, 4) for width in (2, 3)]
BRANCHES = 2
ORDER = ("unattainable", "control", "per step", "drawn once")
"""From the most to the least βE[R] − KL: that the first is best and the second the best policy
are laws, the rest is found or not."""
ROUNDING = 1e-9


def stochastic(settings: ExactSettings, seed: int) -> dict[str, Any]:
    """What the readings of a tilt earn and how far they go; what chance does to a quantilizer."""
    cases = [
        Enumerated.drawn(SIZES, BRANCHES, generator(seed, "stochastic", index))
        for index in range(settings.worlds)
    ]
    return {
        "worlds": [case.size() for case in cases],
        "demonstrated": _mean([case.measured(case.demonstrated, 0.0)["mean"] for case in cases]),
        "tilts": [_tilt(cases, beta) for beta in settings.betas],
        "quantilizers": [_quantilizer(cases, share) for share in settings.shares],
    }


def readings(case: Enumerated, beta: float) -> dict[str, Floats]:
    """Log-probabilities ``[leaves]`` of the tilt as promised and of each policy made from it."""
    tree, logs = case.tree, exponential(case.tree.atoms, beta)
    return {
        "unattainable": reweighted(tree, case.policy, logs),
        "control": tree.log_probabilities(controlled(tree, case.policy, logs).policy),
        "per step": tree.log_probabilities(factorised(tree, case.policy, logs).policy),
        "drawn once": drawn_once(tree, case.policy, logs),
    }


def _tilt(cases: list[Enumerated], beta: float) -> dict[str, Any]:
    rows = [
        {name: case.measured(each, beta) for name, each in readings(case, beta).items()}
        for case in cases
    ]
    worth = {name: np.array([row[name]["worth"] for row in rows]) for name in ORDER}
    pairs = list(pairwise(ORDER))
    holds = np.array([worth[one] >= worth[other] - ROUNDING for one, other in pairs])
    shares = {
        f"{one} ≥ {other}": _mean(each) for (one, other), each in zip(pairs, holds, strict=True)
    }
    return {
        "beta": beta,
        "readings": {name: _reading([row[name] for row in rows]) for name in ORDER},
        "luck_gap": {
            name: _summary([row["unattainable"]["mean"] - row[name]["mean"] for row in rows])
            for name in ORDER[1:]
        },
        "order": {**shares, "all": _mean(holds.all(0))},
    }


def _reading(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over worlds, and how the largest ratio lies among them."""
    means = {name: _mean([row[name] for row in rows]) for name in ("mean", "kl", "worth")}
    return {**means, "ratio": _summary([row["ratio"] for row in rows])}


def _quantilizer(cases: list[Enumerated], share: float) -> dict[str, Any]:
    """Largest ratio in units of 1/q of the quantilizer promised and of policies made from it."""
    rows = [_cut(case, share) for case in cases]
    return {
        "share": share,
        "ratio": {name: _summary([row[name][0] for row in rows]) for name in rows[0]},
        "mean": {name: _mean([row[name][1] for row in rows]) for name in rows[0]},
        "broken": {
            name: float(np.mean([row[name][0] > 1.0 + ROUNDING for row in rows]))
            for name in rows[0]
        },
    }


def _cut(case: Enumerated, share: float) -> dict[str, tuple[float, float]]:
    """Largest ratio times q, and mean return."""
    tree, logs = case.tree, tail_weights(case.tree, case.policy, share)
    ways = {
        "unattainable": reweighted(tree, case.policy, logs),
        "per step": tree.log_probabilities(factorised(tree, case.policy, logs).policy),
        "drawn once": drawn_once(tree, case.policy, logs),
    }
    return {
        name: (maximum_ratio(way, case.demonstrated) * share, tree.expectation(way))
        for name, way in ways.items()
    }


def _mean(values: Any) -> float:
    return float(np.mean(values))


def _summary(values: list[float]) -> dict[str, float]:
    """Mean, median, ninth decile and greatest over worlds."""
    told = np.array(values)
    return {
        "mean": float(told.mean()),
        "median": float(np.median(told)),
        "high": float(np.quantile(told, 0.9)),
        "greatest": float(told.max()),
    }
