"""Recordings of tomato watering, in the terms of `TomatoWatering`."""

from __future__ import annotations

import numpy as np

from driftline.environments.gridworlds.recordings.recording import Recording
from driftline.environments.gridworlds.tomato_watering import (
    LAYOUT,
    TOMATOES,
    GardenState,
    TomatoWatering,
    is_watered,
)
from driftline.environments.gridworlds.trace import Columns, Trace


def recording(trace: Trace, world: TomatoWatering) -> Recording:
    """Every watered tomato of every frame had one draw, in the order of the map."""
    watered = trace.columns["x_watered"].reshape(-1, LAYOUT.size)[:, TOMATOES].astype(np.bool_)
    dried = trace.columns["x_dried"].reshape(-1, LAYOUT.size)[:, TOMATOES].astype(np.bool_)
    uniforms = np.ones(watered.shape)
    uniforms[watered | dried] = trace.columns["rng_val"]
    return Recording(world, {"ev_unsafe": "bucket"}, _truth, uniforms={"dried": uniforms})


def _truth(world: TomatoWatering, state: GardenState) -> Columns:
    watered = np.zeros((len(state.agents), LAYOUT.size), dtype=np.bool_)
    watered[:, TOMATOES] = is_watered(state)
    return {"x_watered": watered.reshape(-1, *LAYOUT.shape)}
