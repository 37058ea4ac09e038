"""Episodes of continuous actions and flow policies for the tests of flow policies.

Knows no test.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from driftline.data.trajectories import Trajectories
from driftline.data.trajectory import Trajectory
from driftline.data.windows import Windows, WindowSource
from driftline.models.flow_policy import FlowPolicy
from driftline.models.flow_policy_config import FlowPolicyConfig
from driftline.shapes import Actions, Floats
from driftline.spaces.codecs import ReturnCodec, VectorCodec
from driftline.spaces.specs import CodesSpec, ContinuousActionSpec, VectorSpec

BOX = ContinuousActionSpec((-1.0, 1.0), (1.0, 5.0))


def source(lengths: tuple[int, ...] = (30, 7, 19), boards: bool = False) -> WindowSource:
    """Random episodes of the given lengths, of vectors of 3 or on 3 x 4 boards."""
    draw = np.random.default_rng(0)
    return WindowSource.of(
        Trajectories.of(
            [
                Trajectory(
                    draw.integers(5, size=(length + 1, 3, 4)).astype(np.uint8)
                    if boards
                    else draw.normal(2.0, 3.0, (length + 1, 3)),
                    draw.uniform(BOX.low, BOX.high, (length, 2)).astype(np.float32),
                    draw.normal(size=length),
                    terminated=length < 10,
                    truncated=length >= 10,
                )
                for length in lengths
            ]
        )
    )


def model(boards: bool = False, seed: int = 3, **settings: Any) -> FlowPolicy:
    """A small flow policy for `source`; ``settings`` go to the configuration.

    What it reads matters much, so that what it must not see would show if it did.
    """
    chosen = {"width": 16, "layers": 2, "flow_steps": 3, "horizon": 30, **settings}
    data = source(boards=boards)
    codec = None if boards else VectorCodec.fit(data.trajectories.observations)  # type: ignore[arg-type]
    built = FlowPolicy(
        FlowPolicyConfig(**chosen),
        CodesSpec((3, 4), 5) if boards else VectorSpec(3),
        BOX,
        ReturnCodec.fit(data.returns_to_go, bins=16),
        codec,
        seed,
    )
    with torch.no_grad():
        built.velocity.network.last.weight.mul_(5.0)
        built.return_head.network.last.weight.mul_(5.0)
    return built


def one_step(actions: Actions, returns: Floats) -> Windows:
    """Episodes of one step in a world with nothing to see: ``[n, d]`` and ``[n]``."""
    count = len(actions)
    return Windows(
        observations=np.zeros((count, 1), np.uint8),
        actions=actions[:, None].astype(np.float32),
        previous_actions=np.zeros_like(actions[:, None], np.float32),
        returns_to_go=returns[:, None],
        times=np.zeros((count, 1), np.int64),
        valid=np.ones((count, 1), np.bool_),
        ends=np.ones((count, 1), np.int8),
    )


def learnt(
    box: ContinuousActionSpec,
    actions: Actions,
    returns: Floats,
    updates: int,
    batch: int = 256,
    learning_rate: float = 8e-3,
    bins: int = 64,
    seed: int = 1,
    **settings: Any,
) -> FlowPolicy:
    """A flow policy fitted to `one_step` episodes; ``settings`` go to the configuration."""
    chosen = {"width": 32, "layers": 2, "return_dropout": 0.5, **settings}
    codec = ReturnCodec.fit(returns, bins)
    fitted = FlowPolicy(FlowPolicyConfig(**chosen), CodesSpec((), 1), box, codec, seed=seed)
    optimiser = torch.optim.AdamW(fitted.parameters(), betas=(0.9, 0.95), fused=True)
    draw, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    for number in range(updates):
        rate = learning_rate * min(1.0, 2.0 * (1.0 - number / updates))
        optimiser.param_groups[0]["lr"] = rate
        rows = draw.integers(len(actions), size=batch)
        optimiser.zero_grad()
        fitted.loss(one_step(actions[rows], returns[rows]), generator).total.backward()
        optimiser.step()
    return fitted


def nothing_seen(count: int) -> Any:
    """The observations of ``count`` `one_step` episodes."""
    return np.zeros(count, np.uint8)
