"""What is reported of a batch is of all its windows and of all their steps."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from driftline.data.windows import Windows
from driftline.models.action_distributions import Squashed, entropy
from driftline.models.window_losses import TOLD, action_loss
from driftline.models.window_tensors import WindowTensors
from driftline.spaces.codecs import ReturnCodec
from driftline.spaces.specs import ContinuousActionSpec

FAMILY = Squashed(ContinuousActionSpec((-1.0, -1.0), (1.0, 1.0)))


def batch(windows: int, length: int) -> WindowTensors:
    """Windows of random actions, the first of them half as long."""
    draw = np.random.default_rng(0)
    valid = np.ones((windows, length), np.bool_)
    valid[0, length // 2 :] = False
    actions = draw.uniform(-0.9, 0.9, (windows, length, 2)).astype(np.float32)
    whole = Windows(
        observations=np.zeros((windows, length, 1), np.float32),
        actions=actions,
        previous_actions=np.zeros_like(actions),
        returns_to_go=np.zeros((windows, length)),
        times=np.tile(np.arange(length), (windows, 1)),
        valid=valid,
        ends=np.zeros((windows, length), np.int8),
    )
    return WindowTensors.of(whole, ReturnCodec(0.0, 1.0, 0.0, 1.0, 4), torch.device("cpu"))


@pytest.mark.parametrize("shape", [(256, 20), (64, 20), (256, 24), (40, 1000), (3, 5)], ids=str)
@pytest.mark.parametrize("by", ["place", "window"])
def test_the_reported_entropy_is_that_of_all_steps(shape: tuple[int, int], by: str) -> None:
    given = batch(*shape)
    rising = [torch.linspace(-3.0, 0.0, count) for count in shape]
    deviations = rising[1].expand(shape) if by == "place" else rising[0][:, None].expand(shape)
    known = torch.stack([torch.zeros(shape)] * 2 + [deviations] * 2, dim=-1)
    every = entropy(FAMILY, known[given.valid])
    told = action_loss(FAMILY, known, given)[1]["action_entropy"]
    near = 0.0 if len(every) <= TOLD else 0.05 * float(every.std())
    assert told == pytest.approx(float(every.mean()), abs=1e-5 + near)
