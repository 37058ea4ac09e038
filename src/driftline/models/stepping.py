"""Weights of a transformer made ready for acting, one step of every episode at a time.

Know no observation and no return. What training computes in many small operations over
whole windows is folded here, once when the episodes begin, into few and large ones.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from driftline.errors import SpaceError
from driftline.models.attention import Block
from driftline.models.embeddings import ConvolutionEmbedding

LARGEST_TABLE = 500_000
"""Up to this many numbers looking a board's convolution up is faster than computing it."""


class StepBlock:
    """A `Block` as its weights are now, for the newest group of tokens of B episodes.

    Features go first and episodes last wherever attention is computed, so that every
    operation runs along memory: keys and values are ``[width / heads, slots, heads, B]``.
    """

    def __init__(self, block: Block) -> None:
        each = block.query_key_value.weight
        width = each.shape[1]
        self.split = (3, width // block.heads, block.heads)
        each = each.view(3, block.heads, -1, width).transpose(1, 2)
        scale = torch.tensor([self.split[1] ** -0.5, 1.0, 1.0], device=each.device)
        each = each * scale.view(3, 1, 1, 1)
        self._each, self._each_offset = _after(block.before_attention, each.reshape(-1, width))
        self._each_offset = self._each_offset.unsqueeze(1)
        joined = block.joined.weight.view(width, block.heads, -1).transpose(1, 2)
        self._joined, self._joined_offset = joined.reshape(width, width).mT, block.joined.bias
        self._rise, self._rise_offset = _after(block.before_layer, block.rise.weight)
        self._rise_offset = self._rise_offset + block.rise.bias
        self._fall, self._fall_offset = block.fall.weight.mT, block.fall.bias

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
        query, key, value = torch.addmm(self._each_offset, self._each, _standard(tokens).mT).view(
            *self.split, -1, batch
        )
        keys[:, slots], values[:, slots] = key.transpose(1, 2), value.transpose(1, 2)
        heard = [_heard(query[:, :, kind], bias[kind], keys, values) for kind in asking]
        flat = heard[0] if len(heard) == 1 else torch.cat(heard, dim=1)
        tokens = tokens[asking.start * batch : asking.stop * batch]
        tokens = torch.addmm(tokens, flat.mT, self._joined).add_(self._joined_offset)
        risen = torch.addmm(self._rise_offset, _standard(tokens), self._rise.mT).relu_()
        return torch.addmm(tokens, risen, self._fall).add_(self._fall_offset)


def _heard(query: Tensor, bias: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Queries ``[width / heads, heads, B]`` to what they hear, ``[width, B]``."""
    scores = (query.unsqueeze(1) * keys).sum(0).add_(bias)
    return (torch.softmax(scores, dim=0) * values).sum(1).flatten(0, 1)


def _standard(tokens: Tensor) -> Tensor:
    return nn.functional.layer_norm(tokens, tokens.shape[-1:])


def _after(norm: nn.LayerNorm, weight: Tensor) -> tuple[Tensor, Tensor]:
    """``weight [out, width]`` that reads what ``norm`` scales and shifts, and its offset."""
    return weight * norm.weight, weight @ norm.bias


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
