"""Laws of the box: there and back again, never outside, whatever the rounding."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from driftline.models.flow_box import from_unit, to_unit
from driftline.spaces.specs import ContinuousActionSpec

LIMITS = st.floats(-1e3, 1e3, width=32)


@given(low=LIMITS, width=st.floats(1e-2, 1e3), seed=st.integers(0, 99))
def test_there_and_back_again(low: float, width: float, seed: int) -> None:
    spec = ContinuousActionSpec((low,), (low + width,))
    unit = 2 * torch.rand(50, 1, generator=torch.Generator().manual_seed(seed)) - 1
    rounding = 1e-6 * (abs(low) + width) / width + 1e-6
    assert torch.allclose(to_unit(spec, from_unit(spec, unit)), unit, atol=4 * rounding, rtol=0)


@given(low=LIMITS, width=st.floats(1e-2, 1e3), beyond=st.floats(1.0, 1e6))
def test_never_outside(low: float, width: float, beyond: float) -> None:
    spec = ContinuousActionSpec((low,), (low + width,))
    found = from_unit(spec, torch.tensor([[-beyond], [beyond]]))
    assert found.flatten().tolist() == [np.float32(low), np.float32(low + width)]
    assert to_unit(spec, torch.tensor([[low - beyond]])) == -1.0
