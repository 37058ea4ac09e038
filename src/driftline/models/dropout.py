"""`Dropout`: leave out a share of numbers, by draws of a generator that is given.

Knows no architecture. One random byte decides over a number: drawing a whole number for
each would take longer than the layers whose output is dropped. A GPU draws its own, from a
seed that the generator gives: it would wait for the processor's.
"""

from __future__ import annotations

import torch
from torch import Tensor

STEPS = 256
"""A share is a multiple of one in so many."""
WHOLE = (-(2**63), 2**63 - 1)
"""All integers of eight bytes but the last."""


class Dropout:
    """Zeroes ``share`` of what it is called with, rounded to 1/256, and scales up the rest."""

    def __init__(self, share: float, generator: torch.Generator) -> None:
        self._least = round(share * STEPS)
        self._scale = STEPS / (STEPS - self._least)
        self._generator = generator

    def __call__(self, values: Tensor) -> Tensor:
        """Like ``values``; the mean stays what it was."""
        words = self._words(-(-values.numel() // 8), values.device)
        drawn = words.view(torch.uint8)[: values.numel()].view(values.shape)
        # Scaled by a number and not by a tensor of it, which few bits would round.
        return (values * self._scale).masked_fill(drawn < self._least, 0.0)

    def _words(self, count: int, device: torch.device) -> Tensor:
        """``count`` random integers of eight bytes, there."""
        if self._generator.device != device:
            given = self._generator
            seed = int(torch.randint(*WHOLE, (), generator=given, device=given.device))
            self._generator = torch.Generator(device).manual_seed(seed)
        return torch.randint(*WHOLE, (count,), generator=self._generator, device=device)


def dropout(share: float, generator: torch.Generator) -> Dropout | None:
    """What drops ``share``; None where nothing is dropped."""
    return Dropout(share, generator) if share else None
