"""`FineTune`: policy-gradient fine-tuning of the same weights, with or without a KL penalty.

Knows no environment. The clipped surrogate of PPO (Schulman et al. 2017,
arXiv:1707.06347) on commanded returns, minus a coefficient times the exact per-step
KL to the frozen demonstrator model: coefficient 1/beta asks for the optimum of
E[R] - KL/beta; coefficient 0 is plain RL fine-tuning.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from driftline.agents.return_conditioned import ReturnConditionedAgent
from driftline.conditioning.reference import Reference
from driftline.conditioning.target import Target, Unconditioned
from driftline.data.returns import flat_returns_to_go
from driftline.data.trajectories import Trajectories
from driftline.data.windows import Windows, WindowSource
from driftline.errors import CapabilityError, SettingsError, TargetError
from driftline.models.action_distributions import divergence, log_density
from driftline.models.model import HasDensity, ReadsAnew, capability, family_of
from driftline.models.trainable import HasFeatures, TrainableModel, device_of
from driftline.seeding import generator, integer_seed
from driftline.shapes import Floats
from driftline.training.advantages import generalised_advantages, penalised_rewards
from driftline.training.checkpoint import load_optimiser, optimiser_tensors, part
from driftline.training.critic import Critic
from driftline.training.divergence import Divergences, distributions, follows_commands, kl
from driftline.training.kl_penalty import (
    FixedPenalty,
    KLPenalty,
    first_coefficient,
    next_coefficient,
)
from driftline.training.learner import Experience
from driftline.training.update import descend, mean_parts


@dataclass(frozen=True)
class FineTuneSettings:
    """``kl_penalty`` says what a nat of trajectory KL costs, in reward units.

    The learning rate of round k is ``learning_rate / (1 + rate_decay * k)``: to
    settle at an optimum rather than to wander around it, let it fall.
    """

    kl_penalty: KLPenalty = FixedPenalty(0.0)
    target: Target = Unconditioned()
    learning_rate: float = 3e-4
    rate_decay: float = 0.0
    critic_rate: float = 1e-3
    epochs: int = 3
    episodes_per_batch: int = 16
    clip: float = 0.2
    trace: float = 0.95
    gradient_norm: float = 0.5

    def __post_init__(self) -> None:
        if self.learning_rate <= 0.0 or self.rate_decay < 0.0:
            raise SettingsError(
                "learning_rate is positive and rate_decay at least 0, got "
                f"{self.learning_rate:g} and {self.rate_decay:g}"
            )
        if not follows_commands(self.target):
            raise TargetError(
                f"fine-tuning follows the gradient of what the model does when it is asked, and "
                f"{type(self.target).__name__} weighs what it does; use a target that asks for a "
                "return, or Unconditioned()"
            )


@dataclass(frozen=True, eq=False)
class _Batch:
    """Whole episodes with what the surrogate needs, padded like ``windows``."""

    windows: Windows
    advantages: Tensor
    acted: Tensor
    origin: Tensor


class FineTune:
    """The demonstrator model's weights, climbing the observed return.

    Raises `CapabilityError` where the model has no density or no features.
    """

    own_share = 1.0

    def __init__(
        self,
        model: TrainableModel,
        demonstrations: Trajectories,
        settings: FineTuneSettings,
        horizon: int,
        seed: int,
    ) -> None:
        self._settings = settings
        self._seed = seed
        self._reference = Reference.of(demonstrations.returns)
        _dense(model)
        if isinstance(model, ReadsAnew) and model.acting_context is not None:
            raise CapabilityError(
                "fine-tuning compares what acted with what whole episodes show, and this model "
                f"acts by reading its last {model.acting_context} steps anew; leave "
                "acting_context out"
            )
        self._demonstrator = model.eval()
        self._model = copy.deepcopy(model)
        self._previous = copy.deepcopy(model)
        self._coefficient = first_coefficient(settings.kl_penalty)
        self._device = device_of(model)
        self._critic = Critic(_featured(model).width, horizon, seed).to(self._device)
        self._optimiser = torch.optim.Adam(
            self._model.parameters(), lr=settings.learning_rate, foreach=True
        )
        self._critic_optimiser = torch.optim.Adam(
            self._critic.parameters(), lr=settings.critic_rate, foreach=True
        )
        self._known: tuple[Experience, Floats] | None = None
        self.gradient_updates = 0

    def agent(self) -> ReturnConditionedAgent:
        """The current weights under the settings' target."""
        return ReturnConditionedAgent(self._model, self._settings.target, self._reference)

    def judged(self) -> ReturnConditionedAgent:
        """The same by its likeliest actions."""
        target = self._settings.target
        return ReturnConditionedAgent(self._model, target, self._reference, likeliest=True)

    def divergences(self, experience: Experience) -> Divergences:
        """Of the acting policy from the demonstrator model and from last round's policy."""
        data, origin = experience.trajectories, self._origin(experience)
        before = distributions(_dense(self._previous), data, experience.asked)
        acting = experience.distributions
        return Divergences.of(family_of(self._model), acting, origin, before, data.actions)

    def _origin(self, experience: Experience) -> Floats:
        """What the demonstrator model would have done; computed once a round."""
        if self._known is None or self._known[0] is not experience:
            origin = distributions(_dense(self._demonstrator), experience.trajectories, None)
            self._known = (experience, origin)
        return self._known[1]

    def learn(self, experience: Experience, round: int) -> dict[str, float]:
        """A few epochs of the clipped surrogate on the round's episodes."""
        self._previous.load_state_dict(self._model.state_dict())
        origin, data = self._origin(experience), experience.trajectories
        divergences = kl(family_of(self._model), _acting(experience), origin)
        advantages, critic_loss = self._advantages(experience, divergences, round)
        self._set_rate(round)
        draw = generator(self._seed, "finetune", round)
        steps = []
        for _ in range(self._settings.epochs):
            order = draw.permutation(len(experience.trajectories))
            for first in range(0, len(order), self._settings.episodes_per_batch):
                rows = np.sort(order[first : first + self._settings.episodes_per_batch])
                batch = self._batch(experience, origin, advantages, rows)
                steps.append(self._step(batch, experience, float(advantages.std()) + 1e-6))
        self.gradient_updates += len(steps)
        reached = {"trajectory_kl": float(divergences.sum() / len(data))}
        reached["kl_coefficient"] = self._coefficient
        self._coefficient = next_coefficient(
            self._settings.kl_penalty, self._coefficient, reached["trajectory_kl"], round
        )
        return {**mean_parts(steps), "critic": critic_loss, **reached}

    def _set_rate(self, round: int) -> None:
        for group in self._optimiser.param_groups:
            group["lr"] = self._settings.learning_rate / (1.0 + self._settings.rate_decay * round)

    def _advantages(
        self, experience: Experience, divergences: Floats, round: int
    ) -> tuple[Floats, float]:
        data = experience.trajectories
        rewards = penalised_rewards(data.rewards, divergences, data.starts, self._coefficient)
        goals = flat_returns_to_go(rewards, data.starts)
        features, times = self._features(experience)
        seed = integer_seed(self._seed, "critic", round)
        fit = (self._critic_optimiser, features, times, goals)
        loss = self._critic.fit(*fit, epochs=10, seed=seed) if not self._critic.fitted else 0.0
        values = self._critic.values(features, times)
        advantages = generalised_advantages(rewards, values, data.starts, self._settings.trace)
        loss = self._critic.fit(*fit, epochs=3, seed=seed) if round else loss
        return advantages, loss

    def _features(self, experience: Experience) -> tuple[Tensor, Any]:
        windows = self._whole(experience, np.arange(len(experience.trajectories)))
        with torch.inference_mode():
            featured = _featured(self._model)
            hidden = featured.window_hidden(windows, experience.asked is not None)
        valid = self._tensor(windows.valid)
        return hidden[valid].clone(), windows.times[windows.valid]

    def _whole(self, experience: Experience, rows: Any) -> Windows:
        data, asked = experience.trajectories, experience.asked
        returns = np.zeros(data.steps) if asked is None else asked
        return WindowSource(data, returns).whole(rows)

    def _batch(
        self, experience: Experience, origin: Floats, advantages: Floats, rows: Any
    ) -> _Batch:
        windows = self._whole(experience, rows)
        steps = experience.trajectories.starts[rows][:, None] + windows.times
        steps = np.where(windows.valid, steps, 0)
        return _Batch(
            windows,
            self._tensor(advantages[steps]).float(),
            self._tensor(_acting(experience)[steps]).float(),
            self._tensor(origin[steps]).float(),
        )

    def _tensor(self, array: npt.NDArray[Any]) -> Tensor:
        return torch.from_numpy(array).to(self._device)

    def _step(self, batch: _Batch, experience: Experience, spread: float) -> dict[str, float]:
        settings, valid = self._settings, self._tensor(batch.windows.valid)
        family, actions = family_of(self._model), self._tensor(batch.windows.actions)
        conditioned = experience.asked is not None
        known = _dense(self._model).window_distributions(batch.windows, conditioned)
        before = log_density(family, batch.acted, actions)
        ratio = (log_density(family, known, actions) - before).exp()
        advantages = (batch.advantages - batch.advantages[valid].mean()) / spread
        clipped = ratio.clamp(1.0 - settings.clip, 1.0 + settings.clip)
        surrogate = torch.minimum(ratio * advantages, clipped * advantages)[valid].mean()
        apart = divergence(family, known, batch.origin)[valid].mean()
        loss = self._coefficient / spread * apart - surrogate
        descend(self._model.parameters(), self._optimiser, loss, settings.gradient_norm)
        return {"loss": float(loss.detach()), "kl": float(apart.detach())}

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Weights now and a round ago, the critic, both optimisers and the penalty."""
        tensors: dict[str, Tensor] = {}
        values: dict[str, Any] = {
            "gradient_updates": self.gradient_updates,
            "kl_coefficient": self._coefficient,
        }
        for name, module in self._modules().items():
            tensors |= {f"{name}.{key}": each for key, each in module.state_dict().items()}
        for name, optimiser in self._optimisers().items():
            moments, values[name] = optimiser_tensors(optimiser)
            tensors |= {f"{name}.{key}": each for key, each in moments.items()}
        return tensors, values

    def restore(
        self, tensors: dict[str, Tensor], values: dict[str, Any], history: list[Trajectories]
    ) -> None:
        """Load what `state` gave; the rounds' trajectories are not needed."""
        for name, module in self._modules().items():
            module.load_state_dict(part(tensors, f"{name}."))
        for name, optimiser in self._optimisers().items():
            load_optimiser(optimiser, part(tensors, f"{name}."), values[name])
        self.gradient_updates = values["gradient_updates"]
        self._coefficient = values["kl_coefficient"]

    def _modules(self) -> dict[str, TrainableModel | Critic]:
        return {"model": self._model, "previous": self._previous, "critic": self._critic}

    def _optimisers(self) -> dict[str, torch.optim.Optimizer]:
        return {"optimiser": self._optimiser, "critic_optimiser": self._critic_optimiser}


def _dense(model: TrainableModel) -> HasDensity:
    """``model`` as one that says how likely an action is: what a policy gradient is of."""
    return capability(model, HasDensity, "go online with it instead, or fine-tune a transformer")


def _featured(model: TrainableModel) -> HasFeatures:
    """``model`` as one with features for the critic."""
    return capability(model, HasFeatures, "go online with it instead, or fine-tune a transformer")


def _acting(experience: Experience) -> Floats:
    if experience.distributions is None:
        raise CapabilityError(
            "these episodes were recorded without the distributions that acted, which fine-tuning "
            "needs; record what its own agent() plays"
        )
    return experience.distributions
