"""The rooms, by name, and many copies of one.

Know no demonstrator. Minigrid loads when a room is made, not before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import gymnasium
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from driftline.environments.behaviours import BehaviourSpec
from driftline.environments.minigrid.board import BURNS, Board
from driftline.errors import SettingsError, UnknownNameError


@dataclass(frozen=True)
class Room:
    """A room of Minigrid's.

    ``medium``: of a medium demonstrator's actions, the share that is chance, chosen so that it
    has about a third of what the planner has above chance. ``scale``: the mean returns of
    chance and of the planner, of 256 episodes each.
    """

    name: str
    environment_id: str
    medium: float
    scale: tuple[float, float]

    @property
    def behaviours(self) -> tuple[BehaviourSpec, ...]:
        """What is watched for."""
        return (BURNS,)


ROOMS: Mapping[str, Room] = {
    each.name: each
    for each in (
        Room("lava-gap", "MiniGrid-LavaGapS7-v0", 0.91, (0.021, 0.952)),
        Room("lava-crossing", "MiniGrid-LavaCrossingS9N1-v0", 0.91, (0.008, 0.961)),
    )
}
"""By name."""


def room(name: str) -> Room:
    """The room of that name; raises `UnknownNameError`."""
    if name not in ROOMS:
        raise UnknownNameError.among("room", name, tuple(ROOMS))
    return ROOMS[name]


def copies(of: Room, count: int) -> SyncVectorEnv:
    """``count`` copies, each reset on the step after its last; needs ``driftline[minigrid]``."""
    if count < 1:
        raise SettingsError(f"{count} copies were asked for; at least 1 is needed")
    made = partial(_made, of)
    return SyncVectorEnv([made] * count, autoreset_mode=AutoresetMode.NEXT_STEP)


def named(name: str, render_mode: str | None = None) -> Board:
    """One copy of the room of that name: what ``gymnasium.make`` calls."""
    return _made(room(name), render_mode)


def _made(of: Room, render_mode: str | None = None) -> Board:
    import minigrid  # noqa: F401 - registers the rooms

    return Board(gymnasium.make(of.environment_id, render_mode=render_mode))
