"""`TwinCritic`: two estimates of what an action is worth, side by side.

Knows no model of trajectories and no loss: observations and actions to values.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from driftline.models.flow_box import to_unit
from driftline.spaces.codecs import VectorCodec
from driftline.spaces.specs import ContinuousActionSpec

FIRST = 0.01
"""By how much the last layer begins smaller than the others."""


class TwinCritic(nn.Module):
    """Two networks of two hidden layers, as one product each (Fujimoto et al. 2018).

    arXiv:1802.09477. Weights follow from ``generator`` alone; both begin near 0, or what they
    happened to begin with would be handed on from step to step for as long as values reach.
    """

    centre: Tensor
    scale: Tensor

    def __init__(
        self,
        codec: VectorCodec,
        action: ContinuousActionSpec,
        width: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.action = action
        self.register_buffer("centre", torch.tensor(codec.centre), persistent=False)
        self.register_buffer("scale", torch.tensor(codec.scale), persistent=False)
        sizes = [len(codec.centre) + action.size, width, width, 1]
        pairs = list(pairwise(sizes))
        self.weights = nn.ParameterList(
            torch.randn(2, inputs, outputs, generator=generator) * (2.0 / inputs) ** 0.5
            for inputs, outputs in pairs
        )
        with torch.no_grad():
            self.weights[-1].mul_(FIRST)
        self.offsets = nn.ParameterList(torch.zeros(2, 1, outputs) for _, outputs in pairs)

    def forward(self, observations: Tensor, actions: Tensor) -> Tensor:
        """``[N, size]`` and ``[N, d]`` to both values of each pair, ``[2, N]``."""
        seen = ((observations.float() - self.centre) / self.scale).clamp(-10.0, 10.0)
        hidden = torch.cat([seen, to_unit(self.action, actions)], dim=1).expand(2, -1, -1)
        for number, (weight, offset) in enumerate(zip(self.weights, self.offsets, strict=True)):
            hidden = torch.baddbmm(offset, hidden, weight)
            hidden = hidden if number == len(self.weights) - 1 else hidden.relu()
        return hidden[..., 0]
