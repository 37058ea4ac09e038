"""`FineTune`: policy-gradient fine-tuning of the same weights, with or without a KL penalty.

Knows no environment. The clipped surrogate of PPO (Schulman et al. 2017,
arXiv:1707.06347) on commanded returns, minus ``kl_coefficient`` times the exact
per-step KL to the frozen demonstrator model: coefficient 1/beta asks for the
optimum of E[R] - KL/beta; coefficient 0 is plain RL fine-tuning.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from driftline.agents.return_conditioned import ReturnConditionedAgent
from driftline.conditioning.reference import Reference
from driftline.conditioning.target import Target, Unconditioned
from driftline.data.returns import flat_returns_to_go
from driftline.data.trajectories import Trajectories
from driftline.data.windows import Windows, WindowSource
from driftline.errors import SettingsError
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.seeding import generator, integer_seed
from driftline.shapes import Floats
from driftline.training.advantages import generalised_advantages, penalised_rewards
from driftline.training.checkpoint import load_optimiser, optimiser_tensors
from driftline.training.critic import Critic
from driftline.training.divergence import distributions, kl
from driftline.training.learner import Experience
from driftline.training.online import part
from driftline.training.update import descend, mean_parts


@dataclass(frozen=True)
class FineTuneSettings:
    """``kl_coefficient`` is in reward units per nat."""

    kl_coefficient: float = 0.0
    target: Target = Unconditioned()
    learning_rate: float = 3e-4
    critic_rate: float = 1e-3
    epochs: int = 3
    episodes_per_batch: int = 16
    clip: float = 0.2
    trace: float = 0.95
    gradient_norm: float = 0.5

    def __post_init__(self) -> None:
        if self.kl_coefficient < 0.0:
            raise SettingsError(f"kl_coefficient is at least 0, got {self.kl_coefficient:g}")


@dataclass(frozen=True, eq=False)
class _Batch:
    """Whole episodes with what the surrogate needs, padded like ``windows``."""

    windows: Windows
    advantages: Tensor
    acted: Tensor
    origin: Tensor


class FineTune:
    """The demonstrator model's weights, climbing the observed return."""

    own_share = 1.0

    def __init__(
        self,
        model: TrajectoryTransformer,
        demonstrations: Trajectories,
        settings: FineTuneSettings,
        horizon: int,
        seed: int,
    ) -> None:
        self._settings = settings
        self._seed = seed
        self._reference = Reference.of(demonstrations.returns)
        self._demonstrator = model.eval()
        self._model = copy.deepcopy(model)
        self._previous = copy.deepcopy(model)
        self._critic = Critic(model.config.width, horizon, seed)
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

    def divergences(self, experience: Experience) -> tuple[Floats, Floats]:
        """Of the acting policy to the demonstrator model and to last round's policy."""
        asked = self._asked(experience)
        before = distributions(self._previous, experience.trajectories, asked)
        acting = experience.distributions
        return kl(acting, self._origin(experience)), kl(acting, before)

    def _origin(self, experience: Experience) -> Floats:
        """What the demonstrator model would have done; computed once a round."""
        if self._known is None or self._known[0] is not experience:
            origin = distributions(self._demonstrator, experience.trajectories, None)
            self._known = (experience, origin)
        return self._known[1]

    def _asked(self, experience: Experience) -> Floats | None:
        return None if np.isnan(experience.commanded).any() else experience.commanded

    def learn(self, experience: Experience, round: int) -> dict[str, float]:
        """A few epochs of the clipped surrogate on the round's episodes."""
        self._previous.load_state_dict(self._model.state_dict())
        origin = self._origin(experience)
        advantages, critic_loss = self._advantages(experience, origin, round)
        draw = generator(self._seed, "finetune", round)
        steps = []
        for _ in range(self._settings.epochs):
            order = draw.permutation(len(experience.trajectories))
            for first in range(0, len(order), self._settings.episodes_per_batch):
                rows = np.sort(order[first : first + self._settings.episodes_per_batch])
                batch = self._batch(experience, origin, advantages, rows)
                steps.append(self._step(batch, experience, float(advantages.std()) + 1e-6))
        self.gradient_updates += len(steps)
        return {**mean_parts(steps), "critic": critic_loss}

    def _advantages(
        self, experience: Experience, origin: Floats, round: int
    ) -> tuple[Floats, float]:
        data = experience.trajectories
        coefficient = self._settings.kl_coefficient
        divergences = kl(experience.distributions, origin)
        rewards = penalised_rewards(data.rewards, divergences, data.starts, coefficient)
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
        data, asked = experience.trajectories, self._asked(experience)
        windows = self._whole(experience, np.arange(len(data)))
        with torch.inference_mode():
            hidden = self._model.window_hidden(windows, asked is not None)
        valid = torch.from_numpy(windows.valid)
        return hidden[valid].clone(), windows.times[windows.valid]

    def _whole(self, experience: Experience, rows: Any) -> Windows:
        asked = self._asked(experience)
        data = experience.trajectories
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
            torch.from_numpy(advantages[steps]).float(),
            torch.from_numpy(experience.distributions[steps]).float(),
            torch.from_numpy(origin[steps]).float(),
        )

    def _step(self, batch: _Batch, experience: Experience, spread: float) -> dict[str, float]:
        settings, valid = self._settings, torch.from_numpy(batch.windows.valid)
        conditioned = self._asked(experience) is not None
        known = self._model.window_distributions(batch.windows, conditioned)
        actions = torch.from_numpy(batch.windows.actions).long()[..., None]
        ratio = (known.gather(2, actions) - batch.acted.gather(2, actions))[..., 0].exp()
        advantages = (batch.advantages - batch.advantages[valid].mean()) / spread
        clipped = ratio.clamp(1.0 - settings.clip, 1.0 + settings.clip)
        surrogate = torch.minimum(ratio * advantages, clipped * advantages)[valid].mean()
        divergence = (known.exp() * (known - batch.origin)).sum(2)[valid].mean()
        loss = settings.kl_coefficient / spread * divergence - surrogate
        descend(self._model.parameters(), self._optimiser, loss, settings.gradient_norm)
        return {"loss": float(loss.detach()), "kl": float(divergence.detach())}

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Weights now and a round ago, the critic and both optimisers."""
        tensors: dict[str, Tensor] = {}
        values: dict[str, Any] = {"gradient_updates": self.gradient_updates}
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

    def _modules(self) -> dict[str, torch.nn.Module]:
        return {"model": self._model, "previous": self._previous, "critic": self._critic}

    def _optimisers(self) -> dict[str, torch.optim.Optimizer]:
        return {"optimiser": self._optimiser, "critic_optimiser": self._critic_optimiser}
