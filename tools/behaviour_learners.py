"""The trainings that behaviour policies are snapshots of: SAC and PPO of stable-baselines3.

Know no file that the package ships. Either gives its policy as a squashed Gaussian: PPO plays
in an environment whose actions tanh squashes, and its scaling of observations is folded into
the first layer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box
from stable_baselines3 import PPO, SAC
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.running_mean_std import RunningMeanStd
from stable_baselines3.common.vec_env import VecNormalize
from torch import nn

from driftline.environments.mujoco.policy import Layer, Policy
from driftline.environments.mujoco.robots import Robot

SEED = 0
LEARNER, REPLAY, SCALES = "learner.zip", "replay.pkl", "scales.pkl"


@dataclass(frozen=True, eq=False)
class Training(ABC):
    """A learner of the library's that goes on where it was stored in ``place``."""

    learner: BaseAlgorithm
    place: Path

    @property
    def steps(self) -> int:
        """How many it has learnt from."""
        return self.learner.num_timesteps

    def learn(self, steps: int) -> None:
        """Go on for about so many more."""
        self.learner.learn(steps, reset_num_timesteps=False, log_interval=10**9)

    def earned(self) -> list[float]:
        """Returns of the last episodes."""
        return [each["r"] for each in self.learner.ep_info_buffer or []][-20:]

    @abstractmethod
    def acting(self) -> Policy:
        """The policy as it is now."""

    def store(self) -> None:
        """Write what is needed to go on."""
        self.learner.save(self.place / LEARNER)


@dataclass(frozen=True)
class BySAC:
    """Width of both hidden layers, steps of a batch, learning rate; what is at rest."""

    width: int = 256
    batch: int = 256
    rate: float = 3e-4
    every: int = 10_000

    def told(self) -> str:
        """In words."""
        return f"SAC of stable-baselines3, two layers of {self.width}, batches of {self.batch}"

    def begun(self, of: Robot, place: Path) -> SACTraining:
        """The learner as it was stored last in ``place``, or a new one."""
        environment = gymnasium.make(of.environment_id)
        if (place / LEARNER).exists():
            learner = SAC.load(place / LEARNER, env=environment, device="cpu")
            learner.load_replay_buffer(place / REPLAY)
            return SACTraining(learner, place)
        learner = SAC(
            "MlpPolicy",
            environment,
            learning_rate=self.rate,
            learning_starts=self.every,
            batch_size=self.batch,
            policy_kwargs={"net_arch": [self.width, self.width]},
            seed=SEED,
            device="cpu",
        )
        return SACTraining(learner, place)


@dataclass(frozen=True, eq=False)
class SACTraining(Training):
    """With the steps that it learns from."""

    learner: SAC

    def acting(self) -> Policy:
        """See `Training`."""
        actor: Any = self.learner.actor
        return Policy(_hidden(actor.latent_pi), _layer(actor.mu), _layer(actor.log_std))

    def store(self) -> None:
        """See `Training`."""
        self.learner.save_replay_buffer(self.place / REPLAY)
        super().store()


@dataclass(frozen=True)
class ByPPO:
    """Width of both hidden layers, copies side by side, steps of each in an iteration."""

    width: int = 128
    copies: int = 8
    steps: int = 256
    rate: float = 3e-4
    every: int = 50_000

    def told(self) -> str:
        """In words."""
        return (
            f"PPO of stable-baselines3, two layers of {self.width}, {self.copies} copies of "
            f"{self.steps} steps an iteration, actions squashed by tanh"
        )

    def begun(self, of: Robot, place: Path) -> PPOTraining:
        """The learner as it was stored last in ``place``, or a new one."""
        copies = make_vec_env(of.environment_id, self.copies, SEED, wrapper_class=Squashed)
        if (place / LEARNER).exists():
            scaled = VecNormalize.load(str(place / SCALES), copies)
            learner = PPO.load(place / LEARNER, env=scaled, device="cpu")
            return PPOTraining(learner, place, scaled)
        scaled = VecNormalize(copies, clip_obs=float("inf"))
        learner = PPO(
            "MlpPolicy",
            scaled,
            learning_rate=self.rate,
            n_steps=self.steps,
            policy_kwargs={
                "net_arch": [self.width, self.width],
                "activation_fn": nn.ReLU,
                "log_std_init": -0.5,
            },
            seed=SEED,
            device="cpu",
        )
        return PPOTraining(learner, place, scaled)


@dataclass(frozen=True, eq=False)
class PPOTraining(Training):
    """With the scales of what it sees."""

    learner: PPO
    scaled: VecNormalize

    def acting(self) -> Policy:
        """See `Training`."""
        policy, known = self.learner.policy, self._known()
        scale = 1.0 / np.sqrt(known.var + self.scaled.epsilon)
        first, *hidden = _hidden(policy.mlp_extractor.policy_net)
        mean = _layer(policy.action_net)
        deviation = policy.log_std.detach().numpy().copy()
        return Policy(
            (scaled_by(first, known.mean, scale), *hidden),
            mean,
            (np.zeros_like(mean[0]), deviation),
        )

    def _known(self) -> RunningMeanStd:
        assert isinstance(self.scaled.obs_rms, RunningMeanStd)  # of a box there is one
        return self.scaled.obs_rms

    def store(self) -> None:
        """See `Training`."""
        self.scaled.save(str(self.place / SCALES))
        super().store()


class Squashed(gymnasium.ActionWrapper[Any, Any, Any]):
    """An environment that does the tanh of what it is told, between -1 and 1."""

    def __init__(self, environment: gymnasium.Env[Any, Any]) -> None:
        super().__init__(environment)
        inner: Any = environment.action_space
        # Wide enough that nothing is clipped which tanh would still tell apart.
        self.action_space = Box(-10.0, 10.0, inner.shape, np.float32)

    def action(self, action: Any) -> Any:
        """See `gymnasium.ActionWrapper`."""
        return np.tanh(action)


def scaled_by(layer: Layer, centre: Any, scale: Any) -> Layer:
    """A layer that does to observations what ``layer`` does to scaled ones."""
    weight, offset = layer
    folded = weight * scale
    return folded.astype(np.float32), (offset - folded @ centre).astype(np.float32)


def _hidden(modules: Iterable[Any]) -> tuple[Layer, ...]:
    return tuple(_layer(each) for each in modules if hasattr(each, "weight"))


def _layer(module: Any) -> Layer:
    weight, offset = (each.detach().numpy().copy() for each in (module.weight, module.bias))
    return weight, offset
