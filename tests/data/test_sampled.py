"""Episodes of a finite world become trajectories without losing a step."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from driftline.data.sampled import sample_trajectories
from driftline.exact.markov import expected_return
from driftline.exact.random_worlds import random_policy, random_world
from driftline.exact.sampling import sample
from driftline.exact.world import FiniteWorld
from driftline.seeding import generator
from driftline.shapes import Floats


def world_and_policy(seed: int) -> tuple[FiniteWorld, Floats]:
    draw = generator(seed, "world")
    world = random_world(6, 3, 7, draw, terminal_states=seed % 3)
    return world, random_policy(world, draw)


@given(st.integers(0, 10_000))
def test_each_trajectory_is_one_episode(seed: int) -> None:
    world, policy = world_and_policy(seed)
    made = sample_trajectories(world, policy, 20, generator(seed, "play"))
    play = sample(world, policy, 20, generator(seed, "play"))
    for index, each in enumerate(made):
        length = play.lengths[index]
        np.testing.assert_array_equal(each.observations, play.states[index, : length + 1])
        np.testing.assert_array_equal(each.actions, play.actions[index, :length])
        np.testing.assert_array_equal(each.rewards, play.rewards[index, :length])
        assert each.terminated == world.terminal[each.observations[-1]]
        assert each.truncated == (not each.terminated)


def test_the_mean_return_is_the_exact_one() -> None:
    world, policy = world_and_policy(1)
    returns = sample_trajectories(world, policy, 20_000, generator(1, "play")).returns
    error = returns.std() / np.sqrt(len(returns))
    assert abs(returns.mean() - expected_return(world, policy)) < 4 * error
