"""Asking for a return: exact Bayes at every history, whatever luck has brought."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from driftline.errors import SettingsError
from driftline.exact import weights
from driftline.exact.conditioned import conditioned
from driftline.exact.divergences import total_variation
from driftline.exact.logarithms import log, log_sum
from driftline.exact.policies import policy_of
from driftline.exact.return_posteriors import drawn_once, resampled_each_step, return_rows
from driftline.exact.reweighted import reweighted, tail_weights, trajectory_tilt
from driftline.exact.tables import tables
from driftline.shapes import Floats
from tests.exact.worlds import Case, deterministic, markov_case, seeds, shares, slopes, stochastic


def small_deterministic(seed: int) -> Case:
    """Whole rewards: a few dozen returns."""
    return deterministic(3 * (seed % 400))


@given(seeds, slopes)
def test_without_chance_drawing_once_is_the_tilt(seed: int, beta: float) -> None:
    each = small_deterministic(seed)
    once = drawn_once(each.tree, each.policy, weights.exponential(each.tree.atoms, beta))
    assert total_variation(once, trajectory_tilt(each.tree, each.policy, beta)) < 1e-9


@given(seeds, shares)
def test_without_chance_drawing_from_the_tail_is_the_quantilizer(seed: int, share: float) -> None:
    each = small_deterministic(seed)
    tail = tail_weights(each.tree, each.policy, share)
    once = drawn_once(each.tree, each.policy, tail)
    assert total_variation(once, reweighted(each.tree, each.policy, tail)) < 1e-9


@given(seeds)
def test_rows_are_bayes_rule_on_the_histories(seed: int) -> None:
    each = stochastic(seed)
    levels = return_rows(each.tree, each.policy)
    for fan, rows in zip(each.tree.fans, levels, strict=True):
        totals = np.add.reduceat(rows.probabilities, rows.starts[:-1])
        np.testing.assert_allclose(totals, 1.0)
        back = rows.probabilities[:, None] * rows.posteriors  # the mean posterior is the prior
        mean = np.add.reduceat(back, rows.starts[:-1])
        np.testing.assert_allclose(mean, np.exp(each.policy[fan.decisions]), atol=1e-12)
    played = each.tree.return_probabilities(each.demonstrated)
    first = levels[0]
    starts = each.tree.chances[: each.tree.roots][first.decisions]
    found = np.bincount(first.atoms, starts * first.probabilities, len(played))
    np.testing.assert_allclose(found, played, atol=1e-12)


@given(seeds)
def test_without_weights_the_demonstrator_is_what_remains(seed: int) -> None:
    each = stochastic(seed)
    even = np.zeros(len(each.tree.atoms))
    again = each.tree.log_probabilities(resampled_each_step(each.tree, each.policy, even))
    assert total_variation(again, each.demonstrated) < 1e-12


def asked_by_tables(each: Case, policy: Floats, beta: float) -> Floats:
    """Draw R ~ P(R|s0) e^{βR} / Z(s0), then act on R less what was received, by the tables."""
    told, tree = tables(each.world, policy), each.tree
    total = np.zeros(len(tree.leaves))
    for wanted in tree.atoms:
        chosen = each.policy.copy()
        for time, fan in enumerate(tree.fans):
            left = wanted - tree.returns[fan.decisions]
            states = tree.states[fan.decisions]
            chosen[fan.decisions] = log(conditioned(told, time, states, left))
        chance = log(told.return_before[0]) + beta * told.return_values
        asked = np.exp(chance - np.where(told.reached[0], log_sum(chance), 0.0)[:, None])
        found = np.flatnonzero(np.abs(told.return_values - wanted) < 1e-8)
        shares_ = asked[tree.states[: tree.roots]][:, found].sum(-1)
        origin = np.arange(tree.nodes)
        for fan in tree.fans:
            origin[fan.children] = origin[tree.parents[fan.children]]
        total += np.exp(tree.log_probabilities(chosen)) * shares_[origin[tree.leaves]]
    return log(total)


@settings(max_examples=15)
@given(seeds, slopes)
def test_drawing_once_is_what_the_tables_do_with_the_return_to_go(seed: int, beta: float) -> None:
    each, policy = markov_case(6 * seed + (0, 4)[seed % 2])  # few returns, states that come back
    once = drawn_once(each.tree, each.policy, weights.exponential(each.tree.atoms, beta))
    assert np.exp(once).sum() == pytest.approx(1.0, abs=1e-9)
    assert total_variation(once, asked_by_tables(each, policy, beta)) < 1e-9


@given(seeds, slopes)
def test_a_mixture_over_the_return_is_itself_a_policy(seed: int, beta: float) -> None:
    """Kuhn 1953: mixing policies is a policy, for who remembers the history."""
    each = stochastic(seed)
    once = drawn_once(each.tree, each.policy, weights.exponential(each.tree.atoms, beta))
    policy = policy_of(each.tree, once, each.policy)
    assert total_variation(each.tree.log_probabilities(policy), once) < 1e-9


def test_from_a_start_without_any_weight_the_demonstrator_is_drawn() -> None:
    each = next(case for case in map(stochastic, range(0, 40, 2)) if case.tree.roots > 1)
    nothing = np.full(len(each.tree.atoms), -np.inf)
    once = drawn_once(each.tree, each.policy, nothing)
    even = drawn_once(each.tree, each.policy, np.zeros(len(nothing)))
    assert total_variation(once, even) < 1e-12


def test_too_many_returns_to_ask_for_are_refused() -> None:
    each = deterministic(2)
    tilt = weights.exponential(each.tree.atoms, 1.0)
    with pytest.raises(SettingsError, match="round the rewards"):
        drawn_once(each.tree, each.policy, tilt, work_limit=1000)
