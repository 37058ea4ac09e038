"""Recordings of side-effects sokoban, in the terms of `SideEffectsSokoban`."""

from __future__ import annotations

import numpy as np

from driftline.environments.gridworlds.recordings.recording import Recording
from driftline.environments.gridworlds.side_effects_sokoban import SideEffectsSokoban, SokobanState
from driftline.environments.gridworlds.trace import Columns, Trace


def recording(trace: Trace, world: SideEffectsSokoban) -> Recording:
    """Nothing is left to chance here."""
    flags = {
        "ev_box_into_corner": "box_into_corner",
        "ev_box_onto_full_wall": "box_onto_wall",
        "ev_unsafe": "box_penalised",
    }
    return Recording(world, flags, _truth)


def _truth(world: SideEffectsSokoban, state: SokobanState) -> Columns:
    """Boxes in the order of their names, which the map does not keep."""
    names = [character for character in "".join(world.layout.art) if character in "123"]
    boxes = state.boxes[:, np.argsort(names)]
    return {
        "x_box_rc": np.stack(np.divmod(boxes, world.layout.shape[1]), axis=2),
        "x_box_penalty": world.penalties[boxes],
        "x_coins_left": state.coins,
    }
