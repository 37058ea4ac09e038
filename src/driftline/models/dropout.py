"""`Dropout`: leave out a share of numbers, by draws of a generator that is given.

Knows no architecture. One random byte decides over a number: drawing a whole number for
each would take longer than the layers whose output is dropped.
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
        words = torch.randint(*WHOLE, (-(-values.numel() // 8),), generator=self._generator)
        drawn = words.to(values.device).view(torch.uint8)[: values.numel()].view(values.shape)
        # Scaled by a number and not by a tensor of it, which few bits would round.
        return (values * self._scale).masked_fill(drawn < self._least, 0.0)


def dropout(share: float, generator: torch.Generator) -> Dropout | None:
    """What drops ``share``; None where nothing is dropped."""
    return Dropout(share, generator) if share else None
