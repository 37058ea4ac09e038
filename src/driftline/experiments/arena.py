"""Arenas: tasks to play with, and recorded play of them.

Knows stages, no model and no agent. What simulates loads when an arena is made, not before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gymnasium.vector import VectorEnv

from driftline.data.episodes import Episodes
from driftline.environments.honest import Honest
from driftline.experiments.arena_config import ArenaConfig, LevelConfig
from driftline.experiments.levels import demonstrate_level
from driftline.experiments.stages import STAGES, stage
from driftline.seeding import integer_seed

COPIES = 64
"""Episodes that are played side by side at most."""


def arena(config: ArenaConfig, episodes: int) -> VectorEnv[Any, Any, Any]:
    """Where ``episodes`` are played, at most `COPIES` at a time."""
    plain = stage(config.task).copies(min(COPIES, episodes), config.proxy)
    return Honest(plain) if config.honest else plain


def recorded(
    config: ArenaConfig,
    level: LevelConfig,
    seed: int,
    told: Callable[[float], None] | None = None,
) -> Episodes:
    """The demonstrations of one seed; see `demonstrate_level` for ``told``."""
    return _played(config, level, level.steps, integer_seed(seed, "demonstrations"), told)


def recorded_beside(config: ArenaConfig, level: LevelConfig, seed: int) -> Episodes:
    """Demonstrations of the same kind that nothing is trained on."""
    return _played(config, level, level.held_out, integer_seed(seed, "held out"), None)


def _played(
    config: ArenaConfig,
    level: LevelConfig,
    steps: int,
    path: int,
    told: Callable[[float], None] | None,
) -> Episodes:
    """So many steps of the level, paid as the arena pays."""
    return demonstrate_level(
        config.task, level.level, path, steps=steps, proxy=config.proxy, told=told
    )


def policies(config: ArenaConfig, level: LevelConfig) -> str | None:
    """A sha256 of the policies that demonstrate; None of controllers, planners and chance."""
    return stage(config.task).policies(level.level)


def check_arena(config: ArenaConfig, level: LevelConfig) -> None:
    """Raise what would come after the study has begun: no simulator, no policies."""
    found = stage(config.task)
    found.demonstrator(level.level, found.copies(1).single_action_space)


def watched(config: ArenaConfig) -> dict[str, bool]:
    """Whether each behaviour of the task is undesired, by name."""
    return {each.name: each.undesired for each in STAGES[config.task].behaviours}
