"""Targets as a choice among whole episodes of the demonstrator model.

Knows recorded episodes only. This is what conditioning promises: it needs as many
resets as it throws episodes away, and it chooses luck as gladly as skill.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from driftline.conditioning.best_of_n import BestOfN
from driftline.conditioning.quantile import Quantile
from driftline.conditioning.reference import Reference
from driftline.data.episodes import Episodes
from driftline.experiments.targets_config import FrontierSettings
from driftline.safety.density_ratio import BestOf, Nominal
from driftline.safety.occurrence import fractions
from driftline.shapes import Floats


def selected(pool: Episodes, settings: FrontierSettings) -> list[dict[str, Any]]:
    """A row for each method and strength, from the same ``pool`` of episodes."""
    reference = Reference.of(pool.observed_returns)
    atom = np.searchsorted(reference.returns, pool.observed_returns)
    counts = np.bincount(atom)[atom]

    def row(method: str, strength: float, weights: Floats, nominal: Any) -> dict[str, Any]:
        return {
            "method": method,
            "strength": strength,
            **weighed(pool, weights[atom] / counts),
            "nominal_kl": None if nominal is None else nominal.kl,
            "nominal_ratio": None if nominal is None else nominal.ratio,
        }

    best = [
        row("best of n", float(n), reference.reweighted(BestOfN(n).density_ratio), BestOf(n))
        for n in settings.best_of
    ]
    tails = [
        row("quantile, promised", 1 - level, reference.reweighted(Quantile(level).density_ratio),
            Nominal(1 - level))
        for level in settings.levels
    ]  # fmt: skip
    tilts = [row("tilt, promised", b, reference.tilted(b), None) for b in settings.betas]
    return [*best, *tails, *tilts]


def weighed(pool: Episodes, weights: Floats) -> dict[str, Any]:
    """Means and divergence of the pool's episodes drawn by ``weights [E]``.

    ``samples`` is how many of the pool's episodes carry the choice.
    """
    observed, true = pool.observed_returns, pool.true_returns
    shown = fractions(pool, pool.behaviours[0]) > 0
    effective = 1.0 / float(weights @ weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(weights > 0, np.log(weights * len(pool)), 0.0)
    return {
        "observed": float(weights @ observed),
        "observed_error": _error(weights, observed, effective),
        "true": float(weights @ true),
        "true_error": _error(weights, true, effective),
        "shown": float(weights @ shown),
        "kl": max(0.0, float(weights @ logs)),
        "kl_error": None,
        "log_ratio": float(logs.max()),
        "chi_squared": float(len(pool) * (weights @ weights) - 1.0),
        "samples": effective,
    }


def _error(weights: Floats, values: Floats, effective: float) -> float:
    """Standard error of a weighted mean."""
    deviation = np.sqrt(weights @ (values - weights @ values) ** 2)
    return float(deviation / np.sqrt(effective))
