"""The policy seen from outside is the mixture over what may have been asked."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from driftline.conditioning.quantile import Quantile
from driftline.data.trajectories import Trajectories
from driftline.exact.divergences import kl, total_variation
from driftline.exact.reweighted import trajectory_quantilizer, trajectory_tilt
from driftline.experiments.targets.learnt import every_trajectory
from driftline.shapes import Floats
from driftline.training.marginal import marginal_distributions
from tests.agents.exactly import reference_of, small_tree

some = settings(max_examples=15, deadline=None)


def likelihood(known: Floats, data: Trajectories) -> Floats:
    steps = np.take_along_axis(known, data.actions[:, None].astype(np.int64), 1)[:, 0]
    return np.add.reduceat(steps, data.starts[:-1])


@some
@given(st.integers(0, 999), st.floats(0.1, 2.0))
def test_a_tilted_return_asked_for_once_is_the_tilt(seed: int, beta: float) -> None:
    tree, policy, model = small_tree(seed)
    data = every_trajectory(tree)
    known = marginal_distributions(model, data, tree.atoms, reference_of(tree, policy).tilted(beta))
    found = likelihood(known, data)
    assert total_variation(found, trajectory_tilt(tree, policy, beta)) < 1e-9


@some
@given(st.integers(0, 999), st.floats(0.05, 0.9))
def test_a_quantilizer_is_nominal_from_outside_and_further_given_its_command(
    seed: int, share: float
) -> None:
    """Given the command the divergence is larger by what the command tells."""
    tree, policy, model = small_tree(seed)
    data, reference = every_trajectory(tree), reference_of(tree, policy)
    weights = reference.reweighted(Quantile(1.0 - share).density_ratio)
    found = likelihood(marginal_distributions(model, data, tree.atoms, weights), data)
    origin = tree.log_probabilities(policy)
    assert total_variation(found, trajectory_quantilizer(tree, policy, share)) < 1e-6
    assert kl(found, origin) <= math.log(1.0 / share) + 1e-6
    given_command = 0.0
    for value, weight in zip(tree.atoms, weights, strict=True):
        if weight > 0:
            alone = marginal_distributions(model, data, np.array([value]), np.ones(1))
            given_command += weight * kl(likelihood(alone, data), origin)
    told = -float(weights[weights > 0] @ np.log(weights[weights > 0]))
    assert abs(given_command - kl(found, origin) - told) < 1e-6
