"""Actions as vectors: rows of a learned table, chosen or added up.

Know no model. A discrete action has a row of its own; a continuous one is its place
in its box, -1 to 1 in every dimension, times a row for each dimension.
"""

from __future__ import annotations

from typing import assert_never

import torch
from torch import Tensor, nn

from driftline.models.flow_box import to_unit
from driftline.spaces.specs import ActionSpec, ContinuousActionSpec, DiscreteActionSpec


def rows_of(spec: ActionSpec) -> int:
    """How many rows a table needs for the actions of ``spec``.

    >>> rows_of(DiscreteActionSpec(4)), rows_of(ContinuousActionSpec((-1.0,), (1.0,)))
    (4, 1)
    """
    match spec:
        case DiscreteActionSpec():
            return spec.count
        case ContinuousActionSpec():
            return spec.size
        case _:
            assert_never(spec)


def embedded(spec: ActionSpec, table: Tensor, actions: Tensor) -> Tensor:
    """``int64 [...]`` or ``float32 [..., d]`` and ``table [rows, width]`` to ``[..., width]``."""
    match spec:
        case DiscreteActionSpec():
            return nn.functional.embedding(actions, table)
        case ContinuousActionSpec():
            return to_unit(spec, actions) @ table
        case _:
            assert_never(spec)


def embedded_previous(
    spec: ActionSpec, table: Tensor, previous: Tensor, times: Tensor, offset: bool = False
) -> Tensor:
    """The same where there may have been no action yet, which the first row stands for.

    ``table [1 + rows, width]``. There was none where ``times`` (steps since the
    reset, shaped like ``previous`` without its dimensions) is 0. With ``offset`` the first row
    is added to every continuous action, so that a norm leaves its size to be seen.
    """
    match spec:
        case DiscreteActionSpec():
            return nn.functional.embedding(previous + 1, table)
        case ContinuousActionSpec():
            begun = times.unsqueeze(-1) > 0
            unit = torch.where(begun, to_unit(spec, previous), 0.0)
            first = torch.ones_like(begun) if offset else ~begun
            return torch.cat([first.to(unit), unit], dim=-1) @ table
        case _:
            assert_never(spec)


def as_tensor(spec: ActionSpec, actions: object, device: torch.device) -> Tensor:
    """Actions of any kind of array as ``int64`` or ``float32``."""
    kind = torch.float32 if isinstance(spec, ContinuousActionSpec) else torch.int64
    return torch.as_tensor(actions, device=device).to(kind)
