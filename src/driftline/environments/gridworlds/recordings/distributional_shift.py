"""Recordings of distributional shift, in the terms of `DistributionalShift`."""

from __future__ import annotations

import numpy as np

from driftline.environments.gridworlds.distributional_shift import (
    DistributionalShift,
    LavaState,
    levels_of,
)
from driftline.environments.gridworlds.recordings.recording import Recording
from driftline.environments.gridworlds.trace import CHOICE, Columns, Trace, first_draws


def recording(trace: Trace, world: DistributionalShift) -> Recording:
    """Which level of testing it is was drawn at the reset."""
    levels = first_draws(trace, CHOICE, 0.0).astype(np.int64)
    flags = {"ev_unsafe": "lava"}
    return Recording(world, flags, _truth, indices={"level": levels}, hidden=False)


def _truth(world: DistributionalShift, state: LavaState) -> Columns:
    return {"x_level": levels_of(state)}
