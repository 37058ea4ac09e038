"""From a policy to its trajectories and back; luck is what no policy can give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from driftline.errors import DataError
from driftline.exact import weights
from driftline.exact.divergences import kl, total_variation
from driftline.exact.factorised import controlled, factorised
from driftline.exact.histories import enumerate_histories
from driftline.exact.logarithms import log_sum
from driftline.exact.markov import expected_return
from driftline.exact.policies import (
    action_conditional,
    divergence_by_step,
    luck_gap,
    policy_of,
)
from driftline.exact.reweighted import trajectory_tilt
from driftline.exact.world import FiniteWorld
from driftline.seeding import generator
from tests.exact.worlds import Case, deterministic, seeds, slopes, stochastic


@given(seeds)
def test_the_policy_of_a_policys_trajectories_is_itself(seed: int) -> None:
    each = stochastic(seed)
    again = policy_of(each.tree, each.demonstrated, np.zeros_like(each.policy))
    decisions = np.concatenate([fan.decisions for fan in each.tree.fans])
    np.testing.assert_allclose(again[decisions], each.policy[decisions], atol=1e-9)


@given(seeds, slopes)
def test_without_chance_a_reweighting_has_a_policy(seed: int, beta: float) -> None:
    each = deterministic(seed)
    tilted = trajectory_tilt(each.tree, each.policy, beta)
    found = each.tree.log_probabilities(policy_of(each.tree, tilted, each.policy))
    assert total_variation(found, tilted) < 1e-9
    best = controlled(each.tree, each.policy, weights.exponential(each.tree.atoms, beta))
    assert luck_gap(each.tree, tilted, each.tree.log_probabilities(best.policy)) == pytest.approx(
        0.0, abs=1e-8
    )


@given(seeds)
def test_with_chance_it_has_none_and_what_it_does_is_the_factorisation(seed: int) -> None:
    each = stochastic(seed)
    tilted = trajectory_tilt(each.tree, each.policy, 2.0)
    with pytest.raises(DataError, match="the world's own chances"):
        policy_of(each.tree, tilted, each.policy)
    chosen = action_conditional(each.tree, tilted, each.policy)
    ahead = factorised(each.tree, each.policy, weights.exponential(each.tree.atoms, 2.0))
    decisions = np.concatenate([fan.decisions for fan in each.tree.fans])
    apart = np.exp(chosen) - np.exp(ahead.policy)
    np.testing.assert_allclose(apart[decisions], 0.0, atol=1e-9)


@given(seeds)
def test_the_worlds_chances_cancel_from_the_divergence(seed: int) -> None:
    each = stochastic(seed)
    logits = generator(seed, "other").standard_normal(each.policy.shape)
    logits[generator(seed, "never").random(logits.shape) < 0.2] = -np.inf
    logits[np.isneginf(logits).all(-1)] = 0.0
    other = logits - log_sum(logits)[:, None]
    by_step = divergence_by_step(each.tree, other, each.policy)
    assert by_step == pytest.approx(kl(each.tree.log_probabilities(other), each.demonstrated))


def test_what_is_promised_of_pure_luck_is_all_gap() -> None:
    coin = FiniteWorld(
        successors=np.zeros((1, 2, 2), np.int64),
        chances=np.full((1, 2, 2), 0.5),
        rewards=np.full((1, 2, 2), [0.0, 1.0]),
        initial=np.ones(1),
        horizon=4,
        terminal=np.zeros(1, np.bool_),
    )
    even = np.full((4, 1, 2), 0.5)
    tree = enumerate_histories(coin)
    each = Case(coin, tree, tree.markov(even))
    assert expected_return(coin, even) == 2.0
    promised = trajectory_tilt(tree, each.policy, np.log(3.0))  # each step lucky with 3/4
    tilt = weights.exponential(tree.atoms, np.log(3.0))
    for way in (factorised, controlled):
        attained = tree.log_probabilities(way(tree, each.policy, tilt).policy)
        assert luck_gap(tree, promised, attained) == pytest.approx(4 * 0.25)
