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
from driftline.models.stepping_attention import Product, heads_of

LARGEST_TABLE = 500_000
"""Up to this many numbers looking a board's convolution up is faster than computing it."""
LARGE = 2**18
"""Weights of so many numbers are multiplied sooner on the left side of a product."""


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


class StepBlock:
    """A `Block` as its weights are now, for the newest group of tokens of B episodes."""

    def __init__(self, block: Block, kind: torch.dtype) -> None:
        """As the weights are now; products are of numbers of ``kind``."""
        folded = FoldedBlock.of(block)
        self.heads = heads_of(folded, block.heads, kind)
        self._rise = Product(folded.rise, folded.rise_offset, kind)
        self._fall = Product(folded.fall, folded.fall_offset, kind)
        self._large = folded.rise.numel() >= LARGE

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

        ``bias`` is that of this step; the group's keys and values go into ``slots`` in place.
        """
        heard = self.heads.heard(standard(tokens), asking, bias, keys, values, slots)
        batch = len(heard) // len(asking)
        tokens = tokens[asking.start * batch : asking.stop * batch]
        tokens = self.heads.joined.onto(tokens, heard)
        if not self._large:
            return self._fall.onto(tokens, self._rise(standard(tokens)).relu_())
        risen = self._rise.across(standard(tokens)).relu_()
        return tokens + self._fall.across(risen.mT).mT


@dataclass(eq=False)
class ManyRings:
    """`Rings` in torch, on any device: keys, values and biases of each block.

    They are laid out as its `Heads` have them.
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
        known = [block.bias(distances) for block in blocks]
        return cls(
            blocks=ready,
            last=last,
            keys=[each.heads.ring(batch, slots) for each in ready],
            values=[each.heads.ring(batch, slots) for each in ready],
            biases=[each.heads.bias(bias) for each, bias in zip(ready, known, strict=True)],
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
        keys, values = (
            [block.heads.narrow(each, rows) for block, each in zip(self.blocks, ring, strict=True)]
            for ring in (self.keys, self.values)
        )
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
