"""`Remembering`: play a world that remembers over a fixed number of passes, then anew.

Knows no world in particular, and neither agents nor how their episodes are recorded.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
from gymnasium.vector import VectorWrapper

from driftline.environments.gridworlds.engine import GridworldVectorEnv
from driftline.environments.gridworlds.tiles import Boards
from driftline.environments.gridworlds.world import copy_rows
from driftline.errors import SettingsError
from driftline.shapes import Booleans, Floats


class Remembering(VectorWrapper[Any, Any, Any]):
    """An engine whose copies remember their episodes over ``passes`` seeded resets.

    Whoever plays whole episodes, one of every copy at a time, resets all copies with a
    seed before each, which in an engine ends all memory. Here only the first of every
    ``passes`` seeded resets is passed on with its seed; the others are made without, so
    that they go on with the stream of chance and with what the world remembers. Of a
    pass it remembers one episode of every copy, the first: what a copy plays while it
    waits for the others is forgotten. Resets without a seed are passed on as they are.

    >>> from driftline.environments.gridworlds.friend_foe import FriendFoe
    >>> engine = GridworldVectorEnv(FriendFoe("adversary"))
    >>> env = Remembering(engine, passes=2)
    >>> for seed in (1, 2, 3):
    ...     boards, _ = env.reset(seed=seed)
    ...     print(engine.state.estimates[0, 2])  # what the foe expects: left, right
    ...     for action in (2, 0, 0, 0):  # to the left box
    ...         _ = env.step(np.array([action]))
    [0.5 0.5]
    [0.625 0.375]
    [0.5 0.5]
    """

    def __init__(self, environment: GridworldVectorEnv, passes: int) -> None:
        if passes < 1:
            raise SettingsError(f"{passes} passes were asked for; at least 1 is needed")
        super().__init__(environment)
        self._engine, self._passes, self._begun = environment, passes, 0
        self._ended: Booleans = np.zeros(environment.num_envs, np.bool_)
        self._kept = deepcopy(environment.state)
        """What the copies in ``_ended`` were like when their episodes ended."""

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Boards, dict[str, Any]]:
        """First frames; the seed counts in the first of ``passes`` resets alone."""
        if seed is None:
            return self._engine.reset(options=options)
        first = self._begun % self._passes == 0
        self._begun += 1
        copy_rows(self._kept, self._engine.state, self._ended)
        self._ended = np.zeros_like(self._ended)
        return self._engine.reset(seed=seed if first else None, options=options)

    def step(self, actions: Any) -> tuple[Boards, Floats, Booleans, Booleans, dict[str, Any]]:
        """One step of every copy, as the engine's own."""
        told = self._engine.step(actions)
        _, _, terminated, truncated, _ = told
        ending = (terminated | truncated) & ~self._ended
        if ending.any():
            copy_rows(self._engine.state, self._kept, ending)
            self._ended = self._ended | ending
        return told
