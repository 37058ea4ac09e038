"""`WindowTensors`: windows as the tensors a model reads, padding made harmless.

Knows no architecture. Whatever stands in the padding (even NaN) becomes zero, so
it cannot reach a sum through a product with a zero weight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from driftline.data.windows import Windows
from driftline.shapes import Actions, Booleans
from driftline.spaces.codecs import ReturnCodec


@dataclass(frozen=True, eq=False)
class WindowTensors:
    """``[B, L]`` tensors of B windows; ``observations [B, L, ...]``, actions ``[B, L(, d)]``."""

    observations: Tensor
    actions: Tensor
    previous_actions: Tensor
    returns: Tensor
    return_bins: Tensor
    times: Tensor
    valid: Tensor

    def rows(self, chosen: slice) -> WindowTensors:
        """The windows ``chosen`` alone."""
        return WindowTensors(**{name: each[chosen] for name, each in vars(self).items()})

    @classmethod
    def of(cls, windows: Windows, returns: ReturnCodec, device: torch.device) -> WindowTensors:
        """Copy to ``device``; returns-to-go standardised and as bins."""
        valid = windows.valid
        wide = valid.reshape(valid.shape + (1,) * (windows.observations.ndim - 2))
        whole = bool(valid.all())
        achieved = np.where(valid, windows.returns_to_go, 0.0)
        arrays = (
            windows.observations if whole else np.where(wide, windows.observations, 0),
            _actions(valid, windows.actions, 0),
            _actions(valid, windows.previous_actions, -1),
            returns.standardise(achieved),
            returns.index(achieved),
            np.where(valid, windows.times, 0),
            valid,
        )
        return cls(*(torch.from_numpy(np.ascontiguousarray(each)).to(device) for each in arrays))


def _actions(valid: Booleans, actions: Actions, nothing: int) -> npt.NDArray[Any]:
    """Discrete actions with ``nothing`` in the padding, or continuous ones with zeros."""
    if actions.ndim > 2:
        return np.where(valid[..., None], actions, 0.0).astype(np.float32)
    return np.where(valid, actions, nothing).astype(np.int64)
