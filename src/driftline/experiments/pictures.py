"""How the episodes of a world are shown: boards of codes or bodies drawn step by step.

Knows every family of worlds, and no agent and no page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from driftline.environments.classic.drawn import DRAWN
from driftline.environments.drawing import Drawing
from driftline.environments.maze.drawn import drawn as drawn_maze
from driftline.environments.maze.mazes import maze
from driftline.environments.minigrid.board import ACTIONS, CHARACTERS, COLOURS
from driftline.environments.mujoco.robots import robot
from driftline.errors import CapabilityError
from driftline.experiments.arena_config import ArenaConfig
from driftline.experiments.build import world
from driftline.experiments.config import WorldConfig
from driftline.experiments.names import CLASSIC, MAZES, ROOMS
from driftline.experiments.stages import stage

Drawn = Callable[[npt.NDArray[Any]], Drawing]
BOARD = "The board is what the agent sees, which need not be what is so."
BODY = "Everything is drawn where the agent sees it."
ROBOT = (
    "The body is drawn as the agent feels it; it is not told how far it went, so that the ground "
    "goes by as its speed adds up."
)


@dataclass(frozen=True)
class Pictures:
    """``palette`` shows boards: ``characters`` and ``colours`` (red, green, blue up to 255) by
    code, and names of the ``actions``. ``drawn`` makes a drawing of the observations
    ``[T + 1, ...]`` of an episode. ``shown``: what it is that is seen. ``missing``: why there
    is nothing, where there could be.
    """

    palette: Mapping[str, Any] | None = None
    drawn: Drawn | None = None
    shown: str = BOARD
    missing: str | None = None

    @property
    def any(self) -> bool:
        """Whether an episode can be shown."""
        return self.palette is not None or self.drawn is not None


def pictures(config: WorldConfig | ArenaConfig) -> Pictures:
    """How the episodes of a world or of an arena are shown."""
    if not isinstance(config, ArenaConfig):
        return Pictures(palette=_palette(config))
    name = config.task
    if name in ROOMS:
        colours = [list(each) for each in COLOURS]
        return Pictures({"characters": [*CHARACTERS], "colours": colours, "actions": [*ACTIONS]})
    if name in CLASSIC:
        return Pictures(drawn=DRAWN[name], shown=BODY)
    try:
        stage(name)
    except CapabilityError as error:
        return Pictures(missing=str(error))
    if name in MAZES:
        return Pictures(drawn=partial(drawn_maze, maze(name)), shown=BODY)
    from driftline.environments.mujoco.drawn import drawn

    return Pictures(drawn=partial(drawn, robot(name)), shown=ROBOT)


def _palette(config: WorldConfig) -> dict[str, Any]:
    rules = world(config)
    codes = np.arange(len(rules.tiles.characters), dtype=np.uint8)[None]
    characters = rules.render_text(codes)
    return {
        "characters": list(characters.strip("\n")),
        "colours": rules.render_rgb(codes)[0].tolist(),
        "actions": ["up", "down", "left", "right", "stay"][: rules.action_count],
    }
