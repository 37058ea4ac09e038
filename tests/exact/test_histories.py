"""The tree holds every history once, and probabilities over it sum to 1."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from driftline.errors import DataError, SettingsError
from driftline.exact.histories import HistoryTree, enumerate_histories
from driftline.exact.random_worlds import random_policy, random_tree, random_world
from driftline.exact.world import FiniteWorld
from driftline.seeding import generator
from tests.exact.worlds import deterministic, seeds, stochastic


@given(seeds)
def test_trajectories_share_out_all_probability(seed: int) -> None:
    for each in (deterministic(seed), stochastic(seed)):
        assert np.exp(each.demonstrated).sum() == pytest.approx(1.0, abs=1e-12)
        shares = each.tree.return_probabilities(each.demonstrated)
        mean = each.tree.expectation(each.demonstrated)
        assert mean == pytest.approx(shares @ each.tree.atoms, abs=1e-9)


def played_out(world: FiniteWorld) -> dict[tuple[float, ...], float]:
    """Every history as (state, action, branch, state...) with its return, one by one."""
    found: dict[tuple[float, ...], float] = {}

    def go(history: tuple[float, ...], state: int, earned: float, time: int) -> None:
        if time == world.horizon or world.terminal[state]:
            found[history] = earned
            return
        for action in range(world.actions):
            for branch in np.flatnonzero(world.chances[state, action]):
                there = int(world.successors[state, action, branch])
                paid = earned + float(world.rewards[state, action, branch])
                go((*history, action, branch, there), there, paid, time + 1)

    for state in np.flatnonzero(world.initial):
        go((state,), int(state), 0.0, 0)
    return found


def walked_back(tree: HistoryTree, leaf: int) -> tuple[list[int], list[int]]:
    """States and actions from the start to ``leaf``."""
    states, actions = [int(tree.states[leaf])], []
    while tree.parents[leaf] >= 0:
        actions.append(int(tree.actions[leaf]))
        leaf = int(tree.parents[leaf])
        states.append(int(tree.states[leaf]))
    return states[::-1], actions[::-1]


@given(seeds)
def test_each_history_is_there_once_with_its_return(seed: int) -> None:
    each = stochastic(seed)
    one_by_one = played_out(each.world)
    assert len(each.tree.leaves) == len(one_by_one)
    wanted = sorted((h[0], *h[3::3], *h[1::3], *np.round([r], 6)) for h, r in one_by_one.items())
    found = sorted(
        (*states, *actions, *np.round([earned], 6))
        for leaf, earned in zip(each.tree.leaves, each.tree.leaf_returns, strict=True)
        for states, actions in [walked_back(each.tree, int(leaf))]
    )
    assert found == wanted


@given(seeds)
def test_groups_are_the_actions_of_the_decisions(seed: int) -> None:
    tree = stochastic(seed).tree
    for fan in tree.fans:
        first = np.arange(fan.children.start, fan.children.stop)[fan.groups]
        width = tree.world.actions
        np.testing.assert_array_equal(tree.parents[first], np.repeat(fan.decisions, width))
        np.testing.assert_array_equal(
            tree.actions[first], np.tile(np.arange(width), len(fan.decisions))
        )
        np.testing.assert_array_equal(fan.decisions[fan.owners], tree.parents[fan.children])
        np.testing.assert_allclose(np.add.reduceat(tree.chances[fan.children], fan.groups), 1.0)


def test_a_world_of_too_many_histories_is_refused() -> None:
    world = random_tree(6, 4, generator(0, "tree"))
    assert len(enumerate_histories(world, 4**6).leaves) == 4**6
    with pytest.raises(SettingsError, match="more than 4095"):
        enumerate_histories(world, 4**6 - 1)


def test_an_episode_that_always_ends_early_ends_the_tree() -> None:
    chances, paid = np.array([[[0.0, 1.0]], [[0.0, 1.0]]]), np.array([[[0.0, 2.0]], [[0.0, 0.0]]])
    world = FiniteWorld.of(chances, paid, np.array([1.0, 0.0]), 50, np.array([False, True]))
    tree = enumerate_histories(world)
    assert (tree.nodes, len(tree.fans), tree.leaf_returns.tolist()) == (2, 1, [2.0])
    policy = tree.markov(np.ones((50, 2, 1)))
    assert tree.log_probabilities(policy).tolist() == [0.0]


def test_a_policy_of_another_world_is_refused() -> None:
    world = random_world(3, 2, 2, generator(0, "world"))
    policy = random_policy(world, generator(0, "policy"))
    with pytest.raises(DataError, match="time, state, action"):
        enumerate_histories(world).markov(policy[:, :, :1])
    with pytest.raises(DataError, match="normalise"):
        enumerate_histories(world).markov(policy * 2)
