"""IQL imitates the better actions, learns offline before it acts, and goes on bit for bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from driftline.agents.rollout import rollout
from driftline.agents.scripted import ScriptedAgent
from driftline.baselines.iql import IQLLearner
from driftline.baselines.iql_networks import Networks
from driftline.baselines.iql_settings import IQLSettings
from driftline.baselines.steps import Steps
from driftline.data.trajectories import Trajectories
from driftline.errors import SettingsError, SpaceError
from driftline.records.events import RoundCollected
from driftline.seeding import generator
from driftline.spaces.codecs import VectorCodec
from driftline.spaces.specs import ContinuousActionSpec, VectorSpec
from driftline.training.checkpoint import load_checkpoint, save_checkpoint
from driftline.training.rounds import RoundSettings, run_rounds
from tests.baselines.scratch import COPIES, demonstrator, garden, pendulum, same

SMALL = IQLSettings(offline_updates=5, updates_per_step=0.05, width=16, batch=16)


class Chance:
    """Torques that are drawn evenly."""

    def begin(self, episodes: int, generator: np.random.Generator) -> None:
        self._episodes = episodes

    def act(self, observations: object, generator: np.random.Generator) -> object:
        return generator.uniform(-2.0, 2.0, (self._episodes, 1)).astype(np.float32)


def shown() -> Trajectories:
    return rollout(pendulum(), ScriptedAgent(Chance()), COPIES, 0).episodes.trajectories


def learner(settings: IQLSettings = SMALL) -> IQLLearner:
    return IQLLearner(settings, demonstrator(pendulum()), shown(), seed=2)


def played(one: IQLLearner, first: int, stop: int) -> list[RoundCollected]:
    events = run_rounds(one, pendulum(), RoundSettings(stop, COPIES), 7, start=first)
    return [event for event in events if isinstance(event, RoundCollected)]


def test_an_interrupted_learner_goes_on_bit_for_bit(tmp_path: Path) -> None:
    whole = learner()
    expected = played(whole, 0, 4)
    cut = learner()
    begun = played(cut, 0, 2)
    save_checkpoint(tmp_path, *cut.state())
    resumed = learner()
    played(resumed, 0, 1)  # what it was before must not matter
    history = [each.episodes.trajectories for each in begun]
    resumed.restore(*load_checkpoint(tmp_path), history=history)
    again = played(resumed, 2, 4)
    assert same(resumed.state()[0], whole.state()[0])
    assert resumed.gradient_updates == whole.gradient_updates == 5 + 4 * 8
    assert resumed.own_share == whole.own_share == 0.8
    for one, other in zip(again, expected[2:], strict=True):
        assert np.array_equal(one.episodes.kl, other.episodes.kl)
        assert np.array_equal(one.episodes.kl_previous, other.episodes.kl_previous)
    assert (expected[0].episodes.kl_previous == 0).all()
    assert (expected[1].episodes.kl_previous > 0).all()


def one_step(actions: np.ndarray, rewards: np.ndarray) -> Trajectories:
    steps = len(actions)
    return Trajectories(
        observations=np.random.default_rng(3).normal(size=(2 * steps, 3)),
        actions=actions.astype(np.float32)[:, None],
        rewards=rewards,
        starts=np.arange(steps + 1),
        terminated=np.ones(steps, np.bool_),
        truncated=np.zeros(steps, np.bool_),
    )


def test_it_prefers_the_actions_that_paid() -> None:
    """Of torques around -1 and 1 those around 1 pay: an imitator would do both."""
    draw = np.random.default_rng(0)
    side = draw.choice([-1.0, 1.0], 2000)
    data = one_step(np.clip(side + draw.normal(0.0, 0.2, 2000), -2, 2), side)
    settings = IQLSettings(offline_updates=800, width=32, batch=128, learning_rate=2e-3)
    # Rewards are scaled to span 1,000; a temperature for that scale tells the sides apart.
    one = IQLLearner(settings, demonstrator(pendulum()), data, seed=0)
    known = one.agent().policy(data.observations[:200])
    assert known[:, 0].mean() * 2.0 == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize(("terminated", "worth"), [(True, 1.0), (False, 2.0)])
def test_what_comes_after_a_cut_counts_and_after_an_end_does_not(
    terminated: bool, worth: float
) -> None:
    """Every step pays 1 and comes back to where it was: 1 + 1/2 + 1/4 ... unless it ends."""
    data = Trajectories(
        observations=np.zeros((400, 3)),
        actions=np.random.default_rng(0).uniform(-2, 2, (200, 1)).astype(np.float32),
        rewards=np.ones(200),
        starts=np.arange(201),
        terminated=np.full(200, terminated),
        truncated=np.full(200, not terminated),
    )
    settings = IQLSettings(
        discount=0.5, width=16, batch=64, learning_rate=5e-3, target_rate=0.05, expectile=0.5
    )
    codec = VectorCodec((0.0,) * 3, (1.0,) * 3)
    networks = Networks(settings, codec, ContinuousActionSpec((-2.0,), (2.0,)), seed=0)
    steps, draw = Steps(1000, VectorSpec(3), ContinuousActionSpec((-2.0,), (2.0,))), generator(0)
    steps.add(data)
    for _ in range(600):
        networks.update(steps.draw(64, draw), reward_scale=1.0)
    assert networks._value(torch.zeros(1, 3)).item() == pytest.approx(worth, abs=0.1)


def test_demonstrations_of_equal_return_leave_rewards_as_they_are() -> None:
    """A sparse task by chance: nobody has found a reward yet, and learning goes on."""
    alike = one_step(np.linspace(-1, 1, 10), np.zeros(10))
    assert IQLLearner(SMALL, demonstrator(pendulum()), alike, seed=0)._reward_scale == 1.0
    some = one_step(np.linspace(-1, 1, 10), np.arange(10.0))
    known = IQLLearner(SMALL, demonstrator(pendulum()), some, seed=0)
    assert known._reward_scale == pytest.approx(1000.0 / 9.0)


def test_settings_out_of_range_and_other_spaces_are_refused() -> None:
    with pytest.raises(SettingsError, match="expectile of IQL is between 0 and 1"):
        IQLSettings(expectile=1.0)
    with pytest.raises(SettingsError, match="batch of IQL is at least 1"):
        IQLSettings(batch=0)
    with pytest.raises(SpaceError, match="IQL needs vectors and continuous actions"):
        IQLLearner(SMALL, demonstrator(garden()), shown(), seed=0)
