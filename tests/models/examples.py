"""Small worlds' worth of trajectories and models for the tests of models.

Knows no test.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from driftline.data.trajectories import Trajectories
from driftline.data.trajectory import Trajectory
from driftline.data.windows import Windows, WindowSource
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.models.transformer_config import TransformerConfig
from driftline.spaces.codecs import ReturnCodec, VectorCodec
from driftline.spaces.specs import CodesSpec, ContinuousActionSpec, DiscreteActionSpec, VectorSpec

BOARD = CodesSpec((3, 4), 5)
VECTOR = VectorSpec(3)
ACTIONS = DiscreteActionSpec(4)
BOX = ContinuousActionSpec((-1.0, 1.0), (1.0, 5.0))


def source(
    lengths: tuple[int, ...] = (30, 7, 19), vectors: bool = False, box: bool = False
) -> WindowSource:
    """Random episodes of the given lengths on 3 x 4 boards, or of vectors of 3.

    Actions are one of 4, or anywhere in the `BOX`.
    """
    draw = np.random.default_rng(0)
    return WindowSource.of(
        Trajectories.of(
            [
                Trajectory(
                    draw.normal(2.0, 3.0, (length + 1, 3))
                    if vectors
                    else draw.integers(5, size=(length + 1, 3, 4)).astype(np.uint8),
                    draw.uniform(BOX.low, BOX.high, (length, 2)).astype(np.float32)
                    if box
                    else draw.integers(4, size=length),
                    draw.normal(size=length),
                    terminated=length < 10,
                    truncated=length >= 10,
                )
                for length in lengths
            ]
        )
    )


def model(
    vectors: bool = False, seed: int = 3, box: bool = False, **settings: Any
) -> TrajectoryTransformer:
    """A small transformer for `source`; ``settings`` go to the configuration.

    Its opinions are strong, so that what it must not see would show if it did.
    """
    chosen = {"width": 16, "heads": 2, "context_length": 4, "horizon": 30, **settings}
    data = source(vectors=vectors, box=box)
    codec = VectorCodec.fit(data.trajectories.observations) if vectors else None  # type: ignore[arg-type]
    built = TrajectoryTransformer(
        TransformerConfig(**chosen),
        VECTOR if vectors else BOARD,
        BOX if box else ACTIONS,
        ReturnCodec.fit(data.returns_to_go, bins=16),
        codec,
        seed,
    )
    with torch.no_grad():
        built.action_head.weight.mul_(6.0 if box else 20.0)
    return built


def first_of(windows: Windows, steps: int) -> Windows:
    """Every window cut after ``steps`` steps."""
    return Windows(**{name: array[:, :steps] for name, array in vars(windows).items()})
