"""`Memory`: all that was shown and all that was done, for critics to learn from.

Knows no model. A mixture evicts, and one that keeps what went best would hide from a critic
what went wrong.
"""

from __future__ import annotations

import numpy as np

from driftline.data.trajectories import Trajectories, concatenate
from driftline.data.windows import Windows, WindowSource, join_windows


class Memory:
    """Demonstrations and every own episode, drawn from step by step."""

    def __init__(self, demonstrations: Trajectories) -> None:
        self._sources = [WindowSource.of(demonstrations)]

    def add(self, trajectories: Trajectories) -> None:
        """These as well."""
        own = [each.trajectories for each in self._sources[1:]]
        self._sources[1:] = [WindowSource.of(concatenate([*own, trajectories]))]

    def forget(self) -> None:
        """The demonstrations alone."""
        del self._sources[1:]

    def sample(self, batch: int, length: int, draw: np.random.Generator) -> Windows:
        """``batch`` windows of ``length``, from either part as often as it has steps."""
        steps = np.array([each.trajectories.steps for each in self._sources])
        counts = draw.multinomial(batch, steps / steps.sum())
        pairs = zip(self._sources, counts, strict=True)
        return join_windows(
            [source.sample(int(count), length, draw) for source, count in pairs if count]
        )
