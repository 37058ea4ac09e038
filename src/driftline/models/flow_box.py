"""Continuous actions between their own box and [-1, 1] in every dimension.

Know no model. What lies beyond the box counts as lying on its edge.
"""

from __future__ import annotations

from torch import Tensor

from driftline.spaces.specs import ContinuousActionSpec


def to_unit(spec: ContinuousActionSpec, actions: Tensor) -> Tensor:
    """Actions ``[..., d]`` with the box of ``spec`` moved to [-1, 1].

    >>> import torch
    >>> to_unit(ContinuousActionSpec((0.0,), (4.0,)), torch.tensor([1.0, 9.0]).unsqueeze(1)).mT
    tensor([[-0.5000,  1.0000]])
    """
    low, high = actions.new_tensor(spec.low), actions.new_tensor(spec.high)
    return (2.0 * (actions - low) / (high - low) - 1.0).clamp(-1.0, 1.0)


def from_unit(spec: ContinuousActionSpec, unit: Tensor) -> Tensor:
    """The inverse of `to_unit`; never beyond the box, whatever the rounding."""
    low, high = unit.new_tensor(spec.low), unit.new_tensor(spec.high)
    inside = low + 0.5 * (unit.clamp(-1.0, 1.0) + 1.0) * (high - low)
    return inside.clamp(low, high)
