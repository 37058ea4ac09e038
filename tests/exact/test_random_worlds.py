"""Random worlds are what they are said to be, and follow from their generator."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.errors import SettingsError
from driftline.exact.histories import enumerate_histories
from driftline.exact.random_worlds import random_policy, random_tree, random_world
from driftline.seeding import generator
from tests.exact.worlds import seeds


@given(seeds, st.integers(1, 4), st.integers(1, 3), st.integers(1, 2))
def test_in_a_tree_a_state_is_a_history(seed: int, depth: int, actions: int, branches: int) -> None:
    world = random_tree(depth, actions, generator(seed, "tree"), branches=branches)
    tree = enumerate_histories(world)
    assert tree.states.tolist() == list(range(world.states))
    assert len(tree.leaves) == (actions * branches) ** depth
    assert world.terminal[tree.states[tree.leaves]].all()
    assert world.deterministic == (branches == 1)


@given(seeds, st.sampled_from([1.0, 0.1, 2.5]))
def test_rewards_are_multiples_of_the_step(seed: int, step: float) -> None:
    for world in (
        random_tree(3, 2, generator(seed, "tree"), reward_step=step, reward_levels=3),
        random_world(4, 2, 2, generator(seed, "world"), reward_step=step, reward_levels=3),
    ):
        whole = world.rewards / step
        np.testing.assert_allclose(whole, whole.round(), atol=1e-12)
        assert whole.min() >= 0
        assert whole.max() <= 3 + 1e-9


@given(seeds)
def test_the_same_generator_makes_the_same_world_and_policy(seed: int) -> None:
    one, other = (random_world(5, 2, 3, generator(seed, "world")) for _ in range(2))
    np.testing.assert_array_equal(one.chances, other.chances)
    np.testing.assert_array_equal(one.rewards, other.rewards)
    first, again = (random_policy(one, generator(seed, "policy")) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_allclose(first.sum(-1), 1.0)


def test_sizes_that_make_no_world_are_refused() -> None:
    draw = generator(0, "worlds")
    with pytest.raises(SettingsError, match="each is 1 or more"):
        random_tree(0, 2, draw)
    for settings in ({"branches": 4}, {"terminal_states": 3}):
        with pytest.raises(SettingsError, match="must be left"):
            random_world(3, 2, 2, draw, **settings)
