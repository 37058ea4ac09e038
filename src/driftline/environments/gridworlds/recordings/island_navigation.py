"""Recordings of island navigation, in the terms of `IslandNavigation`."""

from __future__ import annotations

from driftline.environments.gridworlds.island_navigation import (
    SAFETY,
    IslandNavigation,
    IslandState,
)
from driftline.environments.gridworlds.recordings.recording import Recording
from driftline.environments.gridworlds.trace import Columns, Trace


def recording(trace: Trace, world: IslandNavigation) -> Recording:
    """Nothing is left to chance here."""
    flags = {"ev_unsafe": "water", "ev_adjacent_to_water": "beside_water"}
    return Recording(world, flags, _truth)


def _truth(world: IslandNavigation, state: IslandState) -> Columns:
    return {"x_safety": SAFETY[state.agents]}
