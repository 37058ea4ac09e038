"""A transformer's blocks made ready for acting in a few episodes at once, in numpy.

Know no observation and no return. A few rows times a matrix wait for memory, and numpy's
operations begin sooner than torch's: on a CPU a step of one episode takes a third of the time
that `stepping` needs, which is ahead from some ten episodes on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from driftline.models.attention import Block
from driftline.models.folding import FoldedBlock

FEW = 8
"""Up to this many tokens."""
WHOLE, PIECE = 2**16, 2**14
"""Matrices of up to so many numbers are multiplied whole, larger ones in pieces of so many.

That much stays near the processor. It is also so few that the library of products does not
spread them over threads, which wait for each other for milliseconds where another process
has the second core.
"""
EPSILON = 1e-5
"""What `torch.nn.LayerNorm` adds to variances."""
Array = npt.NDArray[np.float32]


class Layer:
    """``rows @ matrix + offset``, in pieces of the matrix."""

    def __init__(self, matrix: Tensor, offset: Tensor) -> None:
        """Of ``matrix [outputs, inputs]`` and ``offset [outputs]``, as they are now."""
        outputs, inputs = matrix.shape
        whole = matrix.numel() <= WHOLE
        columns = outputs if whole else max(1, min(outputs, PIECE // inputs))
        while outputs % columns:
            columns -= 1
        pieces = matrix.detach().view(outputs // columns, columns, inputs).mT
        self._pieces: Array = pieces.clone(memory_format=torch.contiguous_format).numpy()
        self._pieces = self._pieces[0] if len(pieces) == 1 else self._pieces
        self._offset: Array = offset.detach().numpy().copy()
        self._outputs = outputs

    def __call__(self, rows: Array) -> Array:
        """``[N, inputs]`` to ``[N, outputs]``."""
        product: Array = rows @ self._pieces
        if product.ndim == 3:
            product = product.transpose(1, 0, 2).reshape(len(rows), self._outputs)
        product += self._offset
        return product

    def of_one(self, row: Array) -> Array:
        """``[inputs]`` to ``[outputs]``."""
        product: Array = row @ self._pieces
        if product.ndim == 2:
            product = product.reshape(self._outputs)
        product += self._offset
        return product


class FewBlock:
    """A `Block` as its weights are now, for the newest group of tokens of B episodes."""

    def __init__(self, block: Block) -> None:
        folded = FoldedBlock.of(block)
        self.heads = block.heads
        self._each = Layer(folded.each, folded.each_offset)
        self._joined = Layer(*_centred(folded.joined, folded.joined_offset))
        self._rise = Layer(folded.rise, folded.rise_offset)
        self._fall = Layer(*_centred(folded.fall, folded.fall_offset))

    def step(
        self, tokens: Array, asking: range, bias: Array, keys: Array, values: Array, slots: slice
    ) -> Array:
        """``[size * B, width]``, kind by kind, to the same of the kinds ``asking`` alone.

        The mean of a token is 0 and stays it, since nothing is added whose mean is another.
        ``bias [heads or 1, size, slots]``; the group's keys and values go into ``slots`` of
        ``[B, heads, slots, width / heads]`` in place.
        """
        batch, heads, _, features = keys.shape
        each = self._each(_scaled(tokens)).reshape(-1, batch, 3, heads, features)
        query, key, value = each.transpose(2, 1, 3, 0, 4)
        keys[:, :, slots], values[:, :, slots] = key, value
        asked = slice(asking.start, asking.stop)
        scores = query[:, :, asked] @ keys.swapaxes(-1, -2)
        scores += bias[:, asked]
        scores -= np.maximum.reduce(scores, axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= np.add.reduce(scores, axis=-1, keepdims=True)
        heard = (scores @ values).transpose(2, 0, 1, 3).reshape(-1, heads * features)
        tokens = tokens[asking.start * batch : asking.stop * batch] + self._joined(heard)
        risen = self._rise(_scaled(tokens))
        tokens += self._fall(np.maximum(risen, 0.0, out=risen))
        return tokens

    def step_one(self, token: Array, bias: Array, keys: Array, values: Array, slot: int) -> Array:
        """`step` of a single token ``[width]``, whose operations begin sooner.

        ``bias [heads or 1, slots]``; keys and values ``[heads, slots, width / heads]``.
        """
        heads, _, features = keys.shape
        each = self._each.of_one(_scaled_one(token)).reshape(3, heads, features)
        keys[:, slot], values[:, slot] = each[1], each[2]
        scores: Array = (keys @ each[0, :, :, None])[..., 0]
        scores += bias
        scores -= np.maximum.reduce(scores, axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= np.add.reduce(scores, axis=-1, keepdims=True)
        heard = (scores[:, None] @ values).reshape(heads * features)
        token = token + self._joined.of_one(heard)
        risen = self._rise.of_one(_scaled_one(token))
        token += self._fall.of_one(np.maximum(risen, 0.0, out=risen))
        return token


def _centred(matrix: Tensor, offset: Tensor) -> tuple[Tensor, Tensor]:
    """A layer's outputs less their mean."""
    return matrix - matrix.mean(0), offset - offset.mean()


def standard(tokens: Array) -> Array:
    """Rows less their means, divided by their deviations, as `torch.nn.LayerNorm` does."""
    return _scaled(centred(tokens))


def centred(tokens: Array) -> Array:
    """Rows less their means."""
    means: Array = np.add.reduce(tokens, axis=1, keepdims=True)
    less: Array = tokens - means / np.float32(tokens.shape[1])
    return less


def _scaled(tokens: Array) -> Array:
    """The same of rows whose mean is 0."""
    squares: Array = np.einsum("ni,ni->n", tokens, tokens)[:, None]
    squares /= tokens.shape[1]
    squares += EPSILON
    squares **= 0.5
    return tokens / squares


def _scaled_one(token: Array) -> Array:
    """The same of one."""
    mean = float(np.dot(token, token)) / len(token)
    return token * (1.0 / math.sqrt(mean + EPSILON))


@dataclass(eq=False)
class FewRings:
    """The keys and values of a few episodes, and the blocks that read them.

    ``keys`` and ``values [B, heads, slots, width / heads]`` hold one array per block, ``biases
    [2 * ring, heads or 1, size, slots]`` one per block.
    """

    blocks: list[FewBlock]
    last: tuple[Array, Array]
    keys: list[Array]
    values: list[Array]
    biases: list[Array]

    @classmethod
    def empty(
        cls, batch: int, slots: int, blocks: list[Block], last: nn.LayerNorm, distances: Tensor
    ) -> FewRings:
        """Those of ``batch`` episodes that start now."""
        width = blocks[0].query_key_value.weight.shape[1]
        shapes = [(batch, each.heads, slots, width // each.heads) for each in blocks]
        return cls(
            blocks=[FewBlock(block) for block in blocks],
            last=(last.weight.numpy().copy(), last.bias.numpy().copy()),
            keys=[np.zeros(shape, np.float32) for shape in shapes],
            values=[np.zeros(shape, np.float32) for shape in shapes],
            biases=[block.bias(distances).transpose(0, 1).numpy() for block in blocks],
        )

    @np.errstate(all="ignore")
    def step(self, tokens: Tensor, size: int, row: int, slots: slice) -> Tensor:
        """See `stepping.Rings`. What is not finite stays so without a word, as in torch."""
        found = centred(tokens.numpy())
        if len(found) == 1:
            return self._step_one(found[0], row, slots.start)
        for number, block in enumerate(self.blocks):
            asking = range(size - 1 if number == len(self.blocks) - 1 else 0, size)
            rings = self.keys[number], self.values[number]
            found = block.step(found, asking, self.biases[number][row], *rings, slots)
        weight, offset = self.last
        hidden = _scaled(found)
        hidden *= weight
        hidden += offset
        return torch.from_numpy(hidden)

    def _step_one(self, token: Array, row: int, slot: int) -> Tensor:
        for number, block in enumerate(self.blocks):
            rings = self.keys[number][0], self.values[number][0]
            token = block.step_one(token, self.biases[number][row][:, 0], *rings, slot)
        weight, offset = self.last
        return torch.from_numpy((_scaled_one(token) * weight + offset)[None])

    def narrow(self, rows: Tensor) -> FewRings:
        """See `stepping.Rings`."""
        kept: npt.NDArray[Any] = rows.cpu().numpy()
        keys, values = ([each[kept] for each in ring] for ring in (self.keys, self.values))
        return FewRings(self.blocks, self.last, keys, values, self.biases)
