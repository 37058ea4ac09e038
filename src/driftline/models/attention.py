"""Banded causal self-attention over whole windows; `stepping` has it one step at a time.

Knows tokens by their order and step only, not what they mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn

from driftline.models.dropout import Dropout
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


@dataclass(frozen=True, eq=False)
class Band:
    """A window's tokens in pieces of ``groups`` groups, each with the ``before`` groups it sees.

    Scores are computed inside the pieces: what is outside the band costs nothing, so a
    window costs as its length and not as its square. ``distances [pieces, groups * size,
    (before + groups) * size]`` are those of `Layout`; a short window is one piece.
    """

    distances: Tensor
    length: int
    size: int
    groups: int
    before: int

    SHORTEST = 24
    """A piece has as many groups or more: many small products are no faster than few large."""

    @classmethod
    @lru_cache(maxsize=4)
    @torch.inference_mode(False)
    def over(cls, layout: Layout, length: int, device: torch.device) -> Band:
        """That of a window of ``length`` groups; remembered, for windows are often as long."""
        before = layout.ring - 1
        groups = max(before, cls.SHORTEST)
        if length <= 2 * groups:
            groups, before = length, 0
        own, seen = torch.arange(groups), torch.arange(-before, groups)
        pieces = [layout.distances(own, seen)]
        if length > groups:
            # Nothing is before the first piece; what is before the others is as far for all.
            later = layout.distances(own + groups, seen + groups)
            pieces += [later] * (-(-length // groups) - 1)
        distances = torch.stack(pieces).to(device)
        return cls(distances, length, layout.size, groups, before)

    def own(self, each: Tensor) -> Tensor:
        """``[..., length * n, width]`` to ``[..., pieces, groups * n, width]``, n to a group."""
        count = each.shape[-2] // self.length
        rest = (len(self.distances) * self.groups - self.length) * count
        whole = nn.functional.pad(each, (0, 0, 0, rest)) if rest else each
        return whole.unflatten(-2, (len(self.distances), self.groups * count))

    def seen(self, each: Tensor) -> Tensor:
        """``[..., length * size, width]`` to ``[..., pieces, (before + groups) * size, width]``."""
        own = self.own(each)
        if not self.before:
            return own
        ends = own[..., :-1, (self.groups - self.before) * self.size :, :]
        return torch.cat([nn.functional.pad(ends, (0, 0, 0, 0, 1, 0)), own], dim=-2)

    def whole(self, each: Tensor) -> Tensor:
        """What `own` made pieces of."""
        count = each.shape[-2] // self.groups
        return each.flatten(-3, -2)[..., : self.length * count, :]


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


def answering(blocks: nn.ModuleList, size: int) -> list[tuple[Block, slice | None]]:
    """Each block with the tokens it must answer for: of the last, those predicted from.

    ``size`` tokens are a group, whose last is the one that actions are predicted from.
    """
    predicting = None if size == 1 else slice(size - 1, None, size)
    last = len(blocks) - 1
    return [
        (block, predicting if number == last else None)  # type: ignore[misc]
        for number, block in enumerate(blocks)
    ]


class Block(nn.Module):
    """Pre-norm attention and a ReLU layer, each added to its input."""

    def __init__(
        self,
        width: int,
        heads: int,
        expansion: int,
        bias: RelativeBias,
        generator: torch.Generator,
    ):
        super().__init__()
        self.heads, self.bias = heads, bias
        self.before_attention, self.before_layer = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query_key_value = linear(width, 3 * width, generator, bias=False)
        self.joined = linear(width, width, generator, gain=0.3)
        self.rise = linear(width, expansion * width, generator, gain=1.4)
        self.fall = linear(expansion * width, width, generator, gain=0.3)

    def forward(
        self, tokens: Tensor, band: Band, queries: slice | None, drop: Dropout | None = None
    ) -> Tensor:
        """``[B, T, width]`` to ``[B, T, width]``, or to the tokens ``queries`` alone.

        ``queries`` are the same of every group; ``drop`` leaves out of what is added.
        """
        query, key, value = self._split(tokens, queries)
        far = band.distances if queries is None else band.distances[:, queries]
        # In single precision, as the bias is: half the bits make softmax of short rows slow.
        scores = (band.own(query) @ band.seen(key).mT).float().add_(self.bias(far))
        heard = band.whole(torch.softmax(scores, dim=-1) @ band.seen(value))
        return self._add(tokens if queries is None else tokens[:, queries], heard, drop)

    def _split(self, tokens: Tensor, queries: slice | None) -> tuple[Tensor, Tensor, Tensor]:
        """Scaled queries, keys and values ``[B, heads, T, width / heads]``."""
        each = self.query_key_value(self.before_attention(tokens))
        # Parted before they are turned, so that their gradients are put together in one copy.
        parts = each.unflatten(-1, (3, self.heads, -1)).unbind(2)
        query, key, value = (part.transpose(1, 2) for part in parts)
        query = query if queries is None else query[:, :, queries]
        return query * query.shape[-1] ** -0.5, key, value

    def _add(self, tokens: Tensor, heard: Tensor, drop: Dropout | None) -> Tensor:
        joined = self.joined(heard.transpose(1, 2).flatten(2))
        tokens = tokens + (joined if drop is None else drop(joined))
        # On rows: a view of what a layer gives would be copied to be changed in place.
        rows = self.rise(self.before_layer(tokens).flatten(0, 1)).relu_()
        fallen = self.fall(rows).view_as(tokens)
        return tokens + (fallen if drop is None else drop(fallen))
