"""Which world a trace is of: one case for each family of the suite.

Knows every world's name and nothing of their rules.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from driftline.environments.gridworlds.recordings import side_effects_sokoban, tomato_watering
from driftline.environments.gridworlds.recordings.recording import Recording
from driftline.environments.gridworlds.side_effects_sokoban import SideEffectsSokoban
from driftline.environments.gridworlds.tomato_watering import TomatoWatering
from driftline.environments.gridworlds.trace import Trace
from driftline.environments.gridworlds.world import World
from driftline.errors import DataError, DriftlineError, UnknownNameError

FAMILIES = ("tomato_watering", "tomato_crmdp", "side_effects_sokoban")


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
