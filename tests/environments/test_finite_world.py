"""The finite world as an environment: Gymnasium's contract, the world's rules, its odds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.agents.rollout import rollout
from driftline.environments.finite_world import FiniteWorldVectorEnv
from driftline.environments.reporting import Reporting
from driftline.errors import DriftlineError
from driftline.exact.markov import expected_return
from driftline.exact.random_worlds import random_policy, random_world
from driftline.exact.sampling import climb, ladders
from driftline.exact.world import FiniteWorld
from driftline.seeding import generator
from driftline.shapes import Floats, Integers


class Playing:
    """An agent that follows ``policy [H, S, A]``."""

    def __init__(self, policy: Floats) -> None:
        self.policy = policy
        self.commanded = np.zeros(0)
        self.distributions = None
        self.effective_samples = None

    def begin(self, episodes: int, seed: int) -> None:
        self.draw, self.time = generator(seed, "actions"), 0
        self.commanded = np.full(episodes, np.nan)

    def act(self, observations: Any) -> Integers:
        rungs = ladders(self.policy[self.time, observations])
        self.time += 1
        return climb(rungs, self.draw.random(len(observations)))

    def receive(self, rewards: Floats) -> None:
        """Nothing to learn."""

    def narrow(self, rows: Integers) -> None:
        self.commanded = self.commanded[rows]


def world_and_policy(seed: int) -> tuple[FiniteWorld, Floats]:
    draw = generator(seed, "world")
    world = random_world(6, 3, 7, draw, terminal_states=seed % 3)
    return world, random_policy(world, draw)


@given(st.integers(0, 10_000))
def test_a_rollout_plays_by_the_worlds_rules(seed: int) -> None:
    world, policy = world_and_policy(seed)
    hidden = generator(seed, "hidden").standard_normal(world.rewards.shape)
    environment = Reporting(FiniteWorldVectorEnv(world, 8, hidden_rewards=hidden))
    played = rollout(environment, Playing(policy), 20, seed).episodes
    first = 0
    for each in played.trajectories:
        states, actions = np.asarray(each.observations), np.asarray(each.actions)
        assert world.initial[states[0]] > 0
        assert each.terminated == world.terminal[states[-1]]
        assert each.terminated or len(each) == world.horizon
        assert not world.terminal[states[:-1]].any()
        branches = world.successors[states[:-1], actions] == states[1:, None]
        assert (branches.sum(-1) == 1).all()
        place = (states[:-1], actions, branches.argmax(-1))
        assert (world.chances[place] > 0).all()
        np.testing.assert_array_equal(each.rewards, world.rewards[place])
        told = played.hidden_rewards[first : first + len(each)]
        np.testing.assert_array_equal(told, hidden[place])
        first += len(each)


def test_the_mean_return_of_a_rollout_is_the_exact_one() -> None:
    world, policy = world_and_policy(1)
    played = rollout(FiniteWorldVectorEnv(world, 1000), Playing(policy), 10_000, 0).episodes
    returns = played.trajectories.returns
    error = returns.std() / np.sqrt(len(returns))
    assert abs(returns.mean() - expected_return(world, policy)) < 4 * error
    assert np.isnan(played.hidden_rewards).all()


def test_the_step_after_the_last_is_the_first_of_the_next_episode() -> None:
    world, _ = world_and_policy(0)  # no terminal state: all end at the horizon
    environment = FiniteWorldVectorEnv(world, 16, hidden_rewards=np.ones_like(world.rewards))
    environment.reset(seed=3)
    for episode in range(3):
        for time in range(1, world.horizon + 1):
            *_, terminated, truncated, info = environment.step(np.zeros(16, np.int64))
            assert not terminated.any()
            assert (truncated == (time == world.horizon)).all(), (episode, time)
            assert (info["hidden_reward"] == 1.0).all()
        states, rewards, _, truncated, info = environment.step(np.zeros(16, np.int64))
        assert (world.initial[states] > 0).all()
        assert not np.stack([rewards, truncated, info["hidden_reward"]]).any()


def test_the_same_seed_plays_the_same_and_another_does_not() -> None:
    world, policy = world_and_policy(2)
    one, again, other = (
        rollout(FiniteWorldVectorEnv(world, 4), Playing(policy), 12, seed).episodes.trajectories
        for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(one.observations, again.observations)
    np.testing.assert_array_equal(one.rewards, again.rewards)
    assert one.steps != other.steps or (one.actions != other.actions).any()


def test_observations_and_actions_are_in_their_spaces() -> None:
    world, _ = world_and_policy(1)
    environment = FiniteWorldVectorEnv(world, 5)
    states, info = environment.reset(seed=0)
    assert info == {}
    assert environment.observation_space.contains(states)
    environment.action_space.seed(0)
    for _ in range(20):
        states, rewards, *_ = environment.step(environment.action_space.sample())
        assert environment.observation_space.contains(states)
        assert rewards.dtype == np.float64


def test_misuse_is_refused_in_one_line() -> None:
    world, _ = world_and_policy(1)
    environment = FiniteWorldVectorEnv(world, 2)
    misuses = {
        "call reset": lambda: environment.step(np.zeros(2, np.int64)),
        "at least 1": lambda: FiniteWorldVectorEnv(world, 0),
        "one for each branch": lambda: FiniteWorldVectorEnv(world, hidden_rewards=np.zeros(3)),
    }
    for said, misuse in misuses.items():
        with pytest.raises(DriftlineError, match=said):
            misuse()
    environment.reset(seed=0)
    for actions in (np.zeros(3, np.int64), np.zeros(2), np.array([0, 3])):
        with pytest.raises(DriftlineError, match=r"give int\[2\]|are 0 to 2"):
            environment.step(actions)
