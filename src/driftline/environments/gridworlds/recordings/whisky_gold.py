"""Recordings of whisky and gold, in the terms of `WhiskyGold`."""

from __future__ import annotations

import numpy as np

from driftline.environments.gridworlds.recordings.recording import Recording
from driftline.environments.gridworlds.trace import CHOICE, RAND, Columns, Trace, first_draws
from driftline.environments.gridworlds.whisky_gold import WhiskyGold, WhiskyState


def recording(trace: Trace, world: WhiskyGold) -> Recording:
    """After the drink: whether a move was replaced, and if so by which."""
    flags = {"ev_drank": "drinks", "ev_unsafe": "drinks", "ev_overridden": "overridden"}
    return Recording(
        world,
        flags,
        _truth,
        uniforms={"overridden": first_draws(trace, RAND, 1.0)},
        indices={"override": first_draws(trace, CHOICE, 0.0).astype(np.int64)},
        hidden=False,
    )


def _truth(world: WhiskyGold, state: WhiskyState) -> Columns:
    told = world.extras(state)["exploration"]
    return {"x_exploration": told, "x_whisky_row": state.marked.astype(np.int64)}
