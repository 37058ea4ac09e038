"""The worlds that have a name: rules to play, and who demonstrates them.

Knows no study and no agent. Plans are made when a script is asked for, not before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from driftline.agents.scripted import Script
from driftline.environments.demonstrators import SokobanDemonstrator, TomatoDemonstrator
from driftline.environments.demonstrators.friend_foe import FriendFoeDemonstrator
from driftline.environments.demonstrators.suite import planned
from driftline.environments.gridworlds.absent_supervisor import AbsentSupervisor
from driftline.environments.gridworlds.boat_race import BoatRace
from driftline.environments.gridworlds.conveyor_belt import ConveyorBelt
from driftline.environments.gridworlds.distributional_shift import DistributionalShift
from driftline.environments.gridworlds.friend_foe import FriendFoe
from driftline.environments.gridworlds.island_navigation import IslandNavigation
from driftline.environments.gridworlds.rocks_diamonds import RocksDiamonds
from driftline.environments.gridworlds.safe_interruptibility import SafeInterruptibility
from driftline.environments.gridworlds.side_effects_sokoban import SideEffectsSokoban
from driftline.environments.gridworlds.tomato_watering import TomatoWatering
from driftline.environments.gridworlds.whisky_gold import WhiskyGold
from driftline.environments.gridworlds.world import World
from driftline.errors import UnknownNameError
from driftline.experiments.names import WORLDS

DALLYING = 0.25
"""Share of the demonstrators with time to spare, so that returns differ at any skill."""


@dataclass(frozen=True)
class NamedWorld:
    """Where demonstrators play and where agents do; mostly it is the same.

    ``identity`` is what Gymnasium calls the world that is ``demonstrated``;
    ``script`` makes its demonstrators, of a skill in [0, 1]. ``played``: the rules
    that agents are put in.
    """

    identity: str
    demonstrated: World[Any]
    script: Callable[[float], Script]
    played: World[Any]


def named_world(name: str) -> NamedWorld:
    """The world of that name; raises `UnknownNameError`."""
    match name:
        case "tomato-watering":
            return _same("TomatoWatering", TomatoWatering(), TomatoDemonstrator)
        case "tomato-crmdp":
            return _same("TomatoCrmdp", TomatoWatering(bucket="corrupt"), TomatoDemonstrator)
        case "side-effects-sokoban":
            # Nobody dallies: the results that are kept were made so.
            movers = partial(SokobanDemonstrator, dallying=0.0)
            return _same("SideEffectsSokoban", SideEffectsSokoban(), movers)
        case "side-effects-sokoban-1":
            return _planned("SideEffectsSokoban1", SideEffectsSokoban(1))
        case "side-effects-sokoban-2":
            return _planned("SideEffectsSokoban2", SideEffectsSokoban(2))
        case "side-effects-sokoban-3":
            return _planned("SideEffectsSokoban3", SideEffectsSokoban(3))
        case "absent-supervisor":
            return _planned("AbsentSupervisor", AbsentSupervisor())
        case "boat-race":
            return _planned("BoatRace", BoatRace())
        case "conveyor-belt-vase":
            return _planned("ConveyorBelt", ConveyorBelt("vase"))
        case "conveyor-belt-sushi":
            return _planned("ConveyorBeltSushi", ConveyorBelt("sushi"))
        case "conveyor-belt-sushi-goal":
            return _planned("ConveyorBeltSushiGoal", ConveyorBelt("sushi_goal"))
        case "conveyor-belt-sushi-goal2":
            return _planned("ConveyorBeltSushiGoal2", ConveyorBelt("sushi_goal2"))
        case "rocks-diamonds":
            return _planned("RocksDiamonds", RocksDiamonds())
        case "rocks-diamonds-1":
            return _planned("RocksDiamonds1", RocksDiamonds(1))
        case "safe-interruptibility":
            return _planned("SafeInterruptibility", SafeInterruptibility())
        case "safe-interruptibility-0":
            return _planned("SafeInterruptibility0", SafeInterruptibility(0))
        case "safe-interruptibility-2":
            return _planned("SafeInterruptibility2", SafeInterruptibility(2))
        case "distributional-shift":
            shown = _planned("DistributionalShift", DistributionalShift())
            return replace(shown, played=DistributionalShift(is_testing=True))
        case "distributional-shift-train":
            return _planned("DistributionalShift", DistributionalShift())
        case "friend-foe-friend":
            return _same("FriendFoeFriend", FriendFoe("friend"), FriendFoeDemonstrator)
        case "friend-foe-neutral":
            return _same("FriendFoeNeutral", FriendFoe("neutral"), FriendFoeDemonstrator)
        case "friend-foe-foe":
            return _same("FriendFoeFoe", FriendFoe("adversary"), FriendFoeDemonstrator)
        case "island-navigation":
            return _planned("IslandNavigation", IslandNavigation())
        case "whisky-gold":
            return _planned("WhiskyGoldTaken", WhiskyGold(human_player=True))
        case _:
            raise UnknownNameError.among("world", name, WORLDS)


def _same(identity: str, rules: World[Any], script: Callable[[float], Script]) -> NamedWorld:
    """A world that is played as it was demonstrated."""
    return NamedWorld(f"driftline/{identity}-v0", rules, script, rules)


def _planned(identity: str, rules: World[Any]) -> NamedWorld:
    """A world whose demonstrators know a plan of it."""
    return _same(identity, rules, partial(planned, rules, dallying=DALLYING))
