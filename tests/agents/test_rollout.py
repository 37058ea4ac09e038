"""A rollout records what single environments, played one by one, would have shown."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from driftline.agents.return_conditioned import ReturnConditionedAgent
from driftline.agents.rollout import Rollout, rollout
from driftline.conditioning.reference import Reference
from driftline.conditioning.target import Unconditioned
from driftline.data.episodes import Episodes
from driftline.errors import SettingsError
from tests.agents.tabular import END, TabularWorld, random_world, tabular_model


class Drifting(gymnasium.Env[Any, Any]):
    """Observes the sum of the actions; effort costs; ends when far out, or after 9 steps."""

    def __init__(self, actions: Box) -> None:
        self.action_space = actions
        self.observation_space = Box(-np.inf, np.inf, actions.shape, np.float64)

    def reset(self, *, seed: Any = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.place, self.age = self.np_random.normal(size=self.action_space.shape), 0
        return self.place.copy(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        assert self.action_space.contains(action), (action, action.dtype)
        self.place, self.age = self.place + action, self.age + 1
        out = bool(np.abs(self.place).max() > 3.0)
        return self.place.copy(), -float(np.abs(action).sum()), out, self.age == 9, {}


KNOWN = np.log(np.random.default_rng(5).dirichlet(np.ones(3), 10))
"""What the agent of these tests says its distributions were, by state."""


class Counting:
    """Acts by state and by how long its episode has lasted; asks for 50, 51, 52..."""

    def begin(self, episodes: int, seed: int) -> None:
        self.commanded = 50.0 + np.arange(episodes)
        self._ages = np.zeros(episodes, np.int64)
        self.sizes: list[int] = []

    def act(self, observations: Any) -> Any:
        self.sizes.append(len(observations))
        self.distributions = KNOWN[observations]
        chosen = (observations + self._ages) % 3
        self._ages = self._ages + 1
        return chosen

    def receive(self, rewards: Any) -> None:
        self.commanded = self.commanded - rewards

    def narrow(self, rows: Any) -> None:
        self.commanded, self._ages = self.commanded[rows], self._ages[rows]


def played_by_hand(world: TabularWorld, start: int, asked: float) -> dict[str, list[Any]]:
    """One episode of one copy, in plain numbers, from the tables alone."""
    seen: dict[str, list[Any]] = {"observations": [start]}
    state, age, going = start, 0, True
    while going:
        action = (state + age) % 3
        step = {
            "actions": action,
            "rewards": world.rewards[state, action],
            "hidden": world.hidden[state, action],
            "commanded": asked,
            "marked": world.marked[state, action],
            "available": state % 2 == 0,
            "known": KNOWN[state],
        }
        for name, value in step.items():
            seen.setdefault(name, []).append(value)
        asked = asked - world.rewards[state, action]
        ended = world.following[state, action] == END
        state, age = (state if ended else world.following[state, action]), age + 1
        seen["observations"].append(state)
        going = not ended and age < world.horizon
    seen["terminated"] = [ended]
    return seen


@pytest.mark.parametrize("seed", range(6))
def test_every_column_is_that_of_single_environments_played_one_by_one(seed: int) -> None:
    copies, episodes = 7, 17
    world, agent = random_world(seed, copies), Counting()
    played = rollout(world, agent, episodes, seed=3, round=4, source="self")
    single = [
        played_by_hand(world, int(world.starts[e % copies]), 50.0 + e % copies)
        for e in range(episodes)
    ]

    def flat(name: str) -> Any:
        return np.array([value for each in single for value in each[name]])

    recorded, data = played.episodes, played.episodes.trajectories
    assert np.array_equal(data.lengths, [len(each["actions"]) for each in single])
    assert np.array_equal(data.observations, flat("observations"))
    assert np.array_equal(data.actions, flat("actions"))
    assert np.array_equal(data.rewards, flat("rewards"))
    assert np.array_equal(data.terminated, flat("terminated"))
    assert np.array_equal(data.truncated, ~flat("terminated"))
    assert np.array_equal(recorded.hidden_rewards, flat("hidden"))
    assert np.array_equal(recorded.commanded, flat("commanded"))
    assert np.array_equal(recorded.flags["marked"], flat("marked"))
    assert np.array_equal(recorded.available["marked"], flat("available"))
    assert np.array_equal(played.distributions, flat("known"))
    assert np.isnan(recorded.kl).all()
    assert np.isnan(recorded.kl_previous).all()
    assert (recorded.rounds == 4).all()
    assert recorded.sources == ("self",) * episodes


def test_these_worlds_have_ragged_episodes_that_end_both_ways() -> None:
    played = [rollout(random_world(seed, 7), Counting(), 7, 0).episodes for seed in range(6)]
    lengths = np.concatenate([each.trajectories.lengths for each in played])
    terminated = np.concatenate([each.trajectories.terminated for each in played])
    assert len(set(lengths.tolist())) > 4
    assert 0 < terminated.sum() < len(terminated)


@pytest.mark.parametrize("seed", [1, 3, 5])
def test_ended_episodes_leave_the_agent_and_change_nothing_for_the_others(seed: int) -> None:
    world, agent = random_world(seed, 12), Counting()
    together = rollout(world, agent, 12, seed=0).episodes
    assert agent.sizes[0] == 12
    assert agent.sizes[-1] < 7, "the agent was never narrowed"
    for copy in range(12):
        alone = TabularWorld(
            world.following, world.rewards, world.starts[copy : copy + 1],
            hidden=world.hidden, marked=world.marked, horizon=world.horizon,
        )  # fmt: skip
        single = rollout(alone, Counting(), 1, seed=0).episodes
        same_episode(together, copy, single, shift=float(copy))


def same_episode(many: Episodes, index: int, single: Episodes, shift: float) -> None:
    one, other = many.episode(index), single.episode(0)
    for column in ("observations", "actions", "rewards", "terminated", "truncated"):
        left, right = getattr(one.trajectory, column), getattr(other.trajectory, column)
        assert np.array_equal(left, right)
    assert np.array_equal(one.hidden_rewards, other.hidden_rewards)
    assert np.array_equal(one.flags["marked"], other.flags["marked"])
    assert np.allclose(one.commanded, other.commanded + shift, rtol=0, atol=1e-12)


def sampled(seed: int, episodes: int = 11) -> Rollout:
    model, reference = tabular_model(10, 3), Reference.of(np.zeros(1))
    agent = ReturnConditionedAgent(model, Unconditioned(), reference)
    return rollout(random_world(0, 4), agent, episodes, seed)


def test_the_same_arguments_give_the_same_episodes_and_another_seed_gives_others() -> None:
    one, same, other = sampled(0), sampled(0), sampled(1)
    for field in fields(one.episodes.trajectories):
        left, right = (getattr(each.episodes.trajectories, field.name) for each in (one, same))
        assert np.array_equal(left, right), field.name
    assert np.array_equal(one.distributions, same.distributions)
    assert not np.array_equal(
        one.episodes.trajectories.actions[:20], other.episodes.trajectories.actions[:20]
    )


def test_later_passes_over_the_copies_draw_afresh() -> None:
    played = sampled(0, episodes=40).episodes.trajectories
    first = [tuple(played[index].actions) for index in range(0, 40, 4)]
    assert len(set(first)) > 1


def test_a_world_without_hidden_rewards_or_behaviours_records_none() -> None:
    world = random_world(0, 3, hidden=None, marked=None)
    recorded = rollout(world, Counting(), 3, seed=0).episodes
    assert np.isnan(recorded.hidden_rewards).all()
    assert recorded.behaviours == ()
    assert dict(recorded.available) == {}


class Pushing:
    """Pushes too hard, by its place and by how long its episode has lasted."""

    distributions = None

    def __init__(self, size: int) -> None:
        self._size = size

    def begin(self, episodes: int, seed: int) -> None:
        self.commanded, self._age = np.full(episodes, np.nan), 0

    def act(self, observations: Any) -> Any:
        self._age += 1
        push = 0.3 * self._age - observations[:, :1] - np.arange(self._size)
        return push.astype(np.float32)

    def receive(self, rewards: Any) -> None: ...

    def narrow(self, rows: Any) -> None:
        self.commanded = self.commanded[rows]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_continuous_actions_arrive_in_their_box_and_are_recorded_as_they_arrived(
    kind: type,
) -> None:
    box = Box(np.array([-1.0, -0.1], kind), np.array([1.0, 0.7], kind), dtype=kind)
    copies = SyncVectorEnv([lambda: Drifting(box)] * 5)
    data = rollout(copies, Pushing(2), 12, seed=0).episodes.trajectories
    assert data.actions.dtype == kind
    assert data.actions.shape == (data.steps, 2)
    assert (data.actions == box.high).any()
    assert (data.actions == box.low).any()
    assert len(set(data.lengths.tolist())) > 1
    for one in data:
        moved = one.observations[0] + np.cumsum(one.actions.astype(np.float64), axis=0)
        assert np.allclose(one.observations[1:], moved)
        assert np.allclose(one.rewards, -np.abs(one.actions).sum(1))


@pytest.mark.parametrize("mode", [AutoresetMode.SAME_STEP, AutoresetMode.DISABLED, "SameStep"])
def test_a_world_that_resets_at_another_time_is_refused(mode: Any) -> None:
    with pytest.raises(SettingsError, match="resets on the next step"):
        rollout(random_world(0, 3, mode=mode), Counting(), 3, seed=0)
