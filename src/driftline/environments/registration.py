"""Driftline's names in Gymnasium's registry; importing this registers them.

Knows names and entry points only, so that it loads nothing but Gymnasium.
"""

from __future__ import annotations

import gymnasium

_ENTRY_POINTS = "driftline.environments.gridworlds.entry_points"

ENVIRONMENT_IDS = {
    "driftline/TomatoWatering-v0": "tomato_watering",
    "driftline/SideEffectsSokoban-v0": "side_effects_sokoban",
}


def register_environments() -> None:
    """Make every id of `ENVIRONMENT_IDS` known to Gymnasium; doing it twice is harmless.

    The worlds cut their own episodes, because a goal reached with the last
    action is an end and not a cut, so no time limit is registered.
    """
    for environment_id, function in ENVIRONMENT_IDS.items():
        if environment_id not in gymnasium.registry:
            gymnasium.register(
                environment_id,
                entry_point=f"{_ENTRY_POINTS}:{function}",
                vector_entry_point=f"{_ENTRY_POINTS}:{function}_vector",
            )


register_environments()
