"""Every target, pursued by the agent itself, against enumeration of every history."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftline.conditioning.best_of_n import BestOfN
from driftline.conditioning.exponential_tilt import ExponentialTilt
from driftline.conditioning.factorised_tilt import FactorisedTilt
from driftline.conditioning.quantile import Quantile
from driftline.exact.divergences import kl, maximum_ratio, total_variation
from driftline.exact.factorised import plan
from driftline.exact.return_posteriors import drawn_once, resampled_each_step
from driftline.exact.reweighted import (
    tail_weights,
    trajectory_best_of,
    trajectory_quantilizer,
    trajectory_tilt,
)
from driftline.exact.soft_values import soft_plan
from driftline.exact.weights import exponential
from tests.agents.exactly import (
    asked_trajectories,
    reference_of,
    resampled_policy,
    small_tree,
    weighed_policy,
)

seeds = st.integers(0, 10_000)
betas = st.floats(0.05, 2.0)
depths = st.sampled_from([(4, 3), (4, 4), (4, 5), (5, 3), (5, 4), (6, 3)])
trees = settings(max_examples=50, deadline=None)


@trees
@given(seeds, betas, depths)
def test_in_a_deterministic_world_every_tilt_is_the_same(
    seed: int, beta: float, size: tuple[int, int]
) -> None:
    """Resampled at each step, weighed, asked once, by soft backup: the trajectories' tilt."""
    tree, policy, model = small_tree(seed, *size)
    reference = reference_of(tree, policy)
    exact = trajectory_tilt(tree, policy, beta)
    step = ExponentialTilt(beta, per="step", least_samples=0.0)
    found = {
        "weighed": weighed_policy(tree, model, FactorisedTilt(beta), reference),
        "resampled": resampled_policy(tree, model, step, reference),
        "control": weighed_policy(tree, model, FactorisedTilt(beta, "control"), reference),
    }
    for name, rows in found.items():
        assert total_variation(tree.log_probabilities(rows), exact) < 1e-9, name
    asked = asked_trajectories(tree, model, tree.atoms, reference.tilted(beta))
    assert total_variation(asked, exact) < 1e-9
    whole = soft_plan(tree.world, model_policy(model), beta, "control")
    assert total_variation(tree.log_probabilities(tree.markov(whole.policy)), exact) < 1e-9


@trees
@given(seeds, st.floats(0.02, 1.0), depths)
def test_in_a_deterministic_world_every_quantilizer_is_the_same(
    seed: int, share: float, size: tuple[int, int]
) -> None:
    tree, policy, model = small_tree(seed, *size)
    reference = reference_of(tree, policy)
    target = Quantile(1.0 - share, per="step")
    exact = trajectory_quantilizer(tree, policy, target.share)
    weighed = tree.log_probabilities(weighed_policy(tree, model, target, reference))
    assert total_variation(weighed, exact) < 1e-9
    weights = reference.reweighted(target.density_ratio)
    assert total_variation(asked_trajectories(tree, model, tree.atoms, weights), exact) < 1e-9
    demonstrated = tree.log_probabilities(policy)
    assert maximum_ratio(weighed, demonstrated) <= 1.0 / target.share + 1e-9
    assert kl(weighed, demonstrated) <= math.log(1.0 / target.share) + 1e-9


@trees
@given(seeds, st.integers(1, 50))
def test_in_a_deterministic_world_the_best_of_n_can_be_asked_for(seed: int, n: int) -> None:
    tree, policy, model = small_tree(seed)
    reference = reference_of(tree, policy)
    exact = trajectory_best_of(tree, policy, n)
    weighed = weighed_policy(tree, model, BestOfN(n, per="step"), reference)
    assert total_variation(tree.log_probabilities(weighed), exact) < 1e-9
    weights = reference.reweighted(BestOfN(n).density_ratio)
    assert total_variation(asked_trajectories(tree, model, tree.atoms, weights), exact) < 1e-9


@settings(max_examples=25, deadline=None)
@given(seeds, betas)
def test_in_a_stochastic_world_the_agent_does_what_enumeration_says(seed: int, beta: float) -> None:
    tree, policy, model = small_tree(seed, depth=3, actions=2, branches=2)
    reference = reference_of(tree, policy)
    logs = exponential(tree.atoms, beta)
    step = ExponentialTilt(beta, per="step", least_samples=0.0)
    resampled = tree.log_probabilities(resampled_policy(tree, model, step, reference))
    wanted = tree.log_probabilities(resampled_each_step(tree, policy, logs))
    assert total_variation(resampled, wanted) < 1e-12
    for backup in ("inference", "control"):
        rows = weighed_policy(tree, model, FactorisedTilt(beta, backup), reference)
        exact = plan(tree, policy, logs, backup).policy
        assert total_variation(*map(tree.log_probabilities, (rows, exact))) < 1e-12, backup
    asked = asked_trajectories(tree, model, tree.atoms, reference.tilted(beta))
    assert total_variation(asked, drawn_once(tree, policy, logs)) < 1e-12


@settings(max_examples=25, deadline=None)
@given(seeds, st.floats(0.05, 1.0))
def test_a_threshold_kept_for_the_episode_weighs_actions_in_a_stochastic_world_too(
    seed: int, share: float
) -> None:
    tree, policy, model = small_tree(seed, depth=3, actions=2, branches=2)
    target = Quantile(1.0 - share, per="step")
    logs = tail_weights(tree, policy, target.share)
    rows = weighed_policy(tree, model, target, reference_of(tree, policy))
    exact = plan(tree, policy, logs, "inference").policy
    assert total_variation(*map(tree.log_probabilities, (rows, exact))) < 1e-9


@pytest.mark.parametrize("target", [Quantile(0.8, per="step", reference="model"),
                                    BestOfN(4, per="step", reference="model")])  # fmt: skip
def test_what_the_model_expects_is_a_reference_too(target: Quantile | BestOfN) -> None:
    """The head's own P(R) at the first observation is the demonstrator's, here exactly."""
    tree, policy, model = small_tree(5)
    nothing = reference_of(tree, np.log(np.full_like(policy, 1.0 / 3.0)))
    own = weighed_policy(tree, model, target, nothing)
    known = weighed_policy(tree, model, target, reference_of(tree, policy))
    assert total_variation(*map(tree.log_probabilities, (own, known))) < 1e-9


def model_policy(model: object) -> np.ndarray:
    """The demonstrator's probabilities ``[H, S, A]``."""
    return model._policy  # type: ignore[attr-defined,no-any-return]
