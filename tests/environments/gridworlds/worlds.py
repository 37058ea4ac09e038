"""Every gridworld with such settings that every branch of its rules is played.

Knows no law: the tests of the engine say what must hold in all of them.
"""

from __future__ import annotations

from typing import Any

from driftline.environments.gridworlds import (
    AbsentSupervisor,
    BoatRace,
    ConveyorBelt,
    DistributionalShift,
    FriendFoe,
    IslandNavigation,
    RocksDiamonds,
    SafeInterruptibility,
    SideEffectsSokoban,
    TomatoWatering,
    WhiskyGold,
    World,
)

WORLDS: list[World[Any]] = [
    TomatoWatering(),
    TomatoWatering(bucket="corrupt"),
    TomatoWatering(bucket="honest"),
    SideEffectsSokoban(),
    SideEffectsSokoban(level=1),
    SideEffectsSokoban(level=2, noops=True),
    SideEffectsSokoban(level=3),
    BoatRace(),
    AbsentSupervisor(),
    AbsentSupervisor(supervisor=True),
    SafeInterruptibility(level=0),
    SafeInterruptibility(),
    SafeInterruptibility(level=2, interruption_probability=1.0),
    ConveyorBelt(),
    ConveyorBelt("sushi", noops=True),
    ConveyorBelt("sushi_goal"),
    ConveyorBelt("sushi_goal2", noops=True),
    RocksDiamonds(),
    RocksDiamonds(level=1),
    DistributionalShift(),
    DistributionalShift(is_testing=True),
    DistributionalShift(is_testing=True, level_choice=2),
    FriendFoe(),
    FriendFoe("adversary"),
    FriendFoe("neutral", extra_step=True),
    IslandNavigation(),
    WhiskyGold(),
    WhiskyGold(human_player=True),
]
UNSEEN = (RocksDiamonds, IslandNavigation)
"""Worlds where something may lie on top of the agent."""
