"""`FoldedBlock`: a block's weights with its norms folded into them, as acting needs them.

Knows no cache: `stepping` and `stepping_few` lay the same matrices out for many episodes and
for a few.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from driftline.models.attention import Block


@dataclass(frozen=True, eq=False)
class FoldedBlock:
    """Matrices ``[outputs, inputs]`` and offsets ``[outputs]`` of a block's four products.

    ``each`` gives scaled queries, keys and values, ``[3, heads, width / heads]`` of them, of
    tokens less their mean and divided by their deviation; so does ``rise``.
    """

    each: Tensor
    each_offset: Tensor
    joined: Tensor
    joined_offset: Tensor
    rise: Tensor
    rise_offset: Tensor
    fall: Tensor
    fall_offset: Tensor

    @classmethod
    def of(cls, block: Block) -> FoldedBlock:
        """As the weights are now."""
        each = block.query_key_value.weight
        width = each.shape[1]
        scale = each.new_tensor([(width // block.heads) ** -0.5, 1.0, 1.0])
        each = (each.view(3, -1) * scale.unsqueeze(1)).view(-1, width)
        rise, rise_offset = _after(block.before_layer, block.rise.weight)
        return cls(
            *_after(block.before_attention, each),
            block.joined.weight,
            block.joined.bias,
            rise,
            rise_offset + block.rise.bias,
            block.fall.weight,
            block.fall.bias,
        )


def _after(norm: nn.LayerNorm, weight: Tensor) -> tuple[Tensor, Tensor]:
    """``weight [out, width]`` that reads what ``norm`` scales and shifts, and its offset."""
    return weight * norm.weight, weight @ norm.bias


def standard(tokens: Tensor) -> Tensor:
    """Tokens ``[N, width]`` less their mean and divided by their deviation."""
    return torch.nn.functional.layer_norm(tokens, tokens.shape[-1:])
