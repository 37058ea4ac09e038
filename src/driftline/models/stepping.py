"""Weights of a transformer made ready for acting, one step of every episode at a time.

Know no observation and no return. What training computes in many small operations over
whole windows is folded here, once when the episodes begin, into few and large ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from driftline.errors import SpaceError
from driftline.models.attention import Block
from driftline.models.embeddings import ConvolutionEmbedding
from driftline.models.folding import FoldedBlock, standard

LARGEST_TABLE = 500_000
"""Up to this many numbers looking a board's convolution up is faster than computing it."""


class Rings(Protocol):
    """What is remembered of B episodes' tokens, and the blocks that read it."""

    def step(self, tokens: Tensor, size: int, row: int, slots: slice) -> Tensor:
        """The newest group's tokens ``[size * B, width]``, kind by kind, through all blocks.

        Returns what the last norm makes of those of the last kind, ``[B, width]``. ``row``
        says which biases hold, and the group's keys and values go into ``slots``, in place.
        """
        ...

    def narrow(self, rows: Tensor) -> Rings:
        """A copy that holds the episodes ``rows`` (indices or a mask) alone, in that order."""
        ...


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


class StepBlock:
    """A `Block` as its weights are now, for the newest group of tokens of B episodes.

    Features go first and episodes last wherever attention is computed, so that every
    operation runs along memory: keys and values are ``[width / heads, slots, heads, B]``.
    """

    def __init__(self, block: Block, kind: torch.dtype) -> None:
        """As the weights are now; products are of numbers of ``kind``."""
        folded = FoldedBlock.of(block)
        width = folded.each.shape[1]
        self.split = (3, width // block.heads, block.heads)
        each = folded.each.view(3, block.heads, -1, width).transpose(1, 2)
        offset = folded.each_offset.view(3, block.heads, -1).transpose(1, 2)
        joined = folded.joined.view(width, block.heads, -1).transpose(1, 2)
        self._each = Product(each.reshape(-1, width), offset.reshape(-1), kind)
        self._joined = Product(joined.reshape(width, width), folded.joined_offset, kind)
        self._rise = Product(folded.rise, folded.rise_offset, kind)
        self._fall = Product(folded.fall, folded.fall_offset, kind)

    def step(
        self,
        tokens: Tensor,
        asking: range,
        bias: Tensor,
        keys: Tensor,
        values: Tensor,
        slots: slice,
    ) -> Tensor:
        """``[size * B, width]``, kind by kind, to the same of the kinds ``asking`` alone.

        ``bias [size, slots, heads or 1, 1]``; the group's keys and values go into
        ``slots`` in place.
        """
        batch = keys.shape[-1]
        query, key, value = self._each.across(standard(tokens)).view(*self.split, -1, batch)
        keys[:, slots], values[:, slots] = key.transpose(1, 2), value.transpose(1, 2)
        heard = [_heard(query[:, :, kind], bias[kind], keys, values) for kind in asking]
        flat = heard[0] if len(heard) == 1 else torch.cat(heard, dim=1)
        tokens = tokens[asking.start * batch : asking.stop * batch]
        tokens = self._joined.onto(tokens, flat.mT)
        return self._fall.onto(tokens, self._rise(standard(tokens)).relu_())


def _heard(query: Tensor, bias: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Queries ``[width / heads, heads, B]`` to what they hear, ``[width, B]``."""
    scores = (query.unsqueeze(1) * keys).sum(0).add_(bias)
    return (torch.softmax(scores, dim=0) * values).sum(1).flatten(0, 1)


@dataclass(eq=False)
class ManyRings:
    """`Rings` in torch, on any device.

    ``keys`` and ``values [width / heads, slots, heads, B]`` hold one tensor per block, ``biases
    [2 * ring, size, slots, heads or 1, 1]`` one per block.
    """

    blocks: list[StepBlock]
    last: nn.LayerNorm
    keys: list[Tensor]
    values: list[Tensor]
    biases: list[Tensor]

    @classmethod
    def empty(
        cls,
        batch: int,
        slots: int,
        blocks: list[Block],
        last: nn.LayerNorm,
        distances: Tensor,
        kind: torch.dtype,
    ) -> ManyRings:
        """Those of ``batch`` episodes that start now; products are of numbers of ``kind``."""
        ready = [StepBlock(block, kind) for block in blocks]
        shapes = [(each.split[1], slots, each.split[2], batch) for each in ready]
        biases = [block.bias(distances).permute(1, 2, 3, 0) for block in blocks]
        return cls(
            blocks=ready,
            last=last,
            keys=[torch.zeros(shape, device=distances.device) for shape in shapes],
            values=[torch.zeros(shape, device=distances.device) for shape in shapes],
            biases=[each.unsqueeze(-1).contiguous() for each in biases],
        )

    def step(self, tokens: Tensor, size: int, row: int, slots: slice) -> Tensor:
        """See `Rings`."""
        for number, block in enumerate(self.blocks):
            asking = range(size - 1 if number == len(self.blocks) - 1 else 0, size)
            rings = self.keys[number], self.values[number]
            tokens = block.step(tokens, asking, self.biases[number][row], *rings, slots)
        return self.last(tokens)

    def narrow(self, rows: Tensor) -> ManyRings:
        """See `Rings`."""
        keys, values = ([each[..., rows] for each in ring] for ring in (self.keys, self.values))
        return ManyRings(self.blocks, self.last, keys, values, self.biases)


class LookedUpConvolution:
    """A `ConvolutionEmbedding` as its weights are now: rows added up, nothing multiplied.

    What one code in one cell adds to every output of the convolution is a row of a
    table; a board is the sum of as many rows as it has cells.
    """

    def __init__(self, embedding: ConvolutionEmbedding, shape: tuple[int, ...]) -> None:
        layer, codes = embedding.around, embedding.codes
        self._codes = codes
        cells = shape[0] * shape[1]
        alone = torch.eye(cells, device=layer.weight.device).view(cells, 1, *shape)
        kernels = layer.weight.transpose(0, 1).reshape(-1, 1, *layer.kernel_size)
        rows = nn.functional.conv2d(alone, kernels, padding=1)
        self._rows = rows.view(cells * codes, -1)
        self._first = torch.arange(cells, device=rows.device) * codes
        offset = layer.bias
        assert offset is not None  # every convolution of an embedding has one
        self._offset = offset.repeat_interleave(cells)
        self._last = embedding.last

    def __call__(self, codes: Tensor) -> Tensor:
        """``[N, rows, columns]`` integers in [0, codes) to ``float32 [N, width]``."""
        low, high = codes.aminmax()
        if low < 0 or high >= self._codes:
            raise SpaceError(
                f"a board has codes from {int(low)} to {int(high)}, the codes are 0 to "
                f"{self._codes - 1}; give boards of the space that the model was built for"
            )
        chosen = codes.reshape(len(codes), -1) + self._first
        around = nn.functional.embedding_bag(chosen, self._rows, mode="sum")
        embedded: Tensor = self._last((around + self._offset).relu_())
        return embedded


def stepping_embedding(embedding: nn.Module) -> nn.Module | LookedUpConvolution:
    """``embedding``, or what gives the same faster while its weights do not change."""
    if not isinstance(embedding, ConvolutionEmbedding):
        return embedding
    cells = embedding.shape[0] * embedding.shape[1]
    if cells * embedding.codes * cells * embedding.CHANNELS > LARGEST_TABLE:
        return embedding
    return LookedUpConvolution(embedding, embedding.shape)
