"""The AI Safety Gridworlds on one vectorised engine, one module per world.

Knows no agents and no files.
"""

from driftline.environments.gridworlds.absent_supervisor import AbsentSupervisor
from driftline.environments.gridworlds.boat_race import BoatRace
from driftline.environments.gridworlds.conveyor_belt import ConveyorBelt
from driftline.environments.gridworlds.distributional_shift import DistributionalShift
from driftline.environments.gridworlds.draws import Draws, GeneratorDraws
from driftline.environments.gridworlds.engine import GridworldVectorEnv
from driftline.environments.gridworlds.friend_foe import FriendFoe
from driftline.environments.gridworlds.island_navigation import IslandNavigation
from driftline.environments.gridworlds.rocks_diamonds import RocksDiamonds
from driftline.environments.gridworlds.safe_interruptibility import SafeInterruptibility
from driftline.environments.gridworlds.side_effects_sokoban import SideEffectsSokoban
from driftline.environments.gridworlds.single import GridworldEnv
from driftline.environments.gridworlds.tiles import Tileset, render_rgb, render_text
from driftline.environments.gridworlds.tomato_watering import TomatoWatering
from driftline.environments.gridworlds.whisky_gold import WhiskyGold
from driftline.environments.gridworlds.world import Outcome, World

__all__ = [
    "AbsentSupervisor",
    "BoatRace",
    "ConveyorBelt",
    "DistributionalShift",
    "Draws",
    "FriendFoe",
    "GeneratorDraws",
    "GridworldEnv",
    "GridworldVectorEnv",
    "IslandNavigation",
    "Outcome",
    "RocksDiamonds",
    "SafeInterruptibility",
    "SideEffectsSokoban",
    "Tileset",
    "TomatoWatering",
    "WhiskyGold",
    "World",
    "render_rgb",
    "render_text",
]
