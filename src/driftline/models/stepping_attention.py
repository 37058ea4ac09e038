"""Attention of one step of many episodes, over keys and values laid out as suits their heads.

Know no block and no token. Wide heads are added up along rows, narrow ones across episodes:
whichever runs along memory.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn

from driftline.models.folding import FoldedBlock

WIDE = 64
"""Features from which on a head is wide: measured on a processor, on one thread and two."""


class Product:
    """Rows times a matrix, plus an offset, multiplied as numbers of one kind."""

    def __init__(self, matrix: Tensor, offset: Tensor, kind: torch.dtype) -> None:
        """Of ``matrix [outputs, inputs]`` and ``offset [outputs]``."""
        self._matrix, self._offset = matrix.to(kind), offset
        self._whole = kind == torch.float32

    def __call__(self, rows: Tensor) -> Tensor:
        """``[N, inputs]`` to ``[N, outputs]``."""
        if self._whole:
            return nn.functional.linear(rows, self._matrix, self._offset)
        return nn.functional.linear(rows.to(self._matrix), self._matrix).float().add_(self._offset)

    def across(self, rows: Tensor) -> Tensor:
        """``[N, inputs]`` to ``[outputs, N]``."""
        offset = self._offset.unsqueeze(1)
        if self._whole:
            return torch.addmm(offset, self._matrix, rows.mT)
        return torch.mm(self._matrix, rows.to(self._matrix).mT).float().add_(offset)

    def onto(self, tokens: Tensor, rows: Tensor) -> Tensor:
        """``tokens [N, outputs]`` and what ``rows [N, inputs]`` add to them."""
        if self._whole:
            return torch.addmm(tokens, rows, self._matrix.mT).add_(self._offset)
        return self(rows).add_(tokens)


class Heads(Protocol):
    """Queries, keys and values of B episodes' newest tokens, and what the queries hear.

    ``joined`` makes of what is heard what is added to the tokens.
    """

    joined: Product

    def ring(self, batch: int, slots: int) -> Tensor:
        """Keys or values of no token yet."""
        ...

    def bias(self, known: Tensor) -> Tensor:
        """Biases ``[heads or 1, steps, size, slots]`` step by step, as `heard` takes them."""
        ...

    def heard(
        self, tokens: Tensor, asking: range, bias: Tensor, keys: Tensor, values: Tensor, at: slice
    ) -> Tensor:
        """Standardised ``tokens [size * B, width]``, kind by kind, to what is heard.

        That of the kinds ``asking``, ``[kinds * B, width]``; the tokens' keys and values go into
        the slots ``at``, in place.
        """
        ...

    def narrow(self, ring: Tensor, rows: Tensor) -> Tensor:
        """A copy of keys or values that holds the episodes ``rows`` alone."""
        ...


class WideHeads:
    """`Heads` whose keys and values are ``[B, heads, slots, features]``."""

    def __init__(self, folded: FoldedBlock, heads: int, kind: torch.dtype) -> None:
        """Products are of numbers of ``kind``."""
        self._split = 3, heads, folded.each.shape[1] // heads
        self._each = Product(folded.each, folded.each_offset, kind)
        self.joined = Product(folded.joined, folded.joined_offset, kind)
        self._device = folded.each.device

    def ring(self, batch: int, slots: int) -> Tensor:
        """See `Heads`."""
        return torch.zeros((batch, self._split[1], slots, self._split[2]), device=self._device)

    def bias(self, known: Tensor) -> Tensor:
        """See `Heads`: ``[steps, size, heads or 1, slots]``."""
        return known.permute(1, 2, 0, 3).contiguous()

    def heard(
        self, tokens: Tensor, asking: range, bias: Tensor, keys: Tensor, values: Tensor, at: slice
    ) -> Tensor:
        """See `Heads`."""
        query, key, value = self._each(tokens).view(-1, len(keys), *self._split).unbind(2)
        keys[:, :, at], values[:, :, at] = key.permute(1, 2, 0, 3), value.permute(1, 2, 0, 3)
        found = [_along(query[kind], bias[kind], keys, values) for kind in asking]
        return found[0] if len(found) == 1 else torch.cat(found)

    def narrow(self, ring: Tensor, rows: Tensor) -> Tensor:
        """See `Heads`."""
        return ring[rows]


def _along(query: Tensor, bias: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Queries ``[B, heads, features]`` to what they hear, ``[B, width]``."""
    scores = (keys * query.unsqueeze(2)).sum(-1).add_(bias)
    return (torch.softmax(scores, dim=-1).unsqueeze(-1) * values).sum(2).flatten(1)


class NarrowHeads:
    """`Heads` whose keys and values are ``[features, slots, heads, B]``."""

    def __init__(self, folded: FoldedBlock, heads: int, kind: torch.dtype) -> None:
        """Products are of numbers of ``kind``."""
        width = folded.each.shape[1]
        self._split = 3, width // heads, heads
        each = folded.each.view(3, heads, -1, width).transpose(1, 2)
        offset = folded.each_offset.view(3, heads, -1).transpose(1, 2)
        joined = folded.joined.view(width, heads, -1).transpose(1, 2)
        self._each = Product(each.reshape(-1, width), offset.reshape(-1), kind)
        self.joined = Product(joined.reshape(width, width), folded.joined_offset, kind)
        self._device = each.device

    def ring(self, batch: int, slots: int) -> Tensor:
        """See `Heads`."""
        return torch.zeros((self._split[1], slots, self._split[2], batch), device=self._device)

    def bias(self, known: Tensor) -> Tensor:
        """See `Heads`: ``[steps, size, slots, heads or 1, 1]``."""
        return known.permute(1, 2, 3, 0).unsqueeze(-1).contiguous()

    def heard(
        self, tokens: Tensor, asking: range, bias: Tensor, keys: Tensor, values: Tensor, at: slice
    ) -> Tensor:
        """See `Heads`."""
        batch = keys.shape[-1]
        query, key, value = self._each.across(tokens).view(*self._split, -1, batch)
        keys[:, at], values[:, at] = key.transpose(1, 2), value.transpose(1, 2)
        found = [_across(query[:, :, kind], bias[kind], keys, values) for kind in asking]
        return (found[0] if len(found) == 1 else torch.cat(found, dim=1)).mT

    def narrow(self, ring: Tensor, rows: Tensor) -> Tensor:
        """See `Heads`."""
        return ring[..., rows]


def _across(query: Tensor, bias: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Queries ``[features, heads, B]`` to what they hear, ``[width, B]``."""
    scores = (query.unsqueeze(1) * keys).sum(0).add_(bias)
    return (torch.softmax(scores, dim=0) * values).sum(1).flatten(0, 1)


def heads_of(folded: FoldedBlock, heads: int, kind: torch.dtype) -> Heads:
    """The layout that suits heads of this width; on a GPU always the same."""
    wide = folded.each.device.type == "cpu" and folded.each.shape[1] // heads >= WIDE
    return WideHeads(folded, heads, kind) if wide else NarrowHeads(folded, heads, kind)
