"""The soft recursions of Bellman's kind, and what they mean at the ends of the scale."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from driftline.exact.chain import chain
from driftline.exact.logarithms import log
from driftline.exact.markov import divergence, expected_return
from driftline.exact.random_worlds import random_policy, random_tree, random_world
from driftline.exact.soft_values import soft_plan
from driftline.exact.tables import tables
from driftline.exact.world import FiniteWorld
from driftline.seeding import generator
from driftline.shapes import Floats
from tests.exact.worlds import seeds, slopes


def larger(seed: int) -> tuple[FiniteWorld, Floats]:
    """A world of far more histories than could be enumerated, and its demonstrator."""
    draw = generator(seed, "world")
    world = random_world(12, 4, 30, draw, branches=3, terminal_states=seed % 3)
    return world, random_policy(world, generator(seed, "policy"))


@given(seeds, slopes)
def test_the_plan_is_worth_its_value(seed: int, beta: float) -> None:
    world, policy = larger(seed)
    plan = soft_plan(world, policy, beta, "control")
    np.testing.assert_allclose(plan.policy.sum(-1), 1.0, atol=1e-9)
    worth = beta * expected_return(world, plan.policy) - divergence(world, plan.policy, policy)
    assert worth == pytest.approx(plan.value, abs=1e-8)
    luck = soft_plan(world, policy, beta, "inference")
    other = beta * expected_return(world, luck.policy) - divergence(world, luck.policy, policy)
    assert other <= plan.value + 1e-8
    assert luck.value >= plan.value - 1e-8


@given(seeds, slopes)
def test_values_obey_the_soft_bellman_equations(seed: int, beta: float) -> None:
    """Written out with dense transitions, state by state, at one time."""
    world, policy = larger(seed)
    time, dense = seed % world.horizon, world.transitions
    paid = np.zeros_like(dense)
    for state, action, branch in np.ndindex(world.successors.shape):
        place = (state, action, world.successors[state, action, branch])
        paid[place] = world.rewards[state, action, branch]
    for backup in ("inference", "control"):
        plan = soft_plan(world, policy, beta, backup)  # type: ignore[arg-type]
        ahead = beta * paid + plan.values[time + 1]
        if backup == "inference":
            worth = np.log((dense * np.exp(ahead)).sum(-1))
        else:
            worth = (dense * ahead).sum(-1)
        np.testing.assert_allclose(plan.action_values[time], worth, atol=1e-8)
        value = np.log((policy[time] * np.exp(worth)).sum(-1))
        np.testing.assert_allclose(plan.values[time], value, atol=1e-8)
        chosen = policy[time] * np.exp(worth - value[:, None])
        np.testing.assert_allclose(plan.policy[time], chosen, atol=1e-9)
        assert not plan.values[-1].any()
        np.testing.assert_allclose(plan.values[:, world.terminal], 0.0, atol=1e-12)


@given(seeds, slopes)
def test_without_chance_both_backups_are_one(seed: int, beta: float) -> None:
    world = random_tree(5, 3, generator(seed, "tree"))
    policy = random_policy(world, generator(seed, "policy"))
    one, other = (soft_plan(world, policy, beta, way) for way in ("inference", "control"))
    np.testing.assert_allclose(one.values, other.values, atol=1e-12)
    np.testing.assert_allclose(one.policy, other.policy, atol=1e-12)


def test_the_inference_value_of_a_long_chain_is_that_of_its_returns() -> None:
    world = chain()
    policy = random_policy(world, generator(0, "policy"))
    told = tables(world, policy)
    shares = world.initial @ told.return_before[0]
    plan = soft_plan(world, policy, 0.3, "inference")
    assert plan.value == pytest.approx(np.log(shares @ np.exp(0.3 * told.return_values)))


def test_a_slope_of_zero_asks_for_nothing_and_a_steep_one_for_the_best() -> None:
    world, policy = larger(1)
    for backup in ("inference", "control"):
        plan = soft_plan(world, policy, 0.0, backup)  # type: ignore[arg-type]
        np.testing.assert_allclose(plan.policy, policy, atol=1e-12)
        assert plan.value == pytest.approx(0.0, abs=1e-9)
    best = np.zeros(world.states)
    for _ in range(world.horizon):
        best = (world.chances * (world.rewards + best[world.successors])).sum(-1).max(-1)
    steep = soft_plan(world, policy, 1e4, "control")
    assert expected_return(world, steep.policy) == pytest.approx(world.initial @ best, rel=1e-3)
    assert steep.value / 1e4 == pytest.approx(world.initial @ best, rel=1e-2)


def test_an_action_that_is_never_demonstrated_is_never_planned() -> None:
    world, policy = larger(2)
    policy[..., 0] = 0.0
    policy /= policy.sum(-1, keepdims=True)
    for backup in ("inference", "control"):
        plan = soft_plan(world, policy, 2.0, backup)  # type: ignore[arg-type]
        assert not plan.policy[..., 0].any()
        assert np.isfinite(plan.values).all()
        assert np.isneginf(log(plan.policy[..., 0])).all()
