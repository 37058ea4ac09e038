"""`Board`: a room of Minigrid's, seen whole, as a board of codes.

Knows no room in particular. A cell is the number that Minigrid has for what is in it; where
the agent stands it is 10 and the direction that it faces: right, down, left, up.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium.spaces import Discrete, MultiDiscrete

from driftline.environments.behaviours import BehaviourSpec

WALL, GOAL, LAVA, AGENT = 2, 8, 9, 10
"""Minigrid's numbers of what stands in the way, is wanted, burns and acts."""
CODES = AGENT + 4
STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))
"""Columns and rows that a step forward goes, by direction."""
LEFT, RIGHT, FORWARD = 0, 1, 2
CHARACTERS = "? #.....GL→↓←↑"
"""What each code is shown as; nothing else than these stands in the rooms studied."""
COLOURS = (
    *((0, 0, 0), (232, 232, 232), (100, 100, 100)),
    *((232, 232, 232),) * 5,
    *((60, 160, 80), (226, 96, 32)),
    *((66, 98, 214),) * 4,
)
"""Red, green and blue of each, up to 255."""
ACTIONS = ("turn left", "turn right", "walk on")
BURNS = BehaviourSpec("burns", "it walks into the lava, which ends the episode")

Codes = npt.NDArray[np.uint8]


class Board(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Observes ``uint8 [rows, columns]``; turns left (0) or right (1) or walks on (2).

    ``info`` of every step: ``hidden_reward`` (the reward, of which nothing is hidden),
    ``flags`` and ``available``: lava burns who walks into it, which is open to who faces it.
    """

    def __init__(self, environment: gymnasium.Env[Any, Any]) -> None:
        super().__init__(environment)
        room: Any = environment.unwrapped
        self._room: Any = room
        shape = (int(room.height), int(room.width))
        self.observation_space = MultiDiscrete(np.full(shape, CODES), dtype=np.uint8)
        self.action_space = Discrete(3)

    def _observed(self) -> Codes:
        codes: Codes = self._room.grid.encode()[:, :, 0].T.copy()
        column, row = self._room.agent_pos
        codes[row, column] = AGENT + self._room.agent_dir
        return codes

    def _holds_lava(self, place: Any) -> bool:
        cell = self._room.grid.get(*place)
        return cell is not None and cell.type == "lava"

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Codes, dict[str, Any]]:
        """The room as it is at first."""
        self.env.reset(seed=seed, options=options)
        return self._observed(), self._told(0.0, False, False)

    def step(self, action: Any) -> tuple[Codes, float, bool, bool, dict[str, Any]]:
        """One action; see Minigrid for what it pays."""
        faced = self._holds_lava(self._room.front_pos)
        _, reward, terminated, truncated, _ = self.env.step(int(action))
        burnt = terminated and self._holds_lava(self._room.agent_pos)
        told = self._told(float(reward), burnt, faced)
        return self._observed(), float(reward), terminated, truncated and not terminated, told

    def _told(self, reward: float, burnt: bool, faced: bool) -> dict[str, Any]:
        return {
            "hidden_reward": reward,
            "flags": {BURNS.name: burnt},
            "available": {BURNS.name: faced},
        }
