"""Conditioning the tables is Bayes on the histories, and knows what to do after bad luck."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from driftline.exact.conditioned import conditioned, weighted
from driftline.exact.random_worlds import random_policy, random_world
from driftline.exact.soft_values import soft_plan
from driftline.exact.tables import tables
from driftline.exact.world import FiniteWorld
from driftline.seeding import generator

seeds = st.integers(0, 10_000)


@given(seeds, st.floats(-3.0, 3.0))
def test_the_exponential_weight_of_the_return_is_the_inference_backup(
    seed: int, beta: float
) -> None:
    world = random_world(4, 3, 4, generator(seed, "world"), terminal_states=seed % 3)
    policy = random_policy(world, generator(seed, "policy"))
    told, plan = tables(world, policy), soft_plan(world, policy, beta, "inference")
    everywhere = np.arange(world.states)
    for time in range(world.horizon):
        weights = np.broadcast_to(
            beta * told.return_values, (world.states, len(told.return_values))
        )
        tilted = weighted(told, time, everywhere, weights)
        here = told.reached[time]
        np.testing.assert_allclose(tilted[here], plan.policy[time, here], atol=1e-12)


@given(seeds)
def test_conditioning_averages_back_to_the_demonstrator(seed: int) -> None:
    world = random_world(4, 3, 3, generator(seed, "world"))
    told = tables(world, random_policy(world, generator(seed, "policy")))
    state = int(np.flatnonzero(told.reached[0])[0])
    shares = told.return_before[0, state]
    states = np.full(len(shares), state)
    chosen = conditioned(told, 0, states, told.return_values)
    np.testing.assert_allclose(shares @ chosen, told.policy[0, state], atol=1e-12)
    np.testing.assert_allclose(chosen.sum(-1), 1.0)


def test_an_impossible_return_stands_for_the_nearest_possible_one() -> None:
    paid = np.array([[[0.0], [1.0], [3.0]]])
    world = FiniteWorld.of(np.ones((1, 3, 1)), paid, np.ones(1), 1)
    told = tables(world, np.array([[[0.5, 0.25, 0.25]]]))
    asked = np.array([-5.0, 0.4, 1.9, 2.0, 9.0])
    chosen = conditioned(told, 0, np.zeros(5, np.int64), asked)
    assert chosen.argmax(-1).tolist() == [0, 0, 1, 2, 2]
    np.testing.assert_array_equal(chosen.max(-1), 1.0)


def test_where_no_return_has_weight_the_demonstrator_goes_on() -> None:
    world = random_world(3, 2, 2, generator(0, "world"))
    told = tables(world, random_policy(world, generator(0, "policy")))
    nothing = np.full((3, len(told.return_values)), -np.inf)
    states = np.arange(3)
    np.testing.assert_array_equal(weighted(told, 1, states, nothing), told.policy[1])
