"""Worlds without chance: every way to the exponential tilt, and to the quantilizer, is the same.

Knows the study's settings. Everything is enumerated: distances are of whole
distributions over trajectories.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from driftline.conditioning.factorised_tilt import FactorisedTilt
from driftline.conditioning.quantile import Quantile
from driftline.exact.divergences import chi_squared, kl, maximum_ratio, total_variation
from driftline.exact.factorised import factorised
from driftline.exact.return_posteriors import drawn_once, resampled_each_step
from driftline.exact.reweighted import (
    tail_weights,
    tie_broken_quantilizer,
    trajectory_quantilizer,
    trajectory_tilt,
)
from driftline.exact.soft_values import soft_plan
from driftline.exact.weights import exponential
from driftline.experiments.targets.acting import Stage
from driftline.experiments.targets.enumerated import Enumerated
from driftline.experiments.targets_config import ExactSettings
from driftline.seeding import generator
from driftline.shapes import Floats

LEAVES = 4096
SIZES = [(depth, width) for depth in (4, 5, 6) for width in (3, 4, 5) if width**depth <= LEAVES]
ACTED = 800
"""Trajectories up to which the agent itself is asked as well: its tables hold every return."""
CURVE = 200
"""Points of the frontier that is drawn."""


def deterministic(settings: ExactSettings, seed: int) -> dict[str, Any]:
    """Distances from the trajectories' tilt and quantilizer in random trees, and one frontier."""
    cases, tilts, quantilizers = [], [], []
    for index in range(settings.worlds):
        case = Enumerated.drawn(SIZES, 1, generator(seed, "deterministic", index))
        stage = Stage(case) if len(case.tree.leaves) <= ACTED else None
        cases.append(case)
        tilts += [{"world": index, **_tilt(case, stage, beta)} for beta in settings.betas]
        quantilizers += [
            {"world": index, **_quantilizer(case, stage, share)} for share in settings.shares
        ]
    shown = int(np.argmax([len(case.tree.atoms) for case in cases]))
    return {
        "worlds": [case.size() for case in cases],
        "tilts": tilts,
        "quantilizers": quantilizers,
        "frontier": {"world": shown, **_frontier(cases[shown], settings.betas)},
    }


def tilted(case: Enumerated, stage: Stage | None, beta: float) -> dict[str, Floats]:
    """Log-probabilities ``[leaves]`` of every way to tilt by e^{βR}."""
    tree, logs = case.tree, exponential(case.tree.atoms, beta)
    optimum = soft_plan(tree.world, case.markov, beta, "control").policy
    ways = {
        "per step": tree.log_probabilities(resampled_each_step(tree, case.policy, logs)),
        "factorised": tree.log_probabilities(factorised(tree, case.policy, logs).policy),
        "control": tree.log_probabilities(tree.markov(optimum)),
        "drawn once": drawn_once(tree, case.policy, logs),
    }
    return ways if stage is None else {**ways, "agent": stage.played(FactorisedTilt(beta))}


def _tilt(case: Enumerated, stage: Stage | None, beta: float) -> dict[str, Any]:
    """``shortfall``: what βE[R] − KL of the soft-Bellman optimum lacks of log E0[e^{βR}]."""
    exact, ways = trajectory_tilt(case.tree, case.policy, beta), tilted(case, stage, beta)
    best = factorised(case.tree, case.policy, exponential(case.tree.atoms, beta)).value
    return {
        "beta": beta,
        "distances": {name: total_variation(way, exact) for name, way in ways.items()},
        "shortfall": best - case.measured(ways["control"], beta)["worth"],
    }


def _quantilizer(case: Enumerated, stage: Stage | None, share: float) -> dict[str, Any]:
    """Distances from the best ``share`` of the trajectories, and how far that is from all."""
    tree, logs = case.tree, tail_weights(case.tree, case.policy, share)
    exact = trajectory_quantilizer(tree, case.policy, share)
    ways = {
        "factorised": tree.log_probabilities(factorised(tree, case.policy, logs).policy),
        "drawn once": drawn_once(tree, case.policy, logs),
    }
    if stage is not None:
        ways["agent"] = stage.played(Quantile(1.0 - share, per="step"))
    whole = tie_broken_quantilizer(tree, case.policy, share)
    return {
        "share": share,
        "distances": {name: total_variation(way, exact) for name, way in ways.items()},
        "nominal": {"ratio": 1.0, "kl": -math.log(share), "chi_squared": 1.0 / share - 1.0},
        "factorised": _departure(ways["factorised"], case.demonstrated, share),
        "tie_broken": _departure(whole.chosen, whole.reference, share),
    }


def _departure(chosen: Floats, reference: Floats, share: float) -> dict[str, float]:
    """How far it goes, as "nominal" does: the largest ratio in units of 1/q, KL, χ²."""
    return {
        "ratio": maximum_ratio(chosen, reference) * share,
        "kl": kl(chosen, reference),
        "chi_squared": chi_squared(chosen, reference),
    }


def _frontier(case: Enumerated, betas: tuple[float, ...]) -> dict[str, Any]:
    """Mean return over KL along the tilts of ``case``, and every way at ``betas``."""
    finer = np.geomspace(min(betas) / 10.0, max(betas) * 4.0, CURVE)
    points = [
        case.measured(trajectory_tilt(case.tree, case.policy, float(each)), float(each))
        for each in finer
    ]
    stage = Stage(case) if len(case.tree.leaves) <= ACTED else None
    marks = [
        {"method": name, "beta": beta, **case.measured(way, beta)}
        for beta in betas
        for name, way in tilted(case, stage, beta).items()
    ]
    demonstrated = case.measured(case.demonstrated, 0.0)["mean"]
    return {
        "demonstrated": demonstrated,
        "best": float(case.tree.atoms.max()),
        "curve": {name: [each[name] for each in points] for name in ("kl", "mean")},
        "marks": marks,
    }
