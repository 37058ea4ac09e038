"""`Memory`: all that was shown and all that was done, for critics to learn from.

Knows no model. A mixture evicts, and one that keeps what went best would hide from a critic
what went wrong.
"""

from __future__ import annotations

import numpy as np

from driftline.data.trajectories import Trajectories, concatenate
from driftline.data.windows import Windows, WindowSource, join_windows


class Memory:
    """What was shown and every episode that was added, every step as likely to be drawn."""

    def __init__(self, shown: Trajectories) -> None:
        self._sources = [WindowSource.of(shown)]

    def add(self, trajectories: Trajectories) -> None:
        """These as well."""
        own = [each.trajectories for each in self._sources[1:]]
        self._sources[1:] = [WindowSource.of(concatenate([*own, trajectories]))]

    def forget(self) -> None:
        """Only what was shown."""
        del self._sources[1:]

    def sample(self, steps: int, length: int, draw: np.random.Generator) -> Windows:
        """Windows of ``length`` in which about so many steps are seen with the next one."""
        data = [each.trajectories for each in self._sources]
        # Windows hang over either end of an episode: there are more of them than steps.
        places = np.array([each.steps + (length - 1) * len(each) for each in data])
        pairs_held = max(1, length - 1) * sum(each.steps for each in data)
        batch = max(1, round(steps * places.sum() / pairs_held))
        counts = draw.multinomial(batch, places / places.sum())
        pairs = zip(self._sources, counts, strict=True)
        return join_windows(
            [source.sample(int(count), length, draw) for source, count in pairs if count]
        )
