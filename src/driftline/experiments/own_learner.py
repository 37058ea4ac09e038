"""How an agent in one's own environment learns, and what does not go together.

Knows no environment and no run.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, assert_never, get_args

from gymnasium.vector import VectorEnv

from driftline.baselines.dqn_settings import DQNSettings
from driftline.baselines.iql_settings import IQLSettings
from driftline.baselines.off_policy_settings import SACSettings, TD3Settings
from driftline.baselines.ppo_settings import PPOSettings
from driftline.conditioning.target import Target
from driftline.data.demonstrations import Demonstrations
from driftline.data.trajectories import Trajectories
from driftline.errors import SettingsError
from driftline.experiments import build
from driftline.experiments.config import BaselineSettings
from driftline.experiments.own_environment import OwnEnvironment, vectorised
from driftline.experiments.own_run import OwnSettings
from driftline.models.trainable import TrainableModel
from driftline.training.finetune import FineTune, FineTuneSettings
from driftline.training.learner import Learner
from driftline.training.online import Online
from driftline.training.online_settings import OnlineSettings
from driftline.training.rounds import RoundSettings

NAMES = {
    PPOSettings: "ppo",
    DQNSettings: "dqn",
    SACSettings: "sac",
    TD3Settings: "td3",
    IQLSettings: "iql",
}
"""What episodes say of whose they are, where no generative model played them."""


def asking(settings: OwnSettings, target: Target | None) -> OwnSettings:
    """``settings`` with ``target`` for theirs; raises `SettingsError` where they have none."""
    if not isinstance(settings, OwnSettings):
        known = ", ".join(each.__name__ for each in get_args(OwnSettings))
        raise SettingsError(f"online says how the agent learns by one of {known}; got {settings!r}")
    if target is None:
        return settings
    if isinstance(settings, BaselineSettings):
        raise SettingsError(
            f"{type(settings).__name__} is of an agent that is never asked for a return, and "
            "target was given; leave it out"
        )
    return replace(settings, target=target)


def check_schedule(settings: OwnSettings, rounds: RoundSettings) -> None:
    """PPO and DQN explore less from round to round, of as many as there will be."""
    known = rounds.steps is None or rounds.steps_per_round > 0
    if isinstance(settings, PPOSettings | DQNSettings) and not known:
        raise SettingsError(
            f"{type(settings).__name__} has schedules over all rounds, and how many there will be "
            f"does not follow from {rounds.steps} steps in rounds of "
            f"{rounds.episodes_per_round} episodes; give rounds a steps_per_round, or no steps"
        )


def apart_from(
    environment: OwnEnvironment, demonstrations: Demonstrations
) -> VectorEnv[Any, Any, Any]:
    """Copies that are learnt in beside those that are recorded."""
    if isinstance(environment, VectorEnv):
        raise SettingsError(
            "PPO and DQN learn in copies of their own, and a vector environment, which was given, "
            "cannot be copied; give an id, or a function that makes a single one"
        )
    return vectorised(environment, demonstrations, build.OWN_COPIES)


def generative(
    model: TrainableModel,
    demonstrations: Trajectories,
    settings: OnlineSettings | FineTuneSettings,
    seed: int,
) -> Learner:
    """A learner that goes on with the model."""
    match settings:
        case OnlineSettings():
            return Online(model, demonstrations, settings, seed)
        case FineTuneSettings():
            horizon = int(demonstrations.lengths.max())
            return FineTune(model, demonstrations, settings, horizon, seed)
        case _:
            assert_never(settings)
