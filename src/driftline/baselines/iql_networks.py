"""The networks of implicit Q-learning and one update of them.

Know no rounds and no environment: steps that were drawn, and settings.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from driftline.baselines.iql_settings import IQLSettings
from driftline.baselines.steps import Drawn
from driftline.models.clipped_gaussian import log_density
from driftline.models.layers import linear
from driftline.spaces.codecs import VectorCodec
from driftline.spaces.specs import ContinuousActionSpec
from driftline.training.checkpoint import load_optimiser, optimiser_tensors, part
from driftline.training.twin_critic import TwinCritic

LOG_DEVIATIONS = (-5.0, 2.0)


class Reader(nn.Module):
    """Standardised vectors ``[N, size]`` through two hidden layers to ``[N, outputs]``."""

    centre: Tensor
    scale: Tensor

    def __init__(
        self, codec: VectorCodec, width: int, outputs: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.register_buffer("centre", torch.tensor(codec.centre), persistent=False)
        self.register_buffer("scale", torch.tensor(codec.scale), persistent=False)
        self.first = linear(len(codec.centre), width, generator, gain=1.4)
        self.second = linear(width, width, generator, gain=1.4)
        self.last = linear(width, outputs, generator, gain=0.1)

    def forward(self, observations: Tensor) -> Tensor:
        """Clipped at 10 deviations."""
        seen = ((observations.float() - self.centre) / self.scale).clamp(-10.0, 10.0)
        return self.last(self.second(self.first(seen).relu_()).relu_())


class Policy(nn.Module):
    """A clipped Gaussian whose deviations are the same everywhere."""

    def __init__(
        self, codec: VectorCodec, width: int, size: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.reader = Reader(codec, width, size, generator)
        self.spread = nn.Parameter(torch.zeros(size))

    def forward(self, observations: Tensor) -> Tensor:
        """Means and log deviations in units of half the box, ``[N, 2a]``."""
        mean = torch.tanh(self.reader(observations))
        return torch.cat([mean, self.spread.clamp(*LOG_DEVIATIONS).expand_as(mean)], dim=1)


class Networks:
    """V, two critics and their targets, and the ``policy``."""

    def __init__(
        self,
        settings: IQLSettings,
        codec: VectorCodec,
        action: ContinuousActionSpec,
        seed: int,
    ) -> None:
        draw = torch.Generator().manual_seed(seed)
        self._settings = settings
        unit = ContinuousActionSpec((-1.0,) * action.size, (1.0,) * action.size)
        self._value = Reader(codec, settings.width, 1, draw)
        self._critic = TwinCritic(codec, unit, settings.width, draw)
        self._target = copy.deepcopy(self._critic).requires_grad_(False)
        self.policy = Policy(codec, settings.width, action.size, draw)
        groups = {
            "value": list(self._value.parameters()),
            "critic": list(self._critic.parameters()),
            "policy": list(self.policy.parameters()),
        }
        self._optimisers = {
            name: torch.optim.Adam(each, lr=settings.learning_rate, fused=True)
            for name, each in groups.items()
        }
        self.updates = 0

    def update(self, drawn: Drawn, reward_scale: float) -> dict[str, float]:
        """One step of each network; returns the losses."""
        settings = self._settings
        with torch.no_grad():
            worth = self._target(drawn.observations, drawn.actions).amin(0)
            following = self._value(drawn.following)[:, 0]
            promised = settings.discount * (1.0 - drawn.ended[:, 0]) * following
            wanted = reward_scale * drawn.rewards[:, 0] + promised
        advantage = worth - self._value(drawn.observations)[:, 0]
        share = torch.where(advantage > 0, settings.expectile, 1.0 - settings.expectile)
        value = (share * advantage.square()).mean()
        critic = (self._critic(drawn.observations, drawn.actions) - wanted).square().mean(1).sum()
        weight = (settings.temperature * advantage.detach()).exp()
        mean, log_deviation = self.policy(drawn.observations).chunk(2, dim=1)
        likely = log_density(mean, log_deviation, drawn.actions).sum(1)
        policy = -(weight.clamp(max=settings.largest_weight) * likely).mean()
        losses = {"value": value, "critic": critic, "policy": policy}
        for name, loss in losses.items():
            self._optimisers[name].zero_grad(set_to_none=True)
            loss.backward()
            self._optimisers[name].step()
        self._follow()
        self.updates += 1
        return {name: loss.item() for name, loss in losses.items()}

    @torch.no_grad()
    def _follow(self) -> None:
        behind: list[Tensor] = list(self._target.parameters())
        ahead: list[Tensor] = list(self._critic.parameters())
        torch._foreach_lerp_(behind, ahead, self._settings.target_rate)

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """All weights and the optimisers."""
        tensors: dict[str, Tensor] = {}
        for name, module in self._modules().items():
            tensors |= {f"{name}.{key}": each for key, each in module.state_dict().items()}
        groups = {}
        for name, optimiser in self._optimisers.items():
            moments, groups[name] = optimiser_tensors(optimiser)
            tensors |= {f"{name}_optimiser.{key}": each for key, each in moments.items()}
        return tensors, {"optimisers": groups, "updates": self.updates}

    def restore(self, tensors: dict[str, Tensor], values: dict[str, Any]) -> None:
        """Load what `state` gave."""
        for name, module in self._modules().items():
            module.load_state_dict(part(tensors, f"{name}."))
        for name, optimiser in self._optimisers.items():
            moments = part(tensors, f"{name}_optimiser.")
            load_optimiser(optimiser, moments, values["optimisers"][name])
        self.updates = values["updates"]

    def _modules(self) -> dict[str, nn.Module]:
        return {
            "value": self._value,
            "critic": self._critic,
            "target": self._target,
            "policy": self.policy,
        }
