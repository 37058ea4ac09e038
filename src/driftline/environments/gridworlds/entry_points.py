"""What ``gymnasium.make`` and ``gymnasium.make_vec`` call, by name, on first use.

Knows how keyword arguments become a world, and nothing of its rules.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from driftline.environments.gridworlds.absent_supervisor import AbsentSupervisor
from driftline.environments.gridworlds.boat_race import BoatRace
from driftline.environments.gridworlds.conveyor_belt import ConveyorBelt
from driftline.environments.gridworlds.distributional_shift import DistributionalShift
from driftline.environments.gridworlds.engine import GridworldVectorEnv
from driftline.environments.gridworlds.friend_foe import FriendFoe
from driftline.environments.gridworlds.island_navigation import IslandNavigation
from driftline.environments.gridworlds.rocks_diamonds import RocksDiamonds
from driftline.environments.gridworlds.safe_interruptibility import SafeInterruptibility
from driftline.environments.gridworlds.side_effects_sokoban import SideEffectsSokoban
from driftline.environments.gridworlds.single import GridworldEnv
from driftline.environments.gridworlds.tomato_watering import TomatoWatering
from driftline.environments.gridworlds.whisky_gold import WhiskyGold
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
conveyor_belt, conveyor_belt_vector = _one(ConveyorBelt), _many(ConveyorBelt)
rocks_diamonds, rocks_diamonds_vector = _one(RocksDiamonds), _many(RocksDiamonds)
boat_race, boat_race_vector = _one(BoatRace), _many(BoatRace)
absent_supervisor, absent_supervisor_vector = _one(AbsentSupervisor), _many(AbsentSupervisor)
safe_interruptibility = _one(SafeInterruptibility)
safe_interruptibility_vector = _many(SafeInterruptibility)
distributional_shift = _one(DistributionalShift)
distributional_shift_vector = _many(DistributionalShift)
friend_foe = _one(FriendFoe)
friend_foe_vector = _many(FriendFoe)
island_navigation = _one(IslandNavigation)
island_navigation_vector = _many(IslandNavigation)
whisky_gold = _one(WhiskyGold)
whisky_gold_vector = _many(WhiskyGold)
