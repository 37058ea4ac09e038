"""Small worlds' worth of trajectories and models for the tests of models.

Knows no test.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from driftline.data.trajectories import Trajectories
from driftline.data.trajectory import Trajectory
from driftline.data.windows import WindowSource
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.models.transformer_config import TransformerConfig
from driftline.spaces.codecs import ReturnCodec, VectorCodec
from driftline.spaces.specs import CodesSpec, DiscreteActionSpec, VectorSpec

BOARD = CodesSpec((3, 4), 5)
VECTOR = VectorSpec(3)
ACTIONS = DiscreteActionSpec(4)


def source(lengths: tuple[int, ...] = (30, 7, 19), vectors: bool = False) -> WindowSource:
    """Random episodes of the given lengths on 3 x 4 boards, or of vectors of 3."""
    draw = np.random.default_rng(0)
    return WindowSource.of(
        Trajectories.of(
            [
                Trajectory(
                    draw.normal(2.0, 3.0, (length + 1, 3))
                    if vectors
                    else draw.integers(5, size=(length + 1, 3, 4)).astype(np.uint8),
                    draw.integers(4, size=length),
                    draw.normal(size=length),
                    terminated=length < 10,
                    truncated=length >= 10,
                )
                for length in lengths
            ]
        )
    )


def model(vectors: bool = False, seed: int = 3, **settings: Any) -> TrajectoryTransformer:
    """A small transformer for `source`; ``settings`` go to the configuration.

    Its opinions are strong, so that what it must not see would show if it did.
    """
    chosen = {"width": 16, "heads": 2, "context_length": 4, "horizon": 30, **settings}
    data = source(vectors=vectors)
    codec = VectorCodec.fit(data.trajectories.observations) if vectors else None  # type: ignore[arg-type]
    built = TrajectoryTransformer(
        TransformerConfig(**chosen),
        VECTOR if vectors else BOARD,
        ACTIONS,
        ReturnCodec.fit(data.returns_to_go, bins=16),
        codec,
        seed,
    )
    with torch.no_grad():
        built.action_head.weight.mul_(20.0)
    return built
