"""Dynamic programming over time and state agrees with the enumerated histories."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.errors import DataError, SettingsError
from driftline.exact.atoms import nearest
from driftline.exact.histories import enumerate_histories
from driftline.exact.random_worlds import random_policy, random_tree, random_world
from driftline.exact.tables import tables
from driftline.exact.world import FiniteWorld
from driftline.seeding import generator

seeds = st.integers(0, 10_000)


def small_world(seed: int) -> FiniteWorld:
    draw = generator(seed, "world")
    if seed % 3 == 0:
        return random_tree(3, 2, draw, branches=2, reward_step=None)
    ends = int(draw.integers(0, 3))
    return random_world(5, 2, 4, draw, branches=2, reward_step=0.1, terminal_states=ends)


@given(seeds)
def test_the_distribution_of_returns_is_the_enumerated_one(seed: int) -> None:
    world = small_world(seed)
    policy = random_policy(world, generator(seed, "policy"))
    told = tables(world, policy)
    tree = enumerate_histories(world)
    played = np.exp(tree.log_probabilities(tree.markov(policy)))
    atoms = nearest(told.return_values, tree.leaf_returns)
    assert np.abs(told.return_values[atoms] - tree.leaf_returns).max() < 1e-8
    wanted = np.bincount(atoms, weights=played, minlength=len(told.return_values))
    np.testing.assert_allclose(world.initial @ told.return_before[0], wanted, atol=1e-12)


@given(seeds)
def test_rows_are_distributions_exactly_where_somebody_acts(seed: int) -> None:
    world = small_world(seed)
    told = tables(world, random_policy(world, generator(seed, "policy")))
    totals = told.return_after.sum(-1)
    np.testing.assert_allclose(totals[told.reached], 1.0)
    assert not totals[~told.reached].any()
    tree = enumerate_histories(world)
    acting = np.zeros_like(told.reached)
    for time, fan in enumerate(tree.fans):
        acting[time, tree.states[fan.decisions]] = True
    np.testing.assert_array_equal(acting, told.reached)


def test_a_world_of_too_many_returns_is_refused() -> None:
    world = random_world(6, 3, 12, generator(0, "real"), reward_step=None)
    policy = random_policy(world, generator(0, "policy"))
    with pytest.raises(SettingsError, match="multiples of one step"):
        tables(world, policy, entry_limit=100_000)
    with pytest.raises(DataError, match="time, state, action"):
        tables(world, policy[1:])
