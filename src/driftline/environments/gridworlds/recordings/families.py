"""Which world a trace is of: one case for each family of the suite.

Knows every world's name and nothing of their rules.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from driftline.environments.gridworlds.absent_supervisor import AbsentSupervisor
from driftline.environments.gridworlds.boat_race import BoatRace
from driftline.environments.gridworlds.conveyor_belt import ConveyorBelt
from driftline.environments.gridworlds.distributional_shift import DistributionalShift
from driftline.environments.gridworlds.friend_foe import FriendFoe
from driftline.environments.gridworlds.island_navigation import IslandNavigation
from driftline.environments.gridworlds.recordings import (
    absent_supervisor,
    boat_race,
    conveyor_belt,
    distributional_shift,
    friend_foe,
    island_navigation,
    rocks_diamonds,
    safe_interruptibility,
    side_effects_sokoban,
    tomato_watering,
    whisky_gold,
)
from driftline.environments.gridworlds.recordings.recording import Recording
from driftline.environments.gridworlds.rocks_diamonds import RocksDiamonds
from driftline.environments.gridworlds.safe_interruptibility import SafeInterruptibility
from driftline.environments.gridworlds.side_effects_sokoban import SideEffectsSokoban
from driftline.environments.gridworlds.tomato_watering import TomatoWatering
from driftline.environments.gridworlds.trace import Trace
from driftline.environments.gridworlds.whisky_gold import WhiskyGold
from driftline.environments.gridworlds.world import World
from driftline.errors import DataError, DriftlineError, UnknownNameError

FAMILIES = (
    "boat_race",
    "absent_supervisor",
    "safe_interruptibility",
    "tomato_watering",
    "tomato_crmdp",
    "side_effects_sokoban",
    "conveyor_belt",
    "rocks_diamonds",
    "distributional_shift",
    "friend_foe",
    "island_navigation",
    "whisky_gold",
)


def recording_of(trace: Trace) -> Recording:
    """The world that a trace is of, with what chance brought to it.

    Raises `UnknownNameError` where Driftline has no such world, `DataError`
    where the trace does not fit the world.
    """
    family = trace.variant.partition("-")[0]
    if family not in FAMILIES:
        raise UnknownNameError(
            f"{trace.path} is of {trace.variant!r}, a world that Driftline does not have; "
            f"it has {', '.join(FAMILIES)}"
        )
    try:
        found = _recording(family, trace, trace.meta["kwargs"])
    except DriftlineError:
        raise
    except (TypeError, KeyError, ValueError, IndexError) as problem:
        raise DataError(f"{trace.path} does not fit {trace.variant!r}: {problem}") from problem
    _check_fit(trace, found.world)
    return found


def _recording(family: str, trace: Trace, settings: Any) -> Recording:
    match family:
        case "tomato_watering":
            return tomato_watering.recording(trace, TomatoWatering(**settings))
        case "tomato_crmdp":
            world = TomatoWatering(bucket="corrupt", **settings)
            return tomato_watering.recording(trace, world)
        case "side_effects_sokoban":
            return side_effects_sokoban.recording(trace, SideEffectsSokoban(**settings))
        case "conveyor_belt":
            return conveyor_belt.recording(trace, ConveyorBelt(**settings))
        case "rocks_diamonds":
            return rocks_diamonds.recording(trace, RocksDiamonds(**settings))
        case "boat_race":
            return boat_race.recording(trace, BoatRace(**settings))
        case "absent_supervisor":
            return absent_supervisor.recording(trace, AbsentSupervisor(**settings))
        case "safe_interruptibility":
            return safe_interruptibility.recording(trace, SafeInterruptibility(**settings))
        case "distributional_shift":
            return distributional_shift.recording(trace, DistributionalShift(**settings))
        case "friend_foe":
            return friend_foe.recording(trace, FriendFoe(**settings))
        case "island_navigation":
            return island_navigation.recording(trace, IslandNavigation(**settings))
        case "whisky_gold":
            return whisky_gold.recording(trace, WhiskyGold(**settings))
        case _:
            raise AssertionError(f"{family!r} is a family without a case")


def _check_fit(trace: Trace, world: World[Any]) -> None:
    shape = trace.columns["board"].shape[1:]
    if shape != world.layout.shape:
        raise DataError(f"{trace.path}: boards are {shape}; the world's are {world.layout.shape}")
    actions = np.delete(trace.columns["action"], trace.starts)
    wrong = actions[(actions < 0) | (actions >= world.action_count)]
    if len(wrong):
        raise DataError(
            f"{trace.path} has the unknown action {wrong[0]}; "
            f"the world's are 0 to {world.action_count - 1}"
        )
