"""A demonstrator of rooms: the shortest way to the goal that no lava is on.

Knows boards of codes, no environment. Where it acts by chance it turns, or walks on where
nothing burns.
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from driftline.environments.by_chance import Level, chances
from driftline.environments.minigrid.board import (
    AGENT,
    FORWARD,
    GOAL,
    LAVA,
    LEFT,
    RIGHT,
    STEPS,
    WALL,
    Codes,
)
from driftline.environments.minigrid.rooms import Room
from driftline.shapes import Floats, Integers

Place = tuple[int, int, int]
"""Row, column and direction."""


@lru_cache(maxsize=4096)
def plan(cells: bytes, shape: tuple[int, int]) -> dict[Place, int]:
    """The first action of a shortest safe way to the goal, from wherever there is one.

    ``cells`` is a board without its agent. Breadth first, from the goal backwards.
    """
    board = np.frombuffer(cells, np.uint8).reshape(shape)
    free = (board != WALL) & (board != LAVA)
    end_row, end_column = map(int, np.argwhere(board == GOAL)[0])
    found: dict[Place, int] = {(end_row, end_column, way): FORWARD for way in range(4)}
    ahead = deque(found)
    while ahead:
        row, column, way = ahead.popleft()
        columns, rows = STEPS[way]
        before = row - rows, column - columns
        earlier = [((row, column, (way + 1) % 4), LEFT), ((row, column, (way - 1) % 4), RIGHT)]
        if free[before]:
            earlier.append(((*before, way), FORWARD))
        for place, action in earlier:
            if place not in found:
                found[place] = action
                ahead.append(place)
    return found


def planned(board: Codes) -> int:
    """What to do on a board ``[rows, columns]`` with its agent; `FORWARD` where all is lost."""
    row, column = map(int, np.argwhere(board >= AGENT)[0])
    bare = board.copy()
    bare[row, column] = 1  # the agent stands where nothing else is
    if not (bare == GOAL).any():
        return FORWARD  # it stands on the goal: the episode is over
    place = row, column, int(board[row, column]) - AGENT
    return plan(bare.tobytes(), (bare.shape[0], bare.shape[1])).get(place, FORWARD)


def faces_lava(board: Codes) -> bool:
    """Whether a step forward would burn."""
    row, column = map(int, np.argwhere(board >= AGENT)[0])
    columns, rows = STEPS[int(board[row, column]) - AGENT]
    return bool(board[row + rows, column + columns] == LAVA)


class RoomDemonstrator:
    """Episodes side by side, each with its own share of chance; "random" is not careful."""

    def __init__(self, room: Room, level: Level) -> None:
        self._room, self._level = room, level
        self._chances: Floats = np.zeros(0)

    def begin(self, episodes: int, generator: np.random.Generator) -> None:
        """Begin ``episodes`` new episodes."""
        self._chances = chances(self._room.medium, self._level, episodes)

    def act(self, observations: npt.NDArray[np.uint8], generator: np.random.Generator) -> Integers:
        """An action for every episode, ``int64 [B]``."""
        drawn = generator.integers(3, size=len(observations))
        by_chance = generator.random(len(observations)) < self._chances
        turns = generator.integers(2, size=len(observations))
        if self._level == "random":
            return drawn
        return np.array(
            [
                self._careful(board, int(action), int(turn)) if chance else planned(board)
                for board, action, turn, chance in zip(
                    observations, drawn, turns, by_chance, strict=True
                )
            ],
            np.int64,
        )

    def _careful(self, board: Codes, action: int, turn: int) -> int:
        return turn if action == FORWARD and faces_lava(board) else action
