"""Continuous actions between their own box and [-1, 1] in every dimension.

Know no model. What lies beyond the box counts as lying on its edge.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from driftline.spaces.specs import ContinuousActionSpec


def to_unit(spec: ContinuousActionSpec, actions: Tensor) -> Tensor:
    """Actions ``[..., d]`` with the box of ``spec`` moved to [-1, 1].

    >>> import torch
    >>> to_unit(ContinuousActionSpec((0.0,), (4.0,)), torch.tensor([1.0, 9.0]).unsqueeze(1)).mT
    tensor([[-0.5000,  1.0000]])
    """
    actions = actions if actions.is_floating_point() else actions.float()
    box = edges(spec, actions.dtype, actions.device)
    return torch.addcmul(box.minus_one, actions - box.low, box.inverse).clamp(-1.0, 1.0)


def from_unit(spec: ContinuousActionSpec, unit: Tensor) -> Tensor:
    """The inverse of `to_unit`; never beyond the box, whatever the rounding."""
    box = edges(spec, unit.dtype, unit.device)
    share = 0.5 + 0.5 * unit.clamp(-1.0, 1.0)
    return torch.lerp(box.low, box.high, share).clamp(box.low, box.high)


class Edges(NamedTuple):
    """Where a box lies, and one over half its widths, ``[d]`` each; not to be written to."""

    low: Tensor
    high: Tensor
    inverse: Tensor
    minus_one: Tensor


@lru_cache(maxsize=64)
def edges(spec: ContinuousActionSpec, dtype: torch.dtype, device: torch.device) -> Edges:
    """Those of ``spec``, made once.

    The inverse is of the widths as they are rounded, or the upper edge would be moved past 1
    where a box is small beside how far it is from 0.
    """
    with torch.inference_mode(False):  # so that a gradient may pass by what acting made first
        low, high = (
            torch.tensor(each, dtype=dtype, device=device) for each in (spec.low, spec.high)
        )
        return Edges(low, high, 2.0 / (high - low), -torch.ones_like(low))
