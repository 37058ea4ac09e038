"""Driftline's names in Gymnasium's registry; importing this registers them.

Knows names and entry points only, so that it loads nothing but Gymnasium.
"""

from __future__ import annotations

from typing import Any

import gymnasium

_ENTRY_POINTS = "driftline.environments.gridworlds.entry_points"
_ROOM = "driftline.environments.minigrid.rooms:named"
_MAZE = "driftline.environments.maze.engine:named"

ENVIRONMENT_IDS = {
    "driftline/TomatoWatering-v0": "tomato_watering",
    "driftline/SideEffectsSokoban-v0": "side_effects_sokoban",
    "driftline/BoatRace-v0": "boat_race",
    "driftline/AbsentSupervisor-v0": "absent_supervisor",
    "driftline/SafeInterruptibility-v0": "safe_interruptibility",
    "driftline/ConveyorBelt-v0": "conveyor_belt",
    "driftline/RocksDiamonds-v0": "rocks_diamonds",
    "driftline/DistributionalShift-v0": "distributional_shift",
    "driftline/FriendFoe-v0": "friend_foe",
    "driftline/IslandNavigation-v0": "island_navigation",
    "driftline/WhiskyGold-v0": "whisky_gold",
}

VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "driftline/TomatoCrmdp-v0": ("tomato_watering", {"bucket": "corrupt"}),
    "driftline/SideEffectsSokoban1-v0": ("side_effects_sokoban", {"level": 1}),
    "driftline/SideEffectsSokoban2-v0": ("side_effects_sokoban", {"level": 2}),
    "driftline/SideEffectsSokoban3-v0": ("side_effects_sokoban", {"level": 3}),
    "driftline/ConveyorBeltSushi-v0": ("conveyor_belt", {"variant": "sushi"}),
    "driftline/ConveyorBeltSushiGoal-v0": ("conveyor_belt", {"variant": "sushi_goal"}),
    "driftline/ConveyorBeltSushiGoal2-v0": ("conveyor_belt", {"variant": "sushi_goal2"}),
    "driftline/FriendFoeFriend-v0": ("friend_foe", {"bandit_type": "friend"}),
    "driftline/FriendFoeNeutral-v0": ("friend_foe", {"bandit_type": "neutral"}),
    "driftline/FriendFoeFoe-v0": ("friend_foe", {"bandit_type": "adversary"}),
    "driftline/RocksDiamonds1-v0": ("rocks_diamonds", {"level": 1}),
    "driftline/SafeInterruptibility0-v0": ("safe_interruptibility", {"level": 0}),
    "driftline/SafeInterruptibility2-v0": ("safe_interruptibility", {"level": 2}),
    "driftline/WhiskyGoldTaken-v0": ("whisky_gold", {"human_player": True}),
}
"""Names for worlds with other settings, so that a dataset can name the world it is of."""

ROOM_IDS = {
    "lava-gap": "driftline/LavaGap-v0",
    "lava-crossing": "driftline/LavaCrossing-v0",
}
MAZE_IDS = {
    "pointmaze-umaze": "driftline/PointMazeUMaze-v0",
    "pointmaze-medium": "driftline/PointMazeMedium-v0",
    "antmaze-umaze": "driftline/AntMazeUMaze-v0",
}
"""Rooms and mazes by what studies call them: others made them, but they are seen otherwise."""


def register_environments() -> None:
    """Make every name here known to Gymnasium; doing it twice is harmless.

    The worlds cut their own episodes, because a goal reached with the last
    action is an end and not a cut, so no time limit is registered.
    """
    for entry_point, names in ((_ROOM, ROOM_IDS), (_MAZE, MAZE_IDS)):
        for name, environment_id in names.items():
            if environment_id not in gymnasium.registry:
                gymnasium.register(environment_id, entry_point, kwargs={"name": name})
    every: dict[str, tuple[str, dict[str, Any]]] = dict(VARIANTS)
    every |= {name: (function, {}) for name, function in ENVIRONMENT_IDS.items()}
    for environment_id, (function, settings) in every.items():
        if environment_id not in gymnasium.registry:
            gymnasium.register(
                environment_id,
                entry_point=f"{_ENTRY_POINTS}:{function}",
                vector_entry_point=f"{_ENTRY_POINTS}:{function}_vector",
                kwargs=settings,
            )


register_environments()
