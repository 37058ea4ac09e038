"""PPO as a learner: it learns, can be stored at any round, and leaves no trace outside."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium.vector import SyncVectorEnv, VectorEnv, VectorWrapper
from torch import Tensor

from driftline.agents.rollout import rollout
from driftline.baselines.ppo import PPOLearner
from driftline.baselines.ppo_settings import PPOSettings
from driftline.data.gymnasium_spaces import action_spec, observation_spec
from driftline.environments.gridworlds import GridworldVectorEnv, SideEffectsSokoban, TomatoWatering
from driftline.errors import CapabilityError, SpaceError
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.models.transformer_config import TransformerConfig
from driftline.records.events import RoundCollected
from driftline.spaces.codecs import ReturnCodec, VectorCodec
from driftline.spaces.specs import VectorSpec
from driftline.training.checkpoint import load_checkpoint, save_checkpoint
from driftline.training.divergence import distributions, kl
from driftline.training.learner import Experience
from driftline.training.rounds import RoundSettings, run_rounds

COPIES = 8
SMALL = PPOSettings(width=16, layers=1, epochs=2, minibatches=3)


def garden() -> GridworldVectorEnv:
    return GridworldVectorEnv(TomatoWatering(horizon=20), COPIES)


def sokoban() -> GridworldVectorEnv:
    return GridworldVectorEnv(SideEffectsSokoban(horizon=20), COPIES)


def cart_pole() -> SyncVectorEnv:
    import gymnasium

    return SyncVectorEnv([lambda: gymnasium.make("CartPole-v1", max_episode_steps=20)] * COPIES)


def demonstrator(environment: VectorEnv[Any, Any, Any]) -> TrajectoryTransformer:
    """An untrained model: its policy is not uniform, which is all that matters here."""
    observation = observation_spec(environment.single_observation_space)
    vectors = isinstance(observation, VectorSpec)
    return TrajectoryTransformer(
        TransformerConfig(width=16, layers=1, heads=2, context_length=4, horizon=20),
        observation,
        action_spec(environment.single_action_space),
        ReturnCodec(0.0, 1.0, -20.0, 50.0, 8),
        VectorCodec((0.0,) * observation.size, (1.0,) * observation.size) if vectors else None,
    )


def learner(make: Any = garden, seed: int = 0, settings: PPOSettings = SMALL) -> PPOLearner:
    environment = make()
    return PPOLearner(settings, environment, demonstrator(environment), seed=seed)


def rounds(one: PPOLearner, make: Any, first: int, stop: int) -> Iterator[RoundCollected]:
    events = run_rounds(one, make(), RoundSettings(stop, COPIES), 7, start=first)
    return (event for event in events if isinstance(event, RoundCollected))


def experience(one: PPOLearner, make: Any, seed: int = 0) -> Experience:
    played = rollout(make(), one.agent(), COPIES, seed)
    assert played.distributions is not None
    episodes = played.episodes
    return Experience(episodes.trajectories, episodes.commanded, played.distributions)


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[n], other[n]) for n in one)


@pytest.mark.parametrize("make", [garden, sokoban, cart_pole])
def test_an_interrupted_learner_goes_on_bit_for_bit(make: Any, tmp_path: Path) -> None:
    whole = learner(make)
    expected = list(rounds(whole, make, 0, 3))
    cut = learner(make)
    list(rounds(cut, make, 0, 2))
    save_checkpoint(tmp_path, *cut.state())

    resumed = learner(make, seed=0)
    list(rounds(resumed, make, 0, 1))  # what it was before must not matter
    resumed.restore(*load_checkpoint(tmp_path), history=[])
    again = list(rounds(resumed, make, 2, 3))

    assert same(resumed.state()[0], whole.state()[0])
    assert resumed.state()[1] == whole.state()[1]
    assert resumed.gradient_updates == whole.gradient_updates > 0
    for one, other in zip(again, expected[2:], strict=True):
        assert np.array_equal(one.episodes.kl, other.episodes.kl)
        assert np.array_equal(one.episodes.kl_previous, other.episodes.kl_previous)
        assert np.array_equal(
            one.episodes.trajectories.actions, other.episodes.trajectories.actions
        )


def test_the_seed_decides_everything_and_nothing_outside_does() -> None:
    def learnt(seed: int, draws: int) -> dict[str, Tensor]:
        torch.rand(draws)
        np.random.random(draws)  # noqa: NPY002
        one = learner(seed=seed)
        torch.rand(draws)
        one.learn(experience(one, garden), 0)
        return one.state()[0]

    assert same(learnt(0, 0), learnt(0, 5))
    assert not same(learnt(0, 0), learnt(1, 0))


def test_learning_disturbs_nobody_elses_randomness() -> None:
    one = learner()
    seen = experience(one, garden)
    before = torch.get_rng_state(), np.random.get_state()  # noqa: NPY002
    learner()
    one.learn(seen, 0)
    after = torch.get_rng_state(), np.random.get_state()  # noqa: NPY002
    assert torch.equal(before[0], after[0])
    assert np.array_equal(before[1][1], after[1][1])
    assert before[1][2:] == after[1][2:]


def test_rounds_differ_even_when_the_weights_do_not() -> None:
    first, second = learner(), learner()
    seen = experience(first, garden)
    first.learn(seen, 0)
    second.learn(seen, 1)
    assert not same(first.state()[0], second.state()[0])


class Unmeasured(VectorWrapper[Any, Any, Any]):
    """The same world, its hidden reward withheld."""

    def step(self, actions: Any) -> Any:
        *seen, info = self.env.step(actions)
        return *seen, info | {"hidden_reward": np.full(self.num_envs, np.nan), "flags": {}}


def test_the_hidden_reward_and_the_flags_change_nothing() -> None:
    learners = [learner(), learner(lambda: Unmeasured(garden()))]
    for one in learners:
        one.learn(experience(one, garden), 0)
    assert same(learners[0].state()[0], learners[1].state()[0])


@pytest.mark.parametrize("make", [garden, sokoban, cart_pole])
def test_divergences_are_those_of_the_policies_that_acted(make: Any) -> None:
    one = learner(make)
    seen = experience(one, make)
    apart, model = one.divergences(seen), demonstrator(make())
    reference = distributions(model, seen.trajectories, None)
    assert np.array_equal(apart.to_demonstrator, kl(model.action, seen.distributions, reference))
    assert apart.to_demonstrator.min() >= 0.0
    assert apart.to_demonstrator.max() > 1e-4
    taken = np.arange(seen.trajectories.steps), seen.trajectories.actions
    assert np.allclose(apart.log_ratio, seen.distributions[taken] - reference[taken])
    assert np.abs(apart.to_previous).max() < 1e-9, "nothing was learnt before the first round"

    one.learn(seen, 0)
    played = experience(one, make, seed=1)
    assert one.divergences(played).to_previous.mean() > 1e-7
    assert np.allclose(np.exp(played.distributions).sum(1), 1.0)
    # The policy of the first round is the previous one now: where it acted, it is no distance away.
    assert np.abs(one.divergences(seen).to_previous).max() < 1e-9


@pytest.mark.parametrize(("make", "steps"), [(garden, 160), (sokoban, None)])
def test_it_learns_from_as_many_steps_as_were_recorded(make: Any, steps: int | None) -> None:
    counted = Counting(make())
    one = PPOLearner(SMALL, counted, demonstrator(counted), seed=0)
    seen = experience(one, make)
    one.learn(seen, 0)
    recorded = seen.trajectories.steps
    assert steps in (None, recorded)
    assert counted.steps == -(-recorded // COPIES)


class Counting(VectorWrapper[Any, Any, Any]):
    """Counts the steps of all copies together."""

    steps = 0

    def step(self, actions: Any) -> Any:
        self.steps += 1
        return self.env.step(actions)


def test_gradient_updates_are_counted() -> None:
    one = learner(settings=PPOSettings(width=8, epochs=3, minibatches=2, target_kl=None))
    assert one.gradient_updates == 0
    one.learn(experience(one, garden), 0)
    assert one.gradient_updates == 6


def test_the_observed_return_rises() -> None:
    def make() -> GridworldVectorEnv:
        return GridworldVectorEnv(TomatoWatering(horizon=40), 24)

    one = learner(make, settings=PPOSettings(learning_rate=2e-3))
    events = run_rounds(one, make(), RoundSettings(6, 24), 0)
    returns = [each.observed_return for each in events if isinstance(each, RoundCollected)]
    assert np.mean(returns[-2:]) > 1.5 * returns[0]


def test_continuous_actions_are_refused() -> None:
    import gymnasium

    pendulum = SyncVectorEnv([lambda: gymnasium.make("Pendulum-v1")])
    with pytest.raises(SpaceError, match="action"):
        PPOLearner(SMALL, pendulum, demonstrator(garden()), seed=0)


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        "driftline.baselines.ppo.find_spec",
        lambda name: None if name == "stable_baselines3" else found(name),
    )
    with pytest.raises(CapabilityError, match=r"driftline\[baselines\]"):
        learner()


def test_the_library_loads_when_a_learner_is_made_and_not_before() -> None:
    program = """
import sys
import driftline.baselines.ppo_settings
assert "torch" not in sys.modules
import driftline.baselines.ppo
assert "stable_baselines3" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
