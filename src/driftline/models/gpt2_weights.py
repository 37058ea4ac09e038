"""`begin_as_gpt2`: the first weights of the published online decision transformer.

Knows no training. Blocks begin as GPT-2's do in transformers, the layer of the actions as the
actor of Zheng et al. 2022 (arXiv:2202.05607) does.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from driftline.models.attention import Block
from driftline.models.layers import filled

DEVIATION = 0.02
"""Of GPT-2's weights; of layers that are added to the tokens it is divided by the root of their
number."""


def begin_as_gpt2(blocks: Iterable[Block], head: nn.Linear, generator: torch.Generator) -> None:
    """Draw the weights of ``blocks`` and of the actions' ``head`` anew, in place.

    The head's means are orthogonal rows of length 1, and so are what stands beside them.
    """
    blocks = list(blocks)
    added = DEVIATION * (2 * len(blocks)) ** -0.5
    for block in blocks:
        for layer in (block.query_key_value, block.rise):
            filled(layer, generator, DEVIATION)
        for layer in (block.joined, block.fall):
            filled(layer, generator, added)
    with torch.no_grad():
        for rows in head.weight.chunk(2):
            nn.init.orthogonal_(rows, generator=generator)
        head.bias.zero_()
