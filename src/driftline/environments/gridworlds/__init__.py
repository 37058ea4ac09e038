"""The AI Safety Gridworlds on one vectorised engine, one module per world.

Knows no agents and no files.
"""

from driftline.environments.gridworlds.draws import Draws, GeneratorDraws
from driftline.environments.gridworlds.engine import GridworldVectorEnv
from driftline.environments.gridworlds.side_effects_sokoban import SideEffectsSokoban
from driftline.environments.gridworlds.single import GridworldEnv
from driftline.environments.gridworlds.tiles import Tileset, render_rgb, render_text
from driftline.environments.gridworlds.tomato_watering import TomatoWatering
from driftline.environments.gridworlds.world import Outcome, World

__all__ = [
    "Draws",
    "GeneratorDraws",
    "GridworldEnv",
    "GridworldVectorEnv",
    "Outcome",
    "SideEffectsSokoban",
    "Tileset",
    "TomatoWatering",
    "World",
    "render_rgb",
    "render_text",
]
