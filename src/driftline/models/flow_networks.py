"""The networks of a `FlowPolicy`: histories to contexts, noisy actions to velocities, returns.

Know no codec and no box: actions lie in [-1, 1], bins are numbers.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from driftline.models.embeddings import TimeEmbedding, observation_embedding
from driftline.models.flow_histories import NOT_SHOWN, THERE, Histories
from driftline.models.flow_policy_config import FlowPolicyConfig
from driftline.models.layers import linear, table
from driftline.models.transformer_config import TransformerConfig
from driftline.spaces.codecs import VectorCodec
from driftline.spaces.specs import ContinuousActionSpec, ObservationSpec


class HistoryNetwork(nn.Module):
    """`Histories` of N steps to one vector each, ``[N, width]``."""

    def __init__(
        self,
        config: FlowPolicyConfig,
        observation: ObservationSpec,
        action: ContinuousActionSpec,
        vector: VectorCodec | None,
        generator: torch.Generator,
    ):
        super().__init__()
        width, earlier = config.width, config.context_length - 1
        encoder = TransformerConfig(width=width, heads=1)
        self.embed = observation_embedding(observation, vector, encoder, generator)
        inputs = width + earlier * (width + action.size + NOT_SHOWN)
        self.merge = linear(inputs, width, generator)
        timed = config.time == "elapsed"
        self.embed_time = TimeEmbedding(config.horizon, width, generator) if timed else None

    def forward(self, histories: Histories) -> Tensor:
        """What is missing enters as zeros and a flag that says why it is missing."""
        absence = histories.absence
        there = (absence == THERE).unsqueeze(-1)
        flags = nn.functional.one_hot(absence, NOT_SHOWN + 1)[..., 1:]
        seen = self.embed(histories.observations)
        parts = (
            seen[: len(absence)],
            (seen[histories.places] * there).flatten(1),
            (histories.actions * there).flatten(1),
            flags.flatten(1).to(seen),
        )
        merged = self.merge(torch.cat(parts, dim=1))
        return merged if self.embed_time is None else merged + self.embed_time(histories.times)


class ResidualBlock(nn.Module):
    """x + W silu(U norm(x) + V c) for a condition c."""

    def __init__(self, width: int, generator: torch.Generator):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.first = linear(width, width, generator)
        self.condition = linear(width, width, generator, bias=False)
        self.second = linear(width, width, generator, gain=0.5)

    def forward(self, hidden: Tensor, condition: Tensor) -> Tensor:
        """``[..., width]``; the condition broadcasts against ``hidden``."""
        inner = self.first(self.norm(hidden)) + self.condition(condition)
        return hidden + self.second(nn.functional.silu(inner))


class ResidualNetwork(nn.Module):
    """Inputs ``[..., inputs]`` under a condition ``[..., width]`` to ``[..., outputs]``."""

    def __init__(
        self, inputs: int, outputs: int, width: int, layers: int, generator: torch.Generator
    ):
        super().__init__()
        self.first = linear(inputs, width, generator)
        self.blocks = nn.ModuleList(ResidualBlock(width, generator) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.last = linear(width, outputs, generator, gain=0.3)

    def forward(self, inputs: Tensor, condition: Tensor) -> Tensor:
        """The condition broadcasts against the inputs: one may hold for many."""
        hidden = self.first(inputs) + condition
        for block in self.blocks:
            hidden = block(hidden, condition)
        return self.last(self.norm(hidden))


class VelocityNetwork(nn.Module):
    """v(x, t | c): where noisy actions x move at time t of the flow, given a condition c.

    Times are seen as sines and cosines of 8 frequencies, a factor 2 apart.
    """

    waves: Tensor

    def __init__(self, size: int, width: int, layers: int, generator: torch.Generator):
        super().__init__()
        self.register_buffer("waves", 0.25 * math.pi * 2.0 ** torch.arange(8), persistent=False)
        self.time = linear(16, width, generator)
        self.network = ResidualNetwork(size, size, width, layers, generator)

    def forward(self, points: Tensor, times: Tensor, condition: Tensor) -> Tensor:
        """``[..., d]``, times that broadcast against ``[..., 1]``, ``[..., width]``."""
        angles = times * self.waves
        waves = torch.cat([torch.sin(angles), torch.cos(angles)], dim=-1)
        return self.network(points, condition + self.time(waves))


class FlowReturnHead(nn.Module):
    """Log-probabilities of return bins from a context, with an action or before it is known."""

    def __init__(self, size: int, bins: int, width: int, layers: int, generator: torch.Generator):
        super().__init__()
        self.unknown = table(1, size + 1, generator, 0.3)
        self.network = ResidualNetwork(size + 1, bins, width, layers, generator)

    def before(self, context: Tensor) -> Tensor:
        """``[N, width]`` to ``[N, bins]``."""
        return torch.log_softmax(self.network(self.unknown, context), dim=-1)

    def after(self, context: Tensor, actions: Tensor) -> Tensor:
        """Contexts ``[..., width]`` that broadcast against actions ``[..., d]``."""
        return torch.log_softmax(self.network(_known(actions), context), dim=-1)

    def nll(self, context: Tensor, actions: Tensor, bins: Tensor) -> Tensor:
        """Mean cross-entropy of ``bins int64 [N]``, before and after ``actions [N, d]``."""
        known = _known(actions)
        both = torch.stack([self.unknown.expand_as(known), known])
        logits = self.network(both, context).flatten(0, 1)
        return nn.functional.cross_entropy(logits, bins.repeat(2))


def _known(actions: Tensor) -> Tensor:
    """Actions ``[..., d]`` with a 1 that says that they are known, ``[..., d + 1]``."""
    return torch.cat([actions, torch.ones_like(actions[..., :1])], dim=-1)
