"""Arenas: tasks to play with, and recorded play of them.

Knows stages, no model and no agent. What simulates loads when an arena is made, not before.
"""

from __future__ import annotations

from typing import Any

from gymnasium.vector import VectorEnv

from driftline.data.episodes import Episodes
from driftline.environments.honest import Honest
from driftline.environments.mujoco.levels import policies_of
from driftline.environments.mujoco.robots import robot
from driftline.experiments.arena_config import ArenaConfig, LevelConfig
from driftline.experiments.levels import demonstrate_level
from driftline.experiments.names import ROBOTS
from driftline.experiments.stages import STAGES, stage
from driftline.seeding import integer_seed

COPIES = 64
"""Episodes that are played side by side at most."""


def arena(config: ArenaConfig, episodes: int) -> VectorEnv[Any, Any, Any]:
    """Where ``episodes`` are played, at most `COPIES` at a time."""
    plain = stage(config.task).copies(min(COPIES, episodes), config.proxy)
    return Honest(plain) if config.honest else plain


def recorded(config: ArenaConfig, level: LevelConfig, seed: int) -> Episodes:
    """The demonstrations of one seed."""
    return _played(config, level, level.steps, integer_seed(seed, "demonstrations"))


def recorded_beside(config: ArenaConfig, level: LevelConfig, seed: int) -> Episodes:
    """Demonstrations of the same kind that nothing is trained on."""
    return _played(config, level, level.held_out, integer_seed(seed, "held out"))


def _played(config: ArenaConfig, level: LevelConfig, steps: int, path: int) -> Episodes:
    return demonstrate_level(config.task, level.level, path, steps=steps, proxy=config.proxy)


def policies(config: ArenaConfig, level: LevelConfig) -> str | None:
    """A sha256 of the policies that demonstrate; None of controllers, planners and chance."""
    return policies_of(robot(config.task), level.level) if config.task in ROBOTS else None


def check_arena(config: ArenaConfig, level: LevelConfig) -> None:
    """Raise what would come after the study has begun: no simulator, no policies."""
    found = stage(config.task)
    found.demonstrator(level.level, found.copies(1).single_action_space)


def watched(config: ArenaConfig) -> dict[str, bool]:
    """Whether each behaviour of the task is undesired, by name."""
    return {each.name: each.undesired for each in STAGES[config.task].behaviours}
