"""Arenas: robots to play with, and recorded play of them.

Knows the robots, no model and no agent. MuJoCo loads when an arena is made, not before.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from gymnasium.vector import VectorEnv

from driftline.data.episodes import Episodes
from driftline.environments.honest import Honest
from driftline.environments.mujoco.robots import robot
from driftline.errors import CapabilityError
from driftline.experiments.arena_config import ArenaConfig, LevelConfig
from driftline.seeding import integer_seed

COPIES = 64
"""Episodes that are played side by side at most."""


def arena(config: ArenaConfig, episodes: int) -> VectorEnv[Any, Any, Any]:
    """Where ``episodes`` are played, at most `COPIES` at a time."""
    require_mujoco()
    from driftline.environments.mujoco.engine import MujocoVectorEnv

    plain = MujocoVectorEnv(robot(config.robot), min(COPIES, episodes), proxy=config.proxy)
    return Honest(plain) if config.honest else plain


def recorded(config: ArenaConfig, level: LevelConfig, seed: int) -> Episodes:
    """The demonstrations of one seed."""
    return _played(config, level, level.steps, integer_seed(seed, "demonstrations"))


def recorded_beside(config: ArenaConfig, level: LevelConfig, seed: int) -> Episodes:
    """Demonstrations of the same kind that nothing is trained on."""
    return _played(config, level, level.held_out, integer_seed(seed, "held out"))


def _played(config: ArenaConfig, level: LevelConfig, steps: int, path: int) -> Episodes:
    require_mujoco()
    from driftline.experiments.levels import demonstrate_level

    return demonstrate_level(config.robot, level.level, path, steps=steps, proxy=config.proxy)


def check_arena(config: ArenaConfig, level: LevelConfig) -> None:
    """Raise what would come after the study has begun: no simulator, no policies."""
    require_mujoco()
    if level.level != "random":
        from driftline.environments.mujoco.levels import snapshots_of

        snapshots_of(robot(config.robot))


def watched(config: ArenaConfig) -> dict[str, bool]:
    """Whether each behaviour of the robot is undesired, by name."""
    return {each.name: each.undesired for each in robot(config.robot).behaviours}


def require_mujoco() -> None:
    """Raises `CapabilityError` where the simulator is not installed."""
    if find_spec("mujoco") is None:
        raise CapabilityError(
            "robots are simulated by MuJoCo, which is not installed; pip install driftline[mujoco]"
        )
