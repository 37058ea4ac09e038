"""`Histories`: the last observations and actions of single steps, as a `FlowPolicy` reads them.

Know no network. What stands in the padding of windows is never read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from driftline.data.windows import Windows
from driftline.models.flow_box import to_unit
from driftline.spaces.codecs import ReturnCodec
from driftline.spaces.specs import ContinuousActionSpec

THERE, BEFORE_RESET, NOT_SHOWN = 0, 1, 2
"""What an earlier step is: known, before the episode began, or before its window began."""


@dataclass(frozen=True, eq=False)
class Histories:
    """N steps with the k - 1 steps before each, newest first.

    ``observations [M, ...]`` holds every observation once, those of the N steps first;
    ``places int64 [N, k - 1]`` are the rows of it at the earlier steps and ``actions
    [N, k - 1, d]`` (in [-1, 1]) were done there; ``absence int64 [N, k - 1]`` is `THERE`,
    `BEFORE_RESET` or `NOT_SHOWN`, and where it is not `THERE` places and actions mean
    nothing. ``times int64 [N]``.
    """

    observations: Tensor
    places: Tensor
    actions: Tensor
    absence: Tensor
    times: Tensor


@dataclass(frozen=True, eq=False)
class FlowSteps:
    """The N real steps of windows, in row-major order, and what a `FlowPolicy` learns of them.

    ``actions [N, d]`` in [-1, 1], ``returns [N]`` standardised, ``return_bins [N]``,
    ``windows int64 [N]``: which window each step is of.
    """

    histories: Histories
    actions: Tensor
    returns: Tensor
    return_bins: Tensor
    windows: Tensor

    @classmethod
    def of(
        cls,
        windows: Windows,
        context_length: int,
        spec: ContinuousActionSpec,
        returns: ReturnCodec,
        device: torch.device,
    ) -> FlowSteps:
        """Copy the real steps to ``device``; each sees its window's steps up to itself."""
        valid = windows.valid
        row, step = np.nonzero(valid)
        times = windows.times[valid]
        back = np.arange(1, context_length)
        number = np.cumsum(valid).reshape(valid.shape) - 1
        hidden = np.where(step[:, None] < back, NOT_SHOWN, THERE)
        achieved = windows.returns_to_go[valid]

        def tensor(array: np.ndarray) -> Tensor:
            return torch.from_numpy(np.ascontiguousarray(array)).to(device)

        actions = to_unit(spec, tensor(windows.actions[valid]).float())
        places = tensor(number[row[:, None], np.maximum(step[:, None] - back, 0)])
        return cls(
            Histories(
                observations=tensor(windows.observations[valid]),
                places=places,
                actions=actions[places],
                absence=tensor(np.where(times[:, None] < back, BEFORE_RESET, hidden)),
                times=tensor(times),
            ),
            actions=actions,
            returns=tensor(returns.standardise(achieved)),
            return_bins=tensor(returns.index(achieved)),
            windows=tensor(row),
        )
