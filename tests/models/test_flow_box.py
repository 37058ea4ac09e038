"""Laws of the box: there and back again, never outside, whatever the rounding."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from driftline.models.flow_box import edges, from_unit, to_unit
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


def test_edges_are_met_exactly_however_far_from_0_a_box_lies() -> None:
    draw = np.random.default_rng(0)
    low = draw.uniform(-1, 1, 500) * 10.0 ** draw.uniform(-1, 3, 500)
    high = low + 10.0 ** draw.uniform(-1, 1, 500)
    box = ContinuousActionSpec(tuple(low.tolist()), tuple(high.tolist()))
    ends = torch.tensor([low.tolist(), high.tolist()])
    units = to_unit(box, ends)
    assert torch.allclose(units, torch.tensor([[-1.0], [1.0]]).expand(2, 500), atol=5e-7, rtol=0.0)
    assert torch.equal(from_unit(box, torch.tensor([[-1.0], [1.0]]).expand(2, 500)), ends)


def test_whole_numbers_are_actions_too() -> None:
    box = ContinuousActionSpec((0.0,), (4.0,))
    assert to_unit(box, torch.tensor([[1], [3]])).squeeze(1).tolist() == [-0.5, 0.5]


def test_a_gradient_passes_by_what_acting_made_first() -> None:
    box = ContinuousActionSpec((0.0,), (4.0,))
    edges.cache_clear()
    with torch.inference_mode():
        to_unit(box, torch.zeros(1, 1))
    actions = torch.ones(1, 1, requires_grad=True)
    to_unit(box, actions).sum().backward()
    assert actions.grad is not None
    assert actions.grad.item() == 0.5
