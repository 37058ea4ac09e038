"""The composition root: configurations become environments, models and learners.

The only module that knows concrete worlds and concrete models together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, assert_never

import numpy as np
from gymnasium.vector import VectorEnv

from driftline.baselines.dqn_settings import DQNSettings
from driftline.baselines.iql import IQLLearner
from driftline.baselines.iql_settings import IQLSettings
from driftline.baselines.off_policy_settings import SACSettings, TD3Settings
from driftline.baselines.ppo_settings import PPOSettings
from driftline.data.episodes import Episodes, concatenate_episodes
from driftline.data.gymnasium_spaces import action_spec, observation_spec
from driftline.data.returns import flat_returns_to_go
from driftline.data.trajectories import Trajectories
from driftline.environments.gridworlds.engine import GridworldVectorEnv
from driftline.environments.gridworlds.world import World
from driftline.environments.honest import Honest
from driftline.environments.remembering import Remembering
from driftline.errors import SettingsError
from driftline.experiments.arena import (
    arena,
    check_arena,
    policies,
    recorded,
    recorded_beside,
    watched,
)
from driftline.experiments.arena_config import ArenaConfig, LevelConfig
from driftline.experiments.config import (
    SCRATCH,
    AgentConfig,
    BaselineSettings,
    FrozenSettings,
    StudyConfig,
    WorldConfig,
    scripted,
)
from driftline.experiments.demonstrate import demonstrate
from driftline.experiments.worlds import named_world
from driftline.models.flow_policy import FlowPolicy
from driftline.models.flow_policy_config import FlowPolicyConfig
from driftline.models.trainable import TrainableModel, check_device, device_of, placed
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.models.transformer_config import TransformerConfig
from driftline.seeding import integer_seed
from driftline.spaces.codecs import ReturnCodec, VectorCodec
from driftline.spaces.specs import ActionSpec, ObservationSpec, VectorSpec
from driftline.training.cloned import Cloned, CloneSettings
from driftline.training.finetune import FineTune, FineTuneSettings
from driftline.training.frozen import Frozen
from driftline.training.learner import Learner
from driftline.training.online import Online
from driftline.training.online_settings import OnlineSettings

Environment = VectorEnv[Any, Any, Any]
OWN_COPIES = 8
"""How many copies of an arena PPO learns in."""
ModelConfig = TransformerConfig | FlowPolicyConfig
"""The families of models that can be fitted."""


def world(config: WorldConfig) -> World[Any]:
    """The rules of the configured world, as agents play it."""
    return named_world(config.name).played


def environment(config: WorldConfig | ArenaConfig, episodes: int) -> Environment:
    """Where ``episodes`` are played; an honest world's reward is its hidden reward.

    Of a gridworld one copy for each of them or, where ``passes`` are several, for each chain
    of so many that remember one another; raises `SettingsError` where these do not come out
    even.
    """
    if isinstance(config, ArenaConfig):
        return arena(config, episodes)
    plain = _copies(config, episodes)
    chained = Remembering(plain, config.passes) if config.passes > 1 else plain
    return Honest(chained) if config.honest else chained


def _copies(config: WorldConfig, episodes: int) -> GridworldVectorEnv:
    chains, left = divmod(episodes, config.passes)
    if left:
        raise SettingsError(
            f"{episodes} episodes do not come out even in chains of {config.passes}, as "
            f"{config.name} is played; give a multiple of {config.passes}"
        )
    return GridworldVectorEnv(world(config), chains)


def demonstrations(
    config: StudyConfig, seed: int, told: Callable[[float], None] | None = None
) -> Episodes:
    """The demonstrations of one seed: scripted, an equal share of each skill, or recorded.

    Recording takes its time: ``told`` is called now and then with the share that is done.
    """
    if isinstance(config.world, ArenaConfig):
        return recorded(config.world, _level(config), seed, told)
    return _demonstrated(config, scripted(config).episodes, seed)


def held_out(config: StudyConfig, seed: int) -> Episodes:
    """Demonstrations of the same kind that nothing is trained on."""
    if isinstance(config.world, ArenaConfig):
        return recorded_beside(config.world, _level(config), seed)
    return _demonstrated(config, config.demonstrations.held_out, integer_seed(seed, "held out"))


def behaviour_policy(config: StudyConfig) -> str | None:
    """A sha256 of the policies that demonstrate; None where none do."""
    if isinstance(config.world, ArenaConfig):
        return policies(config.world, _level(config))
    return None


def _level(config: StudyConfig) -> LevelConfig:
    assert isinstance(config.demonstrations, LevelConfig)  # `StudyConfig` has seen to it
    return config.demonstrations


def _demonstrated(config: StudyConfig, episodes: int, seed: int) -> Episodes:
    skills, share = scripted(config).skills, scripted(config).tampering
    parts = []
    for skill, members in zip(
        skills, np.array_split(np.arange(episodes), len(skills)), strict=True
    ):
        tampering = round(share * len(members))
        path = integer_seed(seed, "skill", str(skill))
        for count, shown in ((len(members) - tampering, False), (tampering, True)):
            if count:
                parts.append(demonstrate(config.world.name, count, skill, path, shown))
    return concatenate_episodes(parts)


def model(config: StudyConfig, demonstrations: Trajectories, seed: int) -> TrajectoryTransformer:
    """An untrained model whose codecs are fitted to the demonstrations, on the study's device."""
    spaces = environment(replace(config.world, honest=False), config.world.passes)
    observation = observation_spec(spaces.single_observation_space)
    action = action_spec(spaces.single_action_space)
    codecs = _codecs(config.model, demonstrations, observation, config.return_range)
    path = integer_seed(seed, "model")
    made = TrajectoryTransformer(config.model, observation, action, *codecs, seed=path)
    placed(made, config.device)
    return made


def untrained(
    config: ModelConfig,
    demonstrations: Trajectories,
    observation: ObservationSpec,
    action: ActionSpec,
    return_range: tuple[float, float] | None,
    seed: int,
) -> TrainableModel:
    """A model for these spaces; ``return_range`` bounds the return head's bins."""
    codecs = _codecs(config, demonstrations, observation, return_range)
    match config:
        case TransformerConfig():
            return TrajectoryTransformer(config, observation, action, *codecs, seed=seed)
        case FlowPolicyConfig():
            return FlowPolicy(config, observation, action, *codecs, seed=seed)
        case _:
            assert_never(config)


def _codecs(
    config: ModelConfig,
    demonstrations: Trajectories,
    observation: ObservationSpec,
    return_range: tuple[float, float] | None,
) -> tuple[ReturnCodec, VectorCodec | None]:
    """Fitted to the demonstrations: of returns and, where they are, of vectors."""
    low, high = return_range or (None, None)
    returns = flat_returns_to_go(demonstrations.rewards, demonstrations.starts)
    codec = ReturnCodec.fit(returns, low=low, high=high)
    if isinstance(config, TransformerConfig) and config.embeddings == "plain":
        codec = replace(codec, centre=0.0, scale=config.return_unit)
    vectors = isinstance(observation, VectorSpec)
    return codec, VectorCodec.fit(demonstrations.observations) if vectors else None


def learner(
    config: StudyConfig,
    agent: AgentConfig,
    demonstrator: TrainableModel,
    demonstrations: Trajectories,
    seed: int,
    own: Trajectories | None = None,
) -> Learner:
    """What acts and learns under ``agent``, from the demonstrator model's weights.

    ``own``: what the slots of an online agent hold before its first round.
    """
    path = integer_seed(seed, "learner")
    horizon = config.model.horizon
    match agent.learner:
        case FrozenSettings():
            return Frozen(demonstrator, agent.learner.target, demonstrations)
        case OnlineSettings():
            return Online(demonstrator, demonstrations, agent.learner, path, own)
        case FineTuneSettings():
            return FineTune(demonstrator, demonstrations, agent.learner, horizon, path)
        case CloneSettings():
            return _cloned(agent.learner, demonstrator, demonstrations, path)
        case _:
            copies, rounds = partial(_its_own, config, agent), config.rounds.most
            return baseline(agent.learner, demonstrator, demonstrations, copies, rounds, path)


def baseline(
    settings: BaselineSettings,
    demonstrator: TrainableModel,
    demonstrations: Trajectories,
    copies: Callable[[], Environment],
    rounds: int,
    seed: int,
) -> Learner:
    """A learner that is not made from the demonstrator model, and acts in its spaces.

    ``copies`` makes those that PPO and DQN learn in, whose schedules run over ``rounds``.
    """
    match settings:
        case PPOSettings():
            from driftline.baselines.ppo import PPOLearner

            return PPOLearner(settings, copies(), demonstrator, rounds=rounds, seed=seed)
        case DQNSettings():
            from driftline.baselines.dqn import DQNLearner

            return DQNLearner(settings, copies(), demonstrator, rounds=rounds, seed=seed)
        case SACSettings() | TD3Settings():
            from driftline.baselines.off_policy import OffPolicyLearner

            return OffPolicyLearner(settings, demonstrator, seed=seed)
        case IQLSettings():
            return IQLLearner(settings, demonstrator, demonstrations, seed=seed)
        case _:
            assert_never(settings)


def _cloned(
    settings: CloneSettings, demonstrator: TrainableModel, demonstrations: Trajectories, seed: int
) -> Cloned:
    """With a model like the demonstrator's, of other weights, that is never asked for a return."""
    assert isinstance(demonstrator, TrajectoryTransformer)  # as those of studies are
    described = demonstrator.to_json()
    described = {**described, "config": {**described["config"], "return_dropout": 1.0}}
    fresh = TrajectoryTransformer.from_json(described, integer_seed(seed, "cloned weights"))
    placed(fresh, str(device_of(demonstrator)))
    return Cloned(settings, fresh, demonstrator, demonstrations, seed=seed)


def _its_own(config: StudyConfig, agent: AgentConfig) -> Environment:
    """Copies of the world that ``agent`` learns in, apart from those that are recorded.

    One for each episode of a round, also where episodes are recorded in chains. They
    remember until the next seeded reset, which begins every round's learning.
    """
    if isinstance(config.world, ArenaConfig):
        return arena(replace(config.world, honest=agent.control), OWN_COPIES)
    plain = GridworldVectorEnv(world(config.world), config.rounds.episodes_per_round)
    return Honest(plain) if agent.control else plain


def check(config: StudyConfig) -> None:
    """Raise `CapabilityError` where the study needs what is not installed.

    And `SettingsError` where nobody can demonstrate its task, or its device is not there.
    """
    check_device(config.device)
    if isinstance(config.world, ArenaConfig):
        check_arena(config.world, _level(config))
    if any(isinstance(agent.learner, SCRATCH) for agent in config.agents):
        from driftline.baselines.installed import require_stable_baselines3

        require_stable_baselines3()


def behaviours(config: WorldConfig | ArenaConfig) -> dict[str, bool]:
    """Whether each behaviour of the world is undesired, by name."""
    if isinstance(config, ArenaConfig):
        return watched(config)
    return {each.name: each.undesired for each in world(config).behaviours}
