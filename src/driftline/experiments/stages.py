"""Stages: what arenas are played on and who demonstrates there, family by family.

Know no model and no agent. What a family is simulated by loads when it is first played, and
is asked for by name where it is not installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, ClassVar, Protocol

from gymnasium import Space
from gymnasium.vector import VectorEnv

from driftline.agents.scripted import Script
from driftline.data.d4rl_scores import REFERENCES
from driftline.environments.behaviours import BehaviourSpec
from driftline.environments.classic.demonstrator import ClassicDemonstrator
from driftline.environments.classic.engine import ClassicVectorEnv
from driftline.environments.classic.tasks import task
from driftline.environments.maze.engine import copies as maze_copies
from driftline.environments.maze.mazes import maze
from driftline.environments.maze.planner import MazeDemonstrator
from driftline.environments.minigrid.planner import RoomDemonstrator
from driftline.environments.minigrid.rooms import copies as room_copies
from driftline.environments.minigrid.rooms import room
from driftline.environments.mujoco.levels import (
    LevelDemonstrator,
    players,
    policies_of,
    snapshots_of,
    trained_by,
)
from driftline.environments.mujoco.robots import robot
from driftline.environments.registration import MAZE_IDS, ROOM_IDS
from driftline.errors import CapabilityError, SettingsError, UnknownNameError
from driftline.experiments.arena_config import Proxy
from driftline.experiments.names import CLASSIC, MAZES, ROBOTS, ROOMS, TASKS, Level

Copies = VectorEnv[Any, Any, Any]


class Stage(Protocol):
    """Of one task: its copies, what is watched for, what counts as 0 and as 100."""

    @property
    def package(self) -> str:
        """By what it is simulated, as Python imports it."""
        ...

    @property
    def extra(self) -> str:
        """Of Driftline's, which brings the package, if anything has to."""
        ...

    @property
    def environment_id(self) -> str:
        """What ``gymnasium.make`` calls it."""
        ...

    @property
    def behaviours(self) -> tuple[BehaviourSpec, ...]:
        """What is watched for."""
        ...

    @property
    def scale(self) -> tuple[float, float]:
        """The returns that count as 0 (chance) and as 100 (an expert)."""
        ...

    def copies(self, count: int, proxy: Proxy | None = None) -> Copies:
        """So many, paid by the ``proxy`` where there is one."""
        ...

    def demonstrator(self, level: Level, space: Space[Any]) -> Script:
        """Who plays at a level; raises `SettingsError` where nobody does."""
        ...

    def demonstrated_by(self, level: Level) -> str:
        """The same in a word or two."""
        ...

    def policies(self, level: Level) -> str | None:
        """A sha256 of the stored policies that play at a level, if any do."""
        ...


@dataclass(frozen=True)
class RobotStage:
    """One of MuJoCo's robots, demonstrated by snapshots of one training."""

    name: str
    package: ClassVar[str] = "mujoco"
    extra: ClassVar[str] = "mujoco"

    @property
    def environment_id(self) -> str:
        """Version 5."""
        return robot(self.name).environment_id

    @property
    def behaviours(self) -> tuple[BehaviourSpec, ...]:
        """Falls, strains, leans."""
        return robot(self.name).behaviours

    @property
    def scale(self) -> tuple[float, float]:
        """D4RL's."""
        return REFERENCES[self.name]

    def copies(self, count: int, proxy: Proxy | None = None) -> Copies:
        """On Driftline's engine."""
        from driftline.environments.mujoco.engine import MujocoVectorEnv

        return MujocoVectorEnv(robot(self.name), count, proxy=proxy)

    def demonstrator(self, level: Level, space: Any) -> Script:
        """Policies in turn, or chance."""
        shown = [] if level == "random" else players(level, snapshots_of(robot(self.name)))
        return LevelDemonstrator(shown, space.low, space.high)

    def demonstrated_by(self, level: Level) -> str:
        """Trained by stable-baselines3."""
        return "chance" if level == "random" else trained_by(robot(self.name))

    def policies(self, level: Level) -> str | None:
        """Shipped with Driftline."""
        return policies_of(robot(self.name), level)


@dataclass(frozen=True)
class ClassicStage:
    """A task of Gymnasium's own, demonstrated by a controller that acts by chance at times."""

    name: str
    package: ClassVar[str] = "gymnasium"
    extra: ClassVar[str] = ""

    @property
    def environment_id(self) -> str:
        """Gymnasium's."""
        return task(self.name).environment_id

    @property
    def behaviours(self) -> tuple[BehaviourSpec, ...]:
        """One a task."""
        return task(self.name).behaviours

    @property
    def scale(self) -> tuple[float, float]:
        """From chance to the controller."""
        return task(self.name).scale

    def copies(self, count: int, proxy: Proxy | None = None) -> Copies:
        """Paid for speed, where there is a proxy."""
        if proxy == "lean":
            raise SettingsError(f"{self.name} cannot be paid by lean; its proxy is speed")
        return ClassicVectorEnv(task(self.name), count, proxy=proxy)

    def demonstrator(self, level: Level, space: Any) -> Script:
        """The controller."""
        return ClassicDemonstrator(task(self.name), level, space)

    def demonstrated_by(self, level: Level) -> str:
        """It knows the dynamics."""
        return "chance" if level == "random" else "controller"

    def policies(self, level: Level) -> str | None:
        """None are stored."""
        return None


@dataclass(frozen=True)
class RoomStage:
    """A room of Minigrid's, demonstrated by a planner that acts by chance at times."""

    name: str
    package: ClassVar[str] = "minigrid"
    extra: ClassVar[str] = "minigrid"

    @property
    def environment_id(self) -> str:
        """Driftline's, which sees a room whole."""
        return ROOM_IDS[self.name]

    @property
    def behaviours(self) -> tuple[BehaviourSpec, ...]:
        """Lava burns."""
        return room(self.name).behaviours

    @property
    def scale(self) -> tuple[float, float]:
        """From chance to the planner."""
        return room(self.name).scale

    def copies(self, count: int, proxy: Proxy | None = None) -> Copies:
        """Nothing is hidden in a room."""
        if proxy is not None:
            raise SettingsError(f"{self.name} cannot be paid by {proxy}; leave the proxy out")
        return room_copies(room(self.name), count)

    def demonstrator(self, level: Level, space: Any) -> Script:
        """The planner."""
        return RoomDemonstrator(room(self.name), level)

    def demonstrated_by(self, level: Level) -> str:
        """It sees the room whole."""
        return "chance" if level == "random" else "planner"

    def policies(self, level: Level) -> str | None:
        """None are stored."""
        return None


@dataclass(frozen=True)
class MazeStage:
    """A maze of Gymnasium-Robotics's, demonstrated by a planner that acts by chance at times.

    Nobody demonstrates an ant's: its only level is "random".
    """

    name: str
    package: ClassVar[str] = "gymnasium_robotics"
    extra: ClassVar[str] = "maze"

    @property
    def environment_id(self) -> str:
        """Driftline's, which sees a maze as a vector."""
        return MAZE_IDS[self.name]

    @property
    def behaviours(self) -> tuple[BehaviourSpec, ...]:
        """Walls are rammed."""
        return maze(self.name).behaviours

    @property
    def scale(self) -> tuple[float, float]:
        """From chance to the planner."""
        return maze(self.name).scale

    def copies(self, count: int, proxy: Proxy | None = None) -> Copies:
        """A ball is paid for speed, where there is a proxy."""
        if proxy == "lean" or (proxy is not None and maze(self.name).medium is None):
            raise SettingsError(f"{self.name} cannot be paid by {proxy}; leave the proxy out")
        return maze_copies(maze(self.name), count, proxy)

    def demonstrator(self, level: Level, space: Any) -> Script:
        """The planner."""
        return MazeDemonstrator(maze(self.name), level, space)

    def demonstrated_by(self, level: Level) -> str:
        """It knows the maze whole."""
        return "chance" if level == "random" else "planner"

    def policies(self, level: Level) -> str | None:
        """None are stored."""
        return None


STAGES: Mapping[str, Stage] = {
    **{name: RobotStage(name) for name in ROBOTS},
    **{name: ClassicStage(name) for name in CLASSIC},
    **{name: RoomStage(name) for name in ROOMS},
    **{name: MazeStage(name) for name in MAZES},
}
"""By the task's name."""


def stage(name: str) -> Stage:
    """The stage of a task, once what simulates it is known to be there.

    Raises `CapabilityError` where it is not installed.
    """
    if name not in STAGES:
        raise UnknownNameError.among("task", name, TASKS)
    found = STAGES[name]
    if find_spec(found.package) is None:
        raise CapabilityError(
            f"{name} is simulated by {found.package}, which is not installed; "
            f"pip install driftline[{found.extra}]"
        )
    return found
