"""How the episodes of a world are shown: boards of codes or bodies drawn step by step.

Knows every family of worlds, and no agent and no page.
"""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec

import numpy as np

from driftline.environments.classic.drawn import DRAWN
from driftline.environments.maze.drawn import drawn as drawn_maze
from driftline.environments.maze.mazes import maze
from driftline.environments.minigrid.board import ACTIONS, CHARACTERS, COLOURS
from driftline.environments.mujoco.robots import robot
from driftline.experiments.arena_config import ArenaConfig
from driftline.experiments.build import world
from driftline.experiments.config import WorldConfig
from driftline.experiments.names import CLASSIC, DISCRETE, MAZES, ROOMS
from driftline.experiments.pictures import Pictures

GRIDWORLD_ACTIONS = ("up", "down", "left", "right", "stay")
CART_ACTIONS = ("push left", "push right")
ROOM = "The board is the whole room as the agent sees it; an arrow is where it stands and looks."
BODY = "What moves is where the agent sees it; tracks, walls and marks are there for the reader."
ROBOT = (
    "The body is as the agent feels it. It is not told how far it went: the ground goes by as its "
    "speed adds up."
)


def shown(config: WorldConfig | ArenaConfig) -> Pictures:
    """How the episodes of a world or of an arena are shown."""
    if not isinstance(config, ArenaConfig):
        return _gridworld(config)
    name = config.task
    if name in ROOMS:
        palette = {"characters": [*CHARACTERS], "colours": [list(each) for each in COLOURS]}
        return Pictures(palette, said=ROOM, actions=ACTIONS)
    if name in CLASSIC:
        actions = CART_ACTIONS if name in DISCRETE else ()
        return Pictures(drawn=DRAWN[name], said=BODY, actions=actions)
    if name in MAZES and not maze(name).ant:
        return Pictures(drawn=partial(drawn_maze, maze(name)), said=BODY)
    if find_spec("mujoco") is None:
        return Pictures(
            missing=f"{name} is drawn by mujoco, which is not installed; "
            "pip install driftline[mujoco]"
        )
    if name in MAZES:
        return Pictures(drawn=partial(drawn_maze, maze(name)), said=BODY)
    from driftline.environments.mujoco.drawn import drawn

    return Pictures(drawn=partial(drawn, robot(name)), said=ROBOT)


def _gridworld(config: WorldConfig) -> Pictures:
    rules = world(config)
    codes = np.arange(len(rules.tiles.characters), dtype=np.uint8)[None]
    palette = {
        "characters": list(rules.render_text(codes).strip("\n")),
        "colours": rules.render_rgb(codes)[0].tolist(),
    }
    return Pictures(palette, actions=GRIDWORLD_ACTIONS[: rules.action_count])
