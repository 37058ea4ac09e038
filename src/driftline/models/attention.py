"""Banded causal self-attention, over whole windows and one step at a time.

Knows tokens by their order and step only, not what they mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from driftline.models.layers import linear, table


@dataclass(frozen=True)
class Layout:
    """How the tokens of an episode lie: ``size`` of them to a group, one group a step.

    ``offsets`` is the step of each token relative to its group's; the last token of
    a group is the one actions are predicted from.
    """

    offsets: tuple[int, ...]
    context: int

    @property
    def size(self) -> int:
        """Tokens in a group."""
        return len(self.offsets)

    @property
    def ring(self) -> int:
        """Groups a cache must hold, so that every token of the newest sees its band."""
        return self.context - min(self.offsets)

    def distances(self, queries: Tensor, keys: Tensor) -> Tensor:
        """``int64 [groups of queries * size, groups of keys * size]`` from group numbers.

        Distance in steps where the query may look, ``context`` where it may not: a
        token sees itself and what came before it, back to ``context - 1`` steps.
        Groups before the first (negative) are never seen.
        """
        offsets, kinds = torch.tensor(self.offsets), torch.arange(self.size)
        order, seen = ((g[:, None] * self.size + kinds).flatten() for g in (queries, keys))
        step, seen_step = ((g[:, None] + offsets).flatten() for g in (queries, keys))
        distance = step[:, None] - seen_step
        future = seen > order[:, None]
        hidden = future | (distance >= self.context) | (seen < 0)
        return torch.where(hidden, self.context, distance)


class RelativeBias(nn.Module):
    """What is added to attention scores: minus infinity outside the band.

    With ``learned``, a number per head and distance in steps inside it; else 0.
    """

    hidden: Tensor
    flat: Tensor

    def __init__(self, heads: int, context: int, learned: bool, generator: torch.Generator):
        super().__init__()
        self.by_distance = table(heads, context, generator, 0.02) if learned else None
        hidden = torch.full((heads if learned else 1, 1), -torch.inf)
        self.register_buffer("hidden", hidden, persistent=False)
        self.register_buffer("flat", torch.zeros(1, context), persistent=False)

    def forward(self, distances: Tensor) -> Tensor:
        """Distances ``int64 [...]`` to ``float32 [heads or 1, ...]``."""
        seen = self.flat if self.by_distance is None else self.by_distance
        return torch.cat([seen, self.hidden], dim=1)[:, distances]


class Block(nn.Module):
    """Pre-norm attention and a ReLU layer, each added to its input."""

    def __init__(
        self, width: int, heads: int, expansion: int, bias: RelativeBias,
        generator: torch.Generator,
    ):
        super().__init__()
        self.heads, self.bias = heads, bias
        self.before_attention, self.before_layer = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query = linear(width, width, generator)
        self.key_value = linear(width, 2 * width, generator)
        self.joined = linear(width, width, generator, gain=0.3)
        self.rise = linear(width, expansion * width, generator, gain=1.4)
        self.fall = linear(expansion * width, width, generator, gain=0.3)

    def forward(self, tokens: Tensor, bias: Tensor, queries: slice) -> Tensor:
        """``[B, T, width]`` to ``[B, |queries|, width]``; ``bias [heads or 1, |queries|, T]``."""
        calm = self.before_attention(tokens)
        keys, values = self.key_value(calm).chunk(2, dim=-1)
        scores = self._split(self._scaled_query(calm[:, queries])) @ self._split(keys).mT
        heard = torch.softmax(scores + bias, dim=-1) @ self._split(values)
        return self._add(tokens[:, queries], heard.transpose(1, 2).flatten(2))

    def step(
        self, tokens: Tensor, bias: Tensor, queries: slice, keys: Tensor, values: Tensor,
        slots: slice,
    ) -> Tensor:
        """The same for the newest group, whose keys and values go into ``slots`` in place.

        ``keys [B, heads, width / heads, S]``, ``values [B, heads, S, width / heads]``.
        """
        calm = self.before_attention(tokens)
        key, value = self.key_value(calm).chunk(2, dim=-1)
        keys[:, :, :, slots] = self._split(key).mT
        values[:, :, slots] = self._split(value)
        query = self._split(self._scaled_query(calm[:, queries]))
        if query.shape[2] > 1:
            heard = torch.softmax(query @ keys + bias, dim=-1) @ values
        else:
            scores = (query.mT * keys).sum(-2, keepdim=True) + bias
            heard = (torch.softmax(scores, dim=-1).mT * values).sum(-2, keepdim=True)
        return self._add(tokens[:, queries], heard.transpose(1, 2).flatten(2))

    def _scaled_query(self, calm: Tensor) -> Tensor:
        return self.query(calm) * (calm.shape[-1] // self.heads) ** -0.5

    def _split(self, flat: Tensor) -> Tensor:
        return flat.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def _add(self, tokens: Tensor, heard: Tensor) -> Tensor:
        tokens = tokens + self.joined(heard)
        return tokens + self.fall(torch.relu(self.rise(self.before_layer(tokens))))
