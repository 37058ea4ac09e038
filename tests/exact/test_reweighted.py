"""Reweighted trajectories: the quantilizer's bounds, the tilt's optimum, the best of n.

What the quantilizer is over trajectories and what it is with ties broken are held
apart: only the second has KL = log 1/q whatever the atoms.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.errors import DataError
from driftline.exact.divergences import chi_squared, kl, maximum_ratio, total_variation
from driftline.exact.logarithms import log
from driftline.exact.reweighted import (
    reweighted,
    tie_broken_quantilizer,
    trajectory_best_of,
    trajectory_quantilizer,
    trajectory_tilt,
)
from driftline.seeding import generator
from tests.exact.worlds import Case, deterministic, seeds, shares, slopes, stochastic


def either(seed: int) -> Case:
    """A world with or without chance: reweighting does not care."""
    return deterministic(seed) if seed % 2 else stochastic(seed // 2)


@given(seeds, shares)
def test_no_trajectory_gains_more_than_one_in_q(seed: int, share: float) -> None:
    each = either(seed)
    chosen = trajectory_quantilizer(each.tree, each.policy, share)
    assert np.exp(chosen).sum() == pytest.approx(1.0, abs=1e-9)
    assert maximum_ratio(chosen, each.demonstrated) <= 1 / share + 1e-9
    assert kl(chosen, each.demonstrated) <= np.log(1 / share) + 1e-9
    assert chi_squared(chosen, each.demonstrated) <= 1 / share - 1 + 1e-9


@given(seeds, shares)
def test_with_ties_broken_the_costs_of_a_quantilizer_are_exact(seed: int, share: float) -> None:
    each = either(seed)
    pieces = tie_broken_quantilizer(each.tree, each.policy, share)
    assert maximum_ratio(pieces.chosen, pieces.reference) == pytest.approx(1 / share)
    assert kl(pieces.chosen, pieces.reference) == pytest.approx(np.log(1 / share), abs=1e-9)
    assert chi_squared(pieces.chosen, pieces.reference) == pytest.approx(1 / share - 1, abs=1e-7)


@given(seeds, shares)
def test_forgetting_the_tie_break_gives_the_quantilizer_of_trajectories(
    seed: int, share: float
) -> None:
    each = either(seed)
    pieces = tie_broken_quantilizer(each.tree, each.policy, share)
    chosen = np.exp(pieces.chosen).reshape(2, -1).sum(0)
    reference = np.exp(pieces.reference).reshape(2, -1).sum(0)
    whole = trajectory_quantilizer(each.tree, each.policy, share)
    assert total_variation(log(chosen), whole) < 1e-9
    assert total_variation(log(reference), each.demonstrated) < 1e-9


@given(seeds, st.floats(0.0, 1.0))
def test_a_share_that_cuts_no_atom_costs_the_same_without_ties_broken(
    seed: int, where: float
) -> None:
    each = either(seed)
    tails = np.cumsum(each.tree.return_probabilities(each.demonstrated)[::-1])
    share = float(min(1.0, tails[int(where * (len(tails) - 1))]))
    chosen = trajectory_quantilizer(each.tree, each.policy, share)
    assert kl(chosen, each.demonstrated) == pytest.approx(np.log(1 / share), abs=1e-7)
    relative = 1e-7 / share
    assert chi_squared(chosen, each.demonstrated) == pytest.approx(1 / share - 1, abs=relative)


def test_a_cut_atom_costs_less_by_what_is_kept_of_it() -> None:
    each = deterministic(0)  # whole rewards: few atoms, each of many trajectories
    shares_ = each.tree.return_probabilities(each.demonstrated)
    above, fraction = float(shares_[-3:].sum()), 0.4
    share = above + fraction * float(shares_[-4])
    chosen = trajectory_quantilizer(each.tree, each.policy, share)
    saved = fraction * shares_[-4] / share * np.log(fraction)
    assert saved < -0.01
    assert kl(chosen, each.demonstrated) == pytest.approx(np.log(1 / share) + saved)
    squared = (above + fraction**2 * shares_[-4]) / share**2 - 1
    assert chi_squared(chosen, each.demonstrated) == pytest.approx(squared)


@given(seeds, shares, st.floats(0.1, 3.0))
def test_no_cost_grows_more_than_one_in_q(seed: int, share: float, tail: float) -> None:
    each = either(seed)
    costs = generator(seed, "costs").pareto(tail, len(each.tree.leaves))
    expected = each.tree.expectation(each.demonstrated, costs)
    chosen = trajectory_quantilizer(each.tree, each.policy, share)
    assert each.tree.expectation(chosen, costs) <= expected / share * (1 + 1e-9)


@given(seeds, slopes)
def test_the_tilt_is_worth_log_z_and_nothing_is_worth_more(seed: int, beta: float) -> None:
    each = either(seed)
    normaliser = each.tree.expectation(each.demonstrated, np.exp(beta * each.tree.leaf_returns))

    def worth(distribution: np.ndarray) -> float:
        return beta * each.tree.expectation(distribution) - kl(distribution, each.demonstrated)

    tilted = trajectory_tilt(each.tree, each.policy, beta)
    assert worth(tilted) == pytest.approx(np.log(normaliser), abs=1e-9)
    draw = generator(seed, "others")
    for spread in (0.01, 0.3, 2.0):
        other = tilted + spread * draw.standard_normal(len(tilted))
        assert worth(other - np.log(np.exp(other).sum())) <= worth(tilted) + 1e-12


@pytest.mark.parametrize("draws", [1, 2, 5])
@pytest.mark.parametrize("seed", [0, 3, 4])
def test_the_best_of_n_is_what_drawing_n_gives(seed: int, draws: int) -> None:
    each = either(seed)
    draw = generator(seed, "best", draws)
    trials, shares_ = 40_000, np.exp(each.demonstrated)
    drawn = draw.choice(len(shares_), size=(trials, draws), p=shares_ / shares_.sum())
    ranks = each.tree.leaf_atoms[drawn] + draw.random(drawn.shape)  # ties at random
    best = drawn[np.arange(trials), ranks.argmax(-1)]
    told = np.exp(trajectory_best_of(each.tree, each.policy, draws))
    assert told.sum() == pytest.approx(1.0, abs=1e-9)
    for features in generator(seed, "features").standard_normal((20, len(told))):
        mean, spread = told @ features, np.sqrt(told @ features**2 - (told @ features) ** 2)
        assert abs(features[best].mean() - mean) < 4.5 * spread / np.sqrt(trials)


@given(seeds, st.integers(1, 50))
def test_the_best_of_n_costs_at_most_what_it_costs_without_ties(seed: int, draws: int) -> None:
    each = either(seed)
    best = trajectory_best_of(each.tree, each.policy, draws)
    assert maximum_ratio(best, each.demonstrated) <= draws + 1e-9
    assert kl(best, each.demonstrated) <= np.log(draws) - (draws - 1) / draws + 1e-9
    assert each.tree.expectation(best) >= each.tree.expectation(each.demonstrated) - 1e-9


def test_weight_on_nothing_that_can_occur_is_refused() -> None:
    each = deterministic(0)
    with pytest.raises(DataError, match="can occur"):
        reweighted(each.tree, each.policy, np.full(len(each.tree.atoms), -np.inf))
