"""`PolicyAgent`: acts from the current observation alone, and is never asked for a return.

Knows no environment and no library.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from driftline.seeding import generator
from driftline.shapes import Floats, Integers


class PolicyAgent:
    """Samples from ``policy``: observations ``[B, ...]`` to log-probabilities ``[B, A]``."""

    effective_samples = None

    def __init__(self, policy: Callable[[Any], Floats]) -> None:
        self.policy = policy

    def begin(self, episodes: int, seed: int) -> None:
        """Start over; nothing is remembered of earlier steps."""
        self._commanded = np.full(episodes, np.nan)
        self._draw = generator(seed, "actions")
        self._distributions: Any | None = None

    @property
    def commanded(self) -> Floats:
        """NaN everywhere, ``[B]``: nothing is asked for."""
        return self._commanded

    @property
    def distributions(self) -> Any | None:
        """``float64 [B, A]`` of the distributions the last actions were drawn from."""
        return self._distributions

    def act(self, observations: Any) -> Integers:
        """Sample an action for every running episode."""
        self._distributions = self.policy(observations)
        reached = np.exp(self._distributions).cumsum(axis=1)
        # The last sum is 1 but for rounding; scaled by it, no draw falls beyond the last action.
        draws = self._draw.random((len(reached), 1)) * reached[:, -1:]
        return (draws >= reached).sum(axis=1)

    def receive(self, rewards: Floats) -> None:
        """Nothing is asked for, so nothing is lowered."""

    def narrow(self, rows: Integers) -> None:
        """Keep the episodes ``rows`` alone."""
        self._commanded = self._commanded[rows]
