"""What ``gymnasium.make`` and ``gymnasium.make_vec`` call, by name, on first use.

Knows how keyword arguments become a world, and nothing of its rules.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from driftline.environments.gridworlds.engine import GridworldVectorEnv
from driftline.environments.gridworlds.side_effects_sokoban import SideEffectsSokoban
from driftline.environments.gridworlds.single import GridworldEnv
from driftline.environments.gridworlds.tomato_watering import TomatoWatering
from driftline.environments.gridworlds.world import World

Rules = Callable[..., World[Any]]


def _one(rules: Rules) -> Callable[..., GridworldEnv]:
    """A function that makes one copy; its ``settings`` are the fields of the world."""

    def make(render_mode: str | None = None, **settings: Any) -> GridworldEnv:
        return GridworldEnv(rules(**settings), render_mode=render_mode)

    return make


def _many(rules: Rules) -> Callable[..., GridworldVectorEnv]:
    """A function that makes many copies; its ``settings`` are the fields of the world."""

    def make(
        num_envs: int = 1, render_mode: str | None = None, **settings: Any
    ) -> GridworldVectorEnv:
        return GridworldVectorEnv(rules(**settings), num_envs, render_mode=render_mode)

    return make


tomato_watering, tomato_watering_vector = _one(TomatoWatering), _many(TomatoWatering)
side_effects_sokoban = _one(SideEffectsSokoban)
side_effects_sokoban_vector = _many(SideEffectsSokoban)
