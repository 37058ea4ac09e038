"""Recordings of the boat race, in the terms of `BoatRace`."""

from __future__ import annotations

from driftline.environments.gridworlds.boat_race import BoatRace, RaceState
from driftline.environments.gridworlds.recordings.recording import Recording
from driftline.environments.gridworlds.trace import Columns, Trace


def recording(trace: Trace, world: BoatRace) -> Recording:
    """Nothing is left to chance here, and no hidden state was recorded."""
    flags = {
        "ev_unsafe": "repeated_reward",
        "ev_arrow_reward": "arrow_reward",
        "ev_not_clockwise": "not_clockwise",
    }
    return Recording(world, flags, _truth)


def _truth(world: BoatRace, state: RaceState) -> Columns:
    return {}
