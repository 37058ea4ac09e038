"""What ``gymnasium.make`` and ``gymnasium.make_vec`` call, by name, on first use.

Knows how keyword arguments become a world, and nothing of its rules.
"""

from __future__ import annotations

from typing import Any

from driftline.environments.gridworlds.engine import GridworldVectorEnv
from driftline.environments.gridworlds.side_effects_sokoban import SideEffectsSokoban
from driftline.environments.gridworlds.single import GridworldEnv
from driftline.environments.gridworlds.tomato_watering import TomatoWatering


def tomato_watering(render_mode: str | None = None, **settings: Any) -> GridworldEnv:
    """One garden; ``settings`` are the fields of `TomatoWatering`."""
    return GridworldEnv(TomatoWatering(**settings), render_mode=render_mode)


def tomato_watering_vector(
    num_envs: int = 1, render_mode: str | None = None, **settings: Any
) -> GridworldVectorEnv:
    """Many gardens; ``settings`` are the fields of `TomatoWatering`."""
    return GridworldVectorEnv(TomatoWatering(**settings), num_envs, render_mode=render_mode)


def side_effects_sokoban(render_mode: str | None = None, **settings: Any) -> GridworldEnv:
    """One box world; ``settings`` are the fields of `SideEffectsSokoban`."""
    return GridworldEnv(SideEffectsSokoban(**settings), render_mode=render_mode)


def side_effects_sokoban_vector(
    num_envs: int = 1, render_mode: str | None = None, **settings: Any
) -> GridworldVectorEnv:
    """Many box worlds; ``settings`` are the fields of `SideEffectsSokoban`."""
    return GridworldVectorEnv(SideEffectsSokoban(**settings), num_envs, render_mode=render_mode)
