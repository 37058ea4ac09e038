"""The composition root: configurations become environments, models and learners.

The only module that knows concrete worlds and concrete models together.
"""

from __future__ import annotations

from typing import Any, assert_never

import numpy as np
from gymnasium.vector import VectorEnv

from driftline.agents.rollout import rollout
from driftline.agents.scripted import ScriptedAgent
from driftline.baselines.ppo_settings import PPOSettings
from driftline.data.episodes import Episodes
from driftline.data.gymnasium_spaces import action_spec, observation_spec
from driftline.data.returns import flat_returns_to_go
from driftline.data.trajectories import Trajectories
from driftline.environments.demonstrators import SokobanDemonstrator, TomatoDemonstrator
from driftline.environments.gridworlds.engine import GridworldVectorEnv
from driftline.environments.gridworlds.side_effects_sokoban import SideEffectsSokoban
from driftline.environments.gridworlds.tomato_watering import TomatoWatering
from driftline.environments.gridworlds.world import World
from driftline.environments.honest import Honest
from driftline.experiments.config import (
    AgentConfig,
    FrozenSettings,
    StudyConfig,
    WorldConfig,
)
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.seeding import integer_seed
from driftline.spaces.codecs import ReturnCodec
from driftline.spaces.specs import CodesSpec, VectorSpec
from driftline.training.finetune import FineTune, FineTuneSettings
from driftline.training.frozen import Frozen
from driftline.training.learner import Learner
from driftline.training.online import Online, OnlineSettings

Environment = VectorEnv[Any, Any, Any]


def world(config: WorldConfig) -> World[Any]:
    """The rules of the configured world."""
    match config.name:
        case "tomato-watering":
            return TomatoWatering()
        case "side-effects-sokoban":
            return SideEffectsSokoban()
        case _:
            assert_never(config.name)


def environment(config: WorldConfig, copies: int) -> Environment:
    """``copies`` copies; an honest world's reward is its hidden reward."""
    plain = GridworldVectorEnv(world(config), copies)
    return Honest(plain) if config.honest else plain


def demonstrate(config: StudyConfig, seed: int) -> Episodes:
    """The scripted demonstrations of one seed."""
    skill = config.demonstrations.skill
    match config.world.name:
        case "tomato-watering":
            agent = ScriptedAgent(TomatoDemonstrator(skill))
        case "side-effects-sokoban":
            agent = ScriptedAgent(SokobanDemonstrator(skill))
        case _:
            assert_never(config.world.name)
    count = config.demonstrations.episodes
    copies = environment(config.world, min(count, 512))
    path = integer_seed(seed, "demonstrations")
    return rollout(copies, agent, count, path, source="demonstration").episodes


def model(config: StudyConfig, demonstrations: Trajectories, seed: int) -> TrajectoryTransformer:
    """An untrained model whose codecs are fitted to the demonstrations."""
    spaces = environment(config.world, 1)
    observation = observation_spec(spaces.single_observation_space)
    starts = demonstrations.starts
    returns = flat_returns_to_go(demonstrations.rewards, starts)
    low, high = config.return_range or (None, None)
    codec = ReturnCodec.fit(returns, low=low, high=high)
    match observation:
        case CodesSpec():
            vector = None
        case VectorSpec():
            raise AssertionError("the studies' worlds are boards")
        case _:
            assert_never(observation)
    return TrajectoryTransformer(
        config.model,
        observation,
        action_spec(spaces.single_action_space),
        codec,
        vector,
        seed=integer_seed(seed, "model"),
    )


def learner(
    config: StudyConfig,
    agent: AgentConfig,
    demonstrator: TrajectoryTransformer,
    demonstrations: Trajectories,
    seed: int,
) -> Learner:
    """What acts and learns under ``agent``, from the demonstrator model's weights."""
    path = integer_seed(seed, "learner")
    horizon = config.model.horizon
    match agent.learner:
        case FrozenSettings():
            return Frozen(demonstrator, agent.learner.target, demonstrations)
        case OnlineSettings():
            return Online(demonstrator, demonstrations, agent.learner, path)
        case FineTuneSettings():
            return FineTune(demonstrator, demonstrations, agent.learner, horizon, path)
        case PPOSettings():
            from driftline.baselines.ppo import PPOLearner

            copies = environment(
                WorldConfig(config.world.name, agent.control), config.rounds.episodes_per_round
            )
            return PPOLearner(agent.learner, copies, demonstrator, seed=path)
        case _:
            assert_never(agent.learner)


def behaviours(config: WorldConfig) -> dict[str, bool]:
    """Whether each behaviour of the world is undesired, by name."""
    return {each.name: each.undesired for each in world(config).behaviours}


def palette(config: WorldConfig) -> dict[str, Any]:
    """What a replay needs to draw boards: characters and colours of the codes."""
    rules = world(config)
    codes = np.arange(len(rules.tiles.characters), dtype=np.uint8)[None]
    colours = rules.render_rgb(codes)[0]
    characters = rules.render_text(codes)
    return {"characters": list(characters.strip("\n")), "colours": colours.tolist()}
