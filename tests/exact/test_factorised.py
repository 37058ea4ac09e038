"""Looking ahead: which policies agree where, and which of them is best.

Without chance, the factorisation, the control backup and the reweighting of
trajectories are one; with chance the control backup is the best there is.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftline.exact import weights
from driftline.exact.divergences import chi_squared, kl, maximum_ratio, total_variation
from driftline.exact.factorised import controlled, factorised
from driftline.exact.histories import enumerate_histories
from driftline.exact.logarithms import log, log_sum
from driftline.exact.policies import divergence_by_step, luck_gap
from driftline.exact.random_worlds import random_tree
from driftline.exact.return_posteriors import drawn_once, resampled_each_step
from driftline.exact.reweighted import (
    reweighted,
    tail_weights,
    trajectory_quantilizer,
    trajectory_tilt,
)
from driftline.exact.soft_values import soft_plan
from driftline.exact.world import FiniteWorld
from driftline.seeding import generator
from driftline.shapes import Floats
from tests.exact.worlds import (
    Case,
    case,
    deterministic,
    markov_case,
    seeds,
    shares,
    slopes,
    stochastic,
)


@settings(max_examples=50)
@given(seeds, slopes)
def test_without_chance_every_way_to_tilt_is_the_same(seed: int, beta: float) -> None:
    each = deterministic(seed)
    tilt = weights.exponential(each.tree.atoms, beta)
    wanted = trajectory_tilt(each.tree, each.policy, beta)
    for policy in (
        resampled_each_step(each.tree, each.policy, tilt),
        factorised(each.tree, each.policy, tilt).policy,
        controlled(each.tree, each.policy, tilt).policy,
    ):
        assert total_variation(each.tree.log_probabilities(policy), wanted) < 1e-9


@settings(max_examples=50)
@given(seeds, shares)
def test_without_chance_a_fixed_threshold_is_the_quantilizer(seed: int, share: float) -> None:
    each = deterministic(seed)
    tail = tail_weights(each.tree, each.policy, share)
    wanted = trajectory_quantilizer(each.tree, each.policy, share)
    for policy in (
        factorised(each.tree, each.policy, tail).policy,
        resampled_each_step(each.tree, each.policy, tail),
    ):
        played = each.tree.log_probabilities(policy)
        assert total_variation(played, wanted) < 1e-9
        assert maximum_ratio(played, each.demonstrated) <= 1 / share + 1e-9


@given(seeds, slopes, shares)
def test_resampling_each_step_is_the_factorisation(seed: int, beta: float, share: float) -> None:
    each = stochastic(seed)
    tilt = weights.exponential(each.tree.atoms, beta)
    for chosen in (tilt, tail_weights(each.tree, each.policy, share)):
        one = each.tree.log_probabilities(resampled_each_step(each.tree, each.policy, chosen))
        other = each.tree.log_probabilities(factorised(each.tree, each.policy, chosen).policy)
        assert total_variation(one, other) < 1e-12


def worth(each: Case, beta: float, trajectories: Floats) -> float:
    """β E[R] − KL."""
    return beta * each.tree.expectation(trajectories) - kl(trajectories, each.demonstrated)


@given(seeds, slopes)
def test_control_is_worth_its_value_and_no_policy_more(seed: int, beta: float) -> None:
    each = stochastic(seed)
    tilt = weights.exponential(each.tree.atoms, beta)
    best = controlled(each.tree, each.policy, tilt)
    played = each.tree.log_probabilities(best.policy)
    assert worth(each, beta, played) == pytest.approx(best.value, abs=1e-9)
    draw, rivals = generator(seed, "rivals"), [each.policy]
    rivals.append(factorised(each.tree, each.policy, tilt).policy)
    for spread in (0.01, 0.3, 2.0):
        other = best.policy + spread * draw.standard_normal(best.policy.shape)
        rivals.append(other - log_sum(other)[:, None])
    for rival in rivals:
        assert worth(each, beta, each.tree.log_probabilities(rival)) <= best.value + 1e-9
    assert worth(each, beta, drawn_once(each.tree, each.policy, tilt)) <= best.value + 1e-9
    unattainable = trajectory_tilt(each.tree, each.policy, beta)
    assert worth(each, beta, unattainable) >= best.value - 1e-9


def test_with_chance_the_four_readings_of_a_tilt_part() -> None:
    """The order of the first three is a law; that drawing once comes last is a finding."""
    parted, last, gaps = [], [], []
    for seed in range(40):
        each = stochastic(seed)
        tilt = weights.exponential(each.tree.atoms, 0.5)
        unattainable = trajectory_tilt(each.tree, each.policy, 0.5)
        best = each.tree.log_probabilities(controlled(each.tree, each.policy, tilt).policy)
        steps = each.tree.log_probabilities(factorised(each.tree, each.policy, tilt).policy)
        once = drawn_once(each.tree, each.policy, tilt)
        values = [worth(each, 0.5, played) for played in (unattainable, best, steps, once)]
        parted.append(-np.diff(values)[:2])
        last.append(values[3] < values[2])
        gaps.append(luck_gap(each.tree, unattainable, best))
    assert np.min(parted) > -1e-12
    assert np.median(parted, axis=0).min() > 1e-4
    assert np.mean(last) > 0.9
    assert np.min(gaps) > 0


@given(seeds, slopes)
def test_histories_and_dynamic_programming_agree(seed: int, beta: float) -> None:
    each, policy = markov_case(seed)
    tilt = weights.exponential(each.tree.atoms, beta)
    for backup, way in (("inference", factorised), ("control", controlled)):
        whole = way(each.tree, each.policy, tilt)
        short = soft_plan(each.world, policy, beta, backup)
        assert whole.value == pytest.approx(short.value, abs=1e-9)
        for time, fan in enumerate(each.tree.fans):
            states = each.tree.states[fan.decisions]
            to_go = whole.values[fan.decisions] - beta * each.tree.returns[fan.decisions]
            np.testing.assert_allclose(to_go, short.values[time, states], atol=1e-9)
            chosen = np.exp(whole.policy[fan.decisions])
            np.testing.assert_allclose(chosen, short.policy[time, states], atol=1e-9)


@given(seeds, shares)
def test_the_inference_value_is_the_log_of_the_expected_weight(seed: int, share: float) -> None:
    each = stochastic(seed)
    tail = tail_weights(each.tree, each.policy, share)
    assert factorised(each.tree, each.policy, tail).value == pytest.approx(np.log(share), abs=1e-9)
    policy = factorised(each.tree, each.policy, tail).policy
    played = each.tree.log_probabilities(policy)
    assert divergence_by_step(each.tree, policy, each.policy) == pytest.approx(
        kl(played, each.demonstrated), abs=1e-9
    )


def spoilt_luck(rare: float) -> Case:
    """Chance first: half the time a fifth succeed, half the time only a rare action does."""
    stay = np.zeros((5, 2, 2, 2))  # state, action, branch: (successor, reward)
    stay[0] = [[1, 0], [2, 0]]
    stay[1] = [[3, 1], [3, 0]]
    stay[2, 0], stay[2, 1] = [[3, 0], [3, 0]], [[3, 1], [3, 1]]
    stay[3], stay[4] = [[3, 0], [3, 0]], [[4, 0], [4, 0]]
    chances = np.full((5, 2, 2), [1.0, 0.0])
    chances[0], chances[1] = [0.5, 0.5], [0.2, 0.8]
    ends = np.arange(5) >= 3
    successors, rewards = stay[..., 0].astype(np.int64), stay[..., 1]
    world = FiniteWorld(successors, chances, rewards, np.eye(5)[0], 2, ends)
    tree = enumerate_histories(world)
    policy = log(np.where(tree.states[:, None] == 2, [1 - rare, rare], [0.5, 0.5]))
    return Case(world, tree, policy)


@pytest.mark.parametrize("rare", [1e-2, 1e-3, 1e-5])
def test_with_chance_a_fixed_threshold_breaks_the_quantilizers_bound(rare: float) -> None:
    each = spoilt_luck(rare)
    share = 0.1 + rare / 2  # exactly those who succeed
    tail = tail_weights(each.tree, each.policy, share)
    assert maximum_ratio(
        trajectory_quantilizer(each.tree, each.policy, share), each.demonstrated
    ) == pytest.approx(1 / share)
    played = each.tree.log_probabilities(factorised(each.tree, each.policy, tail).policy)
    assert maximum_ratio(played, each.demonstrated) == pytest.approx(1 / rare)
    assert chi_squared(played, each.demonstrated) > 0.5 / rare - 1
    assert each.tree.expectation(played) > 0.59  # of what 1 was promised
    costs = np.where(np.isclose(played - each.demonstrated, np.log(1 / rare)), 1.0, 0.0)
    harmed, before = (each.tree.expectation(p, costs) for p in (played, each.demonstrated))
    assert harmed > 10 * before / share  # a quantilizer's cost is at most before / share


@given(seeds, st.integers(1, 4))
def test_where_nothing_is_left_to_ask_for_the_demonstrator_goes_on(seed: int, best: int) -> None:
    each = stochastic(seed)
    only_best = np.full(len(each.tree.atoms), -np.inf)
    only_best[-best:] = 0.0
    for way in (factorised, controlled):
        made = way(each.tree, each.policy, only_best)
        void = np.isneginf(made.values)
        void[each.tree.leaves] = False
        np.testing.assert_array_equal(made.policy[void], each.policy[void])
        sums = log_sum(made.policy[np.concatenate([fan.decisions for fan in each.tree.fans])])
        np.testing.assert_allclose(sums, 0.0, atol=1e-12)


@pytest.mark.parametrize(("depth", "actions"), [(7, 5), (8, 4)])
def test_the_identities_hold_over_tens_of_thousands_of_trajectories(
    depth: int, actions: int
) -> None:
    draw = generator(depth, "large tree")
    each = case(random_tree(depth, actions, draw, reward_step=0.1), depth)
    tilt = weights.exponential(each.tree.atoms, 2.0)
    tail = tail_weights(each.tree, each.policy, 0.05)
    for chosen in (tilt, tail):
        wanted = reweighted(each.tree, each.policy, chosen)
        for policy in (
            factorised(each.tree, each.policy, chosen).policy,
            resampled_each_step(each.tree, each.policy, chosen),
        ):
            assert total_variation(each.tree.log_probabilities(policy), wanted) < 1e-9
    assert len(each.tree.leaves) == actions**depth > 50_000
