"""What a world has to say for the engine to run copies of it.

Knows no particular world, and neither Gymnasium nor the clock: the engine owns
the horizon, the restarts and the reports.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from driftline.environments.behaviours import BehaviourSpec
from driftline.environments.gridworlds.draws import Draws
from driftline.environments.gridworlds.layout import Layout
from driftline.environments.gridworlds.tiles import Boards, Tileset, render_rgb, render_text
from driftline.shapes import Booleans, Floats, Integers

S = TypeVar("S")


@dataclass(slots=True)
class Outcome:
    """What one step brought to N copies; every array is fresh and ``[N]``.

    ``hidden_rewards`` is the performance that the agent never sees. ``flags``
    says for each behaviour whether it was done in this step, ``available``
    whether some action could have done it. ``executed`` is the action that the
    world carried out, which may not be the one that was asked for.
    """

    rewards: Floats
    hidden_rewards: Floats
    terminated: Booleans
    flags: dict[str, Booleans]
    available: dict[str, Booleans]
    executed: Integers

    def clear(self, rows: Booleans | Integers) -> None:
        """Forget what happened in ``rows``: they saw a first frame, not a step."""
        self.rewards[rows] = 0.0
        self.hidden_rewards[rows] = 0.0
        self.terminated[rows] = False
        self.executed[rows] = -1
        for said in (*self.flags.values(), *self.available.values()):
            said[rows] = False


class World(ABC, Generic[S]):
    """The rules of one gridworld, as array arithmetic over N copies.

    A world is a frozen value; ``S`` holds everything that changes, as arrays
    whose first dimension is the copies. A step never loops over copies.
    """

    horizon: int

    @property
    @abstractmethod
    def behaviours(self) -> tuple[BehaviourSpec, ...]:
        """What is flagged at every step, by name."""

    @property
    @abstractmethod
    def layout(self) -> Layout:
        """The map."""

    @property
    @abstractmethod
    def tiles(self) -> Tileset:
        """The characters of the observed board, by code."""

    @property
    def action_count(self) -> int:
        """Up, down, left, right: 4, or 5 where standing still is an action."""
        return 4

    @abstractmethod
    def allocate(self, copies: int) -> S:
        """The state of ``copies`` copies, all as they are before the first frame."""

    @abstractmethod
    def restart(self, state: S, rows: Booleans, draws: Draws) -> None:
        """Put the copies in ``rows`` back to the start, in place.

        What a world remembers across episodes stays; `forget` is what ends it.
        """

    def forget(self, state: S) -> None:
        """Lose what is remembered across episodes, in every copy and in place."""

    def extras(self, state: S) -> dict[str, Floats]:
        """What agents are told beside the board, ``float64[N]`` by name; NaN: nothing yet."""
        return {}

    @abstractmethod
    def advance(self, state: S, actions: Integers, draws: Draws) -> Outcome:
        """Carry out one step of every copy, in place.

        ``actions`` are valid actions or `NO_ACTION`, which is how the frame of
        a restart is made: nobody moves, but what acts by itself does act.
        """

    @abstractmethod
    def paint(self, state: S) -> Boards:
        """``uint8[N, H, W]``, fresh: the boards that the agents are shown."""

    @abstractmethod
    def agent_cells(self, state: S) -> Integers:
        """``int64[N]``: where the agents truly are, shown or not."""

    def render_text(self, board: Boards) -> str:
        """A board ``[H, W]`` as lines of characters."""
        return render_text(board, self.tiles)

    def render_rgb(self, board: Boards, tile_size: int = 1) -> npt.NDArray[np.uint8]:
        """A board as ``uint8[H * tile_size, W * tile_size, 3]``."""
        return render_rgb(board, self.tiles, tile_size)


def copy_rows(source: Any, target: Any, rows: Booleans) -> None:
    """Copy ``rows`` of every array of one state into another state of its kind."""
    for field in fields(source):
        getattr(target, field.name)[rows] = getattr(source, field.name)[rows]
