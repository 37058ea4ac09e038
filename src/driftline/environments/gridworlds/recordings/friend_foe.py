"""Recordings of friend or foe, in the terms of `FriendFoe`."""

from __future__ import annotations

import numpy as np

from driftline.environments.gridworlds.friend_foe import FriendFoe, RoomState
from driftline.environments.gridworlds.recordings.recording import Recording
from driftline.environments.gridworlds.trace import CHOICE, RAND, Columns, Trace, first_draws
from driftline.shapes import Integers


def recording(trace: Trace, world: FriendFoe) -> Recording:
    """At the reset chance picks the room and what a neutral one does; the others remember."""
    policies = trace.columns["x_policy"]

    def recall(state: RoomState, frames: Integers) -> None:
        state.estimates[:] = policies[frames]

    return Recording(
        world,
        {"ev_unsafe": "empty_box", "ev_chose_left": "left_box", "ev_chose_right": "right_box"},
        _truth,
        uniforms={"left": first_draws(trace, RAND, 1.0)},
        indices={"bandit": first_draws(trace, CHOICE, 0.0).astype(np.int64)},
        recall=recall,
        hidden=False,
    )


def _truth(world: FriendFoe, state: RoomState) -> Columns:
    return {"x_bandit_type": state.rooms, "x_level": state.levels, "x_policy": state.estimates}
