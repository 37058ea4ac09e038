"""`Algorithm`: PPO of stable-baselines3 in one environment, storable without pickle.

Knows no rounds and no demonstrations. Importing it loads stable-baselines3.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from gymnasium.vector import VectorEnv
from stable_baselines3 import PPO
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.policies import ActorCriticPolicy
from torch import Tensor

from driftline.baselines.contained import contained
from driftline.baselines.encoding import encode
from driftline.baselines.ppo_settings import PPOSettings
from driftline.baselines.scaled import Scaled
from driftline.data.trajectories import Trajectories
from driftline.models.action_distributions import Family
from driftline.seeding import integer_seed
from driftline.shapes import Floats
from driftline.spaces.specs import DiscreteActionSpec
from driftline.training.checkpoint import load_optimiser, optimiser_tensors, part

LOSSES = {
    "loss": "loss",
    "policy": "policy_gradient_loss",
    "value": "value_loss",
    "negative_entropy": "entropy_loss",
    "approximate_kl": "approx_kl",
    "clipped": "clip_fraction",
}
"""Our names of what the library reports of its last iteration."""


class Algorithm:
    """A policy and a value network, improved one round at a time.

    Weights, the weights before the last `improve`, the optimiser, the size of
    returns and how many of the run's ``rounds`` were learnt are all its state: a
    round's learning begins with a reset of the environment and draws from its
    own seed.
    """

    def __init__(
        self,
        environment: VectorEnv[Any, Any, Any],
        settings: PPOSettings,
        rounds: int,
        seed: int,
    ) -> None:
        self._scaled = Scaled(environment, settings.discount)
        self._world = self._scaled.world
        self._rounds = rounds
        self._learnt = 0
        self._settings = settings
        with contained(integer_seed(seed, "weights")):
            self._ppo = _untrained(self._scaled, settings)
        self._ppo.set_logger(Logger(None, []))
        self._previous = copy.deepcopy(self._ppo.policy)

    @property
    def gradient_updates(self) -> int:
        """Steps of the optimiser so far."""
        moments = iter(self._ppo.policy.optimizer.state.values())
        return int(next(moments, {"step": 0})["step"])

    @property
    def family(self) -> Family:
        """Of continuous actions a Gaussian that is clipped to their box, as the library has it."""
        return self._world.action

    def known(self, observations: Any) -> Floats:
        """Parameters of the policy under the weights as they are, ``float64 [B, P]``."""
        return self._of(self._ppo.policy, observations)

    def previously_known(self, observations: Any) -> Floats:
        """The same under the weights before the last `improve`."""
        return self._of(self._previous, observations)

    def _of(self, policy: ActorCriticPolicy, observations: Any) -> Floats:
        encoded = torch.from_numpy(encode(self._world.observation, observations))
        with torch.inference_mode():
            drawn_from: Any = policy.get_distribution(encoded).distribution
        if isinstance(self._world.action, DiscreteActionSpec):
            return drawn_from.logits.double().log_softmax(1).numpy()
        both = [drawn_from.mean, drawn_from.stddev.log()]
        return torch.cat(both, dim=1).double().numpy()

    def improve(self, recorded: Trajectories, seed: int) -> dict[str, float]:
        """Play from a reset and learn from that; returns the last losses.

        As many steps as were ``recorded``, but at least ``fewest_steps``: what is learnt does
        not hang on how short episodes are. They are spread evenly over the copies and the
        iterations, and rounded up.
        """
        self._previous.load_state_dict(self._ppo.policy.state_dict())
        total = self._size(max(recorded.steps, self._settings.fewest_steps))
        self._ppo.ent_coef = self._settings.entropy_coefficient(self._learnt / self._rounds)
        self._world.seed(integer_seed(seed, "environment") % 2**31)
        with contained(integer_seed(seed, "learning")):
            self._ppo.learn(total, log_interval=None)  # type: ignore[arg-type]
        self._learnt += 1
        reported = self._ppo.logger.name_to_value
        return {ours: float(reported[f"train/{theirs}"]) for ours, theirs in LOSSES.items()}

    def _size(self, steps: int) -> int:
        """Size the next iterations so that they have ``steps`` steps, or a few more; how many."""
        ppo, copies, settings = self._ppo, self._world.num_envs, self._settings
        iterations = max(1, round(steps / settings.iteration_steps))
        ppo.n_steps = -(-steps // (copies * iterations))
        size = ppo.n_steps * copies
        ppo.batch_size = max(settings.smallest_batch, -(-size // settings.minibatches))
        ppo.rollout_buffer = _buffer(ppo)
        return -(-steps // size) * size

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Weights now and before, the optimiser, the size of returns and the rounds learnt."""
        policy = self._ppo.policy
        moments, groups = optimiser_tensors(policy.optimizer)
        tensors = {f"policy.{name}": each for name, each in policy.state_dict().items()}
        tensors |= {f"previous.{n}": each for n, each in self._previous.state_dict().items()}
        tensors |= {f"optimiser.{name}": each for name, each in moments.items()}
        returns = self._scaled.state()
        return tensors, {"optimiser": groups, "returns": returns, "learnt": self._learnt}

    def restore(
        self, tensors: dict[str, Tensor], values: dict[str, Any], history: list[Trajectories]
    ) -> None:
        """Load what `state` gave; nothing of ``history`` was learnt from."""
        policy = self._ppo.policy
        policy.load_state_dict(part(tensors, "policy."))
        self._previous.load_state_dict(part(tensors, "previous."))
        load_optimiser(policy.optimizer, part(tensors, "optimiser."), values["optimiser"])
        self._scaled.restore(values["returns"])
        self._learnt = values["learnt"]


def _untrained(world: Scaled, settings: PPOSettings) -> PPO:
    hidden = [settings.width] * settings.layers
    return PPO(
        ActorCriticPolicy,
        world,
        learning_rate=settings.learning_rate,
        # Sizes that are valid for any number of copies; every iteration sets its own.
        n_steps=2,
        batch_size=2,
        n_epochs=settings.epochs,
        gamma=settings.discount,
        gae_lambda=settings.trace,
        clip_range=settings.clip,
        vf_coef=settings.value_coefficient,
        max_grad_norm=settings.gradient_norm,
        target_kl=settings.target_kl,
        policy_kwargs={
            "net_arch": {"pi": hidden, "vf": hidden},
            "optimizer_kwargs": {"eps": 1e-5, "fused": True},  # eps: the library's own for PPO
        },
        device="cpu",
    )


def _buffer(ppo: PPO) -> RolloutBuffer:
    return RolloutBuffer(
        ppo.n_steps,
        ppo.observation_space,
        ppo.action_space,
        device=ppo.device,
        gae_lambda=ppo.gae_lambda,
        gamma=ppo.gamma,
        n_envs=ppo.n_envs,
    )
