"""Worlds and learners of a few weights, for tests of what learns from scratch.

Knows no test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from gymnasium.vector import SyncVectorEnv, VectorEnv
from torch import Tensor

from driftline.agents.rollout import rollout
from driftline.baselines.dqn import DQNLearner
from driftline.baselines.dqn_settings import DQNSettings
from driftline.baselines.from_scratch import FromScratch
from driftline.baselines.ppo import PPOLearner
from driftline.baselines.ppo_settings import PPOSettings
from driftline.data.gymnasium_spaces import action_spec, observation_spec
from driftline.environments.gridworlds import GridworldVectorEnv, SideEffectsSokoban, TomatoWatering
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.models.transformer_config import TransformerConfig
from driftline.records.events import RoundCollected
from driftline.spaces.codecs import ReturnCodec, VectorCodec
from driftline.spaces.specs import VectorSpec
from driftline.training.learner import Experience
from driftline.training.rounds import RoundSettings, run_rounds

COPIES = 8
ROUNDS = 3
SMALL_PPO = PPOSettings(width=16, layers=1, fewest_steps=0, epochs=2, minibatches=3)
# Kept are fewer steps than two rounds have, so that the buffer begins to forget.
SMALL_DQN = DQNSettings(
    width=16, layers=1, fewest_steps=0, learning_starts=0, batch=8, steps_per_update=8,
    target_every=96, buffer_size=200, exploration_share=1.0,
)  # fmt: skip


def garden() -> GridworldVectorEnv:
    """Episodes of 20 steps each."""
    return GridworldVectorEnv(TomatoWatering(horizon=20), COPIES)


def sokoban() -> GridworldVectorEnv:
    """Episodes of different lengths."""
    return GridworldVectorEnv(SideEffectsSokoban(horizon=20), COPIES)


def cart_pole() -> SyncVectorEnv:
    """Observations that are vectors."""
    import gymnasium

    return SyncVectorEnv([lambda: gymnasium.make("CartPole-v1", max_episode_steps=20)] * COPIES)


def pendulum() -> SyncVectorEnv:
    """Actions that are continuous, and in another box than -1 to 1."""
    import gymnasium

    return SyncVectorEnv([lambda: gymnasium.make("Pendulum-v1", max_episode_steps=20)] * COPIES)


def demonstrator(
    environment: VectorEnv[Any, Any, Any], gaussian: Any = "clipped"
) -> TrajectoryTransformer:
    """An untrained model: its policy is not uniform, which is all that matters here."""
    observation = observation_spec(environment.single_observation_space)
    vectors = isinstance(observation, VectorSpec)
    return TrajectoryTransformer(
        TransformerConfig(
            width=16, layers=1, heads=2, context_length=4, horizon=20, gaussian=gaussian
        ),
        observation,
        action_spec(environment.single_action_space),
        ReturnCodec(0.0, 1.0, -20.0, 50.0, 8),
        VectorCodec((0.0,) * observation.size, (1.0,) * observation.size) if vectors else None,
    )


def ppo(make: Any = garden, seed: int = 0, settings: PPOSettings = SMALL_PPO) -> PPOLearner:
    """PPO in a world of its own."""
    environment = make()
    return PPOLearner(settings, environment, demonstrator(environment), rounds=ROUNDS, seed=seed)


def dqn(make: Any = garden, seed: int = 0, settings: DQNSettings = SMALL_DQN) -> DQNLearner:
    """DQN in a world of its own."""
    environment = make()
    return DQNLearner(settings, environment, demonstrator(environment), rounds=ROUNDS, seed=seed)


SETTINGS = {"ppo": SMALL_PPO, "dqn": SMALL_DQN}
LEARNERS: dict[str, Callable[..., FromScratch]] = {"ppo": ppo, "dqn": dqn}


def rounds(one: FromScratch, make: Any, first: int, stop: int) -> Iterator[RoundCollected]:
    """What was recorded in the rounds ``first`` to ``stop - 1``."""
    events = run_rounds(one, make(), RoundSettings(stop, COPIES), 7, start=first)
    return (event for event in events if isinstance(event, RoundCollected))


def experience(one: FromScratch, make: Any, seed: int = 0) -> Experience:
    """One round of play as the learner sees it."""
    played = rollout(make(), one.agent(), COPIES, seed)
    assert played.distributions is not None
    episodes = played.episodes
    return Experience(episodes.trajectories, episodes.commanded, played.distributions)


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    """Whether both hold the same bits under the same names."""
    return one.keys() == other.keys() and all(torch.equal(one[n], other[n]) for n in one)
