"""SAC and TD3 of stable-baselines3 on steps that are handed to them, storable without pickle.

Know no environment and no rounds. Importing this loads stable-baselines3.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Box
from stable_baselines3 import SAC, TD3
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.type_aliases import ReplayBufferSamples
from torch import Tensor

from driftline.baselines.contained import contained
from driftline.baselines.encoding import encode, encoded_size
from driftline.baselines.off_policy_settings import OffPolicySettings, SACSettings, TD3Settings
from driftline.baselines.steps import Steps
from driftline.data.trajectories import Trajectories
from driftline.models.action_distributions import Family, Squashed
from driftline.seeding import generator, integer_seed
from driftline.shapes import Floats
from driftline.spaces.specs import ContinuousActionSpec, ObservationSpec
from driftline.training.checkpoint import load_optimiser, optimiser_tensors, part

LOSSES = {
    "actor": "actor_loss",
    "critic": "critic_loss",
    "entropy_weight": "ent_coef",
}
"""Our names of what the library reports of a round's updates."""


class Drawing:
    """What the library calls its replay buffer: batches from `Steps`, drawn by our generator."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self.generator = np.random.default_rng(0)  # replaced before anything is drawn

    def sample(self, batch_size: int, env: Any = None) -> ReplayBufferSamples:
        """As the library asks for it."""
        drawn = self._steps.draw(batch_size, self.generator)
        return ReplayBufferSamples(
            observations=drawn.observations,
            actions=drawn.actions,
            next_observations=drawn.following,
            dones=drawn.ended,
            rewards=drawn.rewards,
        )


class OffPolicyAlgorithm:
    """An actor and critics that learn from the steps that `improve` is given.

    Weights, the actor before the last `improve`, optimisers and how many updates there were
    are all its state; the steps are those of the recorded rounds and are not stored again.
    """

    def __init__(
        self,
        settings: OffPolicySettings,
        observation: ObservationSpec,
        action: ContinuousActionSpec,
        seed: int,
    ) -> None:
        self._settings, self._observation, self._action = settings, observation, action
        self.steps = Steps(settings.buffer_size, observation, action)
        self._drawing = Drawing(self.steps)
        with contained(integer_seed(seed, "weights")):
            self._learner = _untrained(settings, observation, action)
        self._learner.set_logger(Logger(None, []))
        self._learner.replay_buffer = self._drawing
        self._previous = copy.deepcopy(self._learner.actor)
        self._acted_after = 0
        """How many steps were recorded when the previous actor acted."""

    @property
    def gradient_updates(self) -> int:
        """Updates of the critics so far."""
        return int(self._learner._n_updates)

    @property
    def family(self) -> Family:
        """SAC squashes its Gaussians, and TD3's noise is clipped to the box."""
        sac = isinstance(self._settings, SACSettings)
        return Squashed(self._action) if sac else self._action

    def known(self, observations: Any) -> Floats:
        """Parameters of the policy as it acts now, ``float64 [B, 2a]``."""
        return self._of(self._learner.actor, self.steps.added, observations)

    def previously_known(self, observations: Any) -> Floats:
        """Those of the policy before the last `improve`."""
        return self._of(self._previous, self._acted_after, observations)

    def _of(self, actor: Any, recorded: int, observations: Any) -> Floats:
        encoded = torch.from_numpy(encode(self._observation, observations))
        with torch.inference_mode():
            if isinstance(self._settings, TD3Settings):
                mean = actor(encoded)
                noise = float(np.log(self._settings.noise(recorded)))
                return torch.cat([mean, torch.full_like(mean, noise)], dim=1).double().numpy()
            mean, log_deviation, _ = actor.get_action_dist_params(encoded)
        return torch.cat([mean, log_deviation], dim=1).double().numpy()

    def improve(self, trajectories: Trajectories, seed: int) -> dict[str, float]:
        """Take in the steps and update for each of them; returns means of the losses."""
        self._previous.load_state_dict(self._learner.actor.state_dict())
        self._acted_after = self.steps.added
        self.steps.add(trajectories)
        if self.steps.added < self._settings.learning_starts:
            return {}
        updates = max(1, round(self._settings.updates_per_step * trajectories.steps))
        self._drawing.generator = generator(seed, "batches")
        self._learner.logger.name_to_value.clear()
        with contained(integer_seed(seed, "learning")):
            self._learner.train(updates, self._settings.batch)
        told = self._learner.logger.name_to_value
        named = ((ours, f"train/{theirs}") for ours, theirs in LOSSES.items())
        return {ours: float(told[theirs]) for ours, theirs in named if theirs in told}

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Weights, the actor before, optimisers and counts."""
        tensors = {f"policy.{n}": each for n, each in self._learner.policy.state_dict().items()}
        tensors |= {f"previous.{n}": each for n, each in self._previous.state_dict().items()}
        groups = {}
        for name, optimiser in self._optimisers().items():
            moments, groups[name] = optimiser_tensors(optimiser)
            tensors |= {f"{name}.{each}": moment for each, moment in moments.items()}
        entropy = self._entropy_weight()
        if entropy is not None:
            tensors["log_entropy_weight"] = entropy.detach()
        counts = {"updates": self.gradient_updates, "acted_after": self._acted_after}
        return tensors, {"optimisers": groups, **counts}

    def restore(
        self, tensors: dict[str, Tensor], values: dict[str, Any], history: list[Trajectories]
    ) -> None:
        """Load what `state` gave, and take in the rounds that were recorded before it."""
        self._learner.policy.load_state_dict(part(tensors, "policy."))
        self._previous.load_state_dict(part(tensors, "previous."))
        for name, optimiser in self._optimisers().items():
            load_optimiser(optimiser, part(tensors, f"{name}."), values["optimisers"][name])
        entropy = self._entropy_weight()
        if entropy is not None:
            with torch.no_grad():
                entropy.copy_(tensors["log_entropy_weight"])
        self._learner._n_updates = values["updates"]
        self._acted_after = values["acted_after"]
        self.steps = Steps(self._settings.buffer_size, self._observation, self._action)
        self._drawing = Drawing(self.steps)
        self._learner.replay_buffer = self._drawing
        for each in history:
            self.steps.add(each)

    def _optimisers(self) -> dict[str, torch.optim.Optimizer]:
        learner = self._learner
        found = {"actor": learner.actor.optimizer, "critic": learner.critic.optimizer}
        if self._entropy_weight() is not None:
            found["entropy"] = learner.ent_coef_optimizer
        return found

    def _entropy_weight(self) -> Tensor | None:
        """The logarithm of SAC's weight of entropy; TD3 has none."""
        weight: Tensor | None = getattr(self._learner, "log_ent_coef", None)
        return weight


def _untrained(
    settings: OffPolicySettings, observation: ObservationSpec, action: ContinuousActionSpec
) -> Any:
    """The library's learner without an environment: only its spaces are needed."""
    sac = isinstance(settings, SACSettings)
    learner: Any = (SAC if sac else TD3)(
        "MlpPolicy",
        None,  # type: ignore[arg-type]
        learning_rate=settings.learning_rate,
        buffer_size=1,
        batch_size=settings.batch,
        gamma=settings.discount,
        tau=settings.target_rate,
        policy_kwargs={"net_arch": [settings.width] * settings.layers},
        device="cpu",
        **({"target_entropy": -float(action.size)} if sac else {}),  # type: ignore[arg-type]
        _init_setup_model=False,
    )
    learner.observation_space = Box(-np.inf, np.inf, (encoded_size(observation),), np.float32)
    learner.action_space = Box(-1.0, 1.0, (action.size,), np.float32)
    learner.n_envs = 1
    learner._setup_model()
    return learner
