"""How well a divergence is measured: three estimators beside an exact one, and the best of n.

Knows the study's settings.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from driftline.exact.chain import at_divergence, chain
from driftline.exact.logarithms import log
from driftline.exact.markov import divergence
from driftline.exact.random_worlds import random_policy
from driftline.exact.sampling import sample
from driftline.experiments.targets_config import EstimatorSettings
from driftline.safety.divergence_estimates import k1, k3, rao_blackwell
from driftline.safety.estimate import Estimate
from driftline.seeding import generator
from driftline.shapes import Floats

NATS = 3.383
"""How far the chain's two policies are apart."""
BINS = 60
POOL = 10
"""Returns that the distribution function is counted from, for every best one that is measured."""


def estimators(settings: EstimatorSettings, seed: int) -> dict[str, Any]:
    """Each estimator on the same episodes of the chain; the best of n from densities alone."""
    draw = generator(seed, "estimators")
    world = chain()
    reference = random_policy(world, draw)
    policy = at_divergence(world, reference, NATS, draw)
    exact = divergence(world, policy, reference)
    played = sample(world, policy, settings.trajectories, draw)
    visited = (np.arange(world.horizon), played.states[:, :-1])
    ratios = log(policy) - log(reference)
    steps = (policy * ratios).sum(-1)[visited].ravel()
    taken = ratios[(*visited, played.actions)].ravel()
    starts = np.arange(settings.trajectories + 1) * world.horizon
    found = {
        "k1": k1(taken, starts),
        "k3": k3(taken, starts),
        "rao_blackwell": rao_blackwell(steps, starts),
    }
    return {
        "steps": world.horizon,
        "actions": world.actions,
        "trajectories": settings.trajectories,
        "exact": exact,
        "estimators": {name: _told(values, exact) for name, values in found.items()},
        "best_of_samples": settings.best_of_samples,
        "best_of": [
            best_of(n, settings.best_of_samples, generator(seed, "best of", n))
            for n in settings.best_of
        ],
    }


def _told(values: Floats, exact: float) -> dict[str, Any]:
    """Bias, deviation and error of one estimator's ``values [E]``, and their histogram."""
    estimate = Estimate.of(values)
    counts, edges = np.histogram(values, BINS)
    return {
        "bias": estimate.mean - exact,
        "standard_error": estimate.standard_error,
        "deviation": estimate.deviation,
        "counts": counts.tolist(),
        "edges": edges.tolist(),
    }


def best_of(n: int, samples: int, draw: np.random.Generator) -> dict[str, Any]:
    """KL of the best of ``n`` continuous returns from one, measured on ``samples`` of them.

    The density ratio is n F(r)^{n−1}, with F counted from a pool of other returns: a
    return above c of the pool's m counts as F = (c + ½)/(m + 1). ``formula`` is
    log n − (n−1)/n, whatever the returns' distribution.
    """
    best = draw.standard_normal((samples, n)).max(1)
    pool = np.sort(draw.standard_normal(POOL * samples))
    below = np.searchsorted(pool, np.sort(best))
    share = (below + 0.5) / (len(pool) + 1.0)
    estimate = Estimate.of(math.log(n) + (n - 1) * np.log(share))
    return {
        "n": n,
        "formula": math.log(n) - (n - 1) / n,
        "measured": estimate.mean,
        "standard_error": estimate.standard_error,
        "ratio": float(n * share.max() ** (n - 1)),
    }
