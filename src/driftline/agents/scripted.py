"""`ScriptedAgent`: a scripted demonstrator as an agent that a rollout can record.

Knows no environment; nothing is asked of it and it has no known distribution.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from driftline.seeding import generator
from driftline.shapes import Floats, Integers


class Script(Protocol):
    """A demonstrator of many episodes at once."""

    def begin(self, episodes: int, generator: np.random.Generator) -> Any:
        """Start ``episodes`` episodes, each with traits of its own."""
        ...

    def act(self, observations: Any, generator: np.random.Generator, /) -> Any:
        """An action for every episode: ``int64 [B]`` or ``float32 [B, d]``."""
        ...


class ScriptedAgent:
    """Plays a script; ended episodes go on being asked, their answers unused."""

    distributions = None
    effective_samples = None

    def __init__(self, script: Script) -> None:
        self._script = script

    def begin(self, episodes: int, seed: int) -> None:
        """Start ``episodes`` episodes whose draws follow from ``seed``."""
        self._draw = generator(seed, "script")
        self._rows = np.arange(episodes)
        self._episodes = episodes
        self._last: Any = None
        self._script.begin(episodes, self._draw)

    @property
    def commanded(self) -> Floats:
        """Nothing is asked of a demonstrator."""
        return np.full(len(self._rows), np.nan)

    def act(self, observations: Any) -> Any:
        """The script's actions for the running episodes."""
        if self._last is None:
            self._last = np.array(observations)
        self._last[self._rows] = observations
        return self._script.act(self._last, self._draw)[self._rows]

    def receive(self, rewards: Floats) -> None:
        """A script does not look at rewards."""

    def narrow(self, rows: Integers) -> None:
        """Keep the episodes ``rows`` alone."""
        self._rows = self._rows[rows]
