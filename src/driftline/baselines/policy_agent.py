"""`PolicyAgent`: acts from the current observation alone, and is never asked for a return.

Knows no environment and no library that trains.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from driftline.models.action_distributions import Family, sample, typical
from driftline.seeding import generator, integer_seed
from driftline.shapes import Floats, Integers
from driftline.spaces.specs import DiscreteActionSpec


class PolicyAgent:
    """Samples from ``policy``: observations ``[B, ...]`` to parameters ``[B, P]`` of ``family``.

    With ``likeliest`` it takes the likeliest action, of continuous ones the median.
    """

    effective_samples = None

    def __init__(
        self, policy: Callable[[Any], Floats], family: Family, likeliest: bool = False
    ) -> None:
        self.policy, self.family, self._likeliest = policy, family, likeliest

    @property
    def _discrete(self) -> bool:
        return isinstance(self.family, DiscreteActionSpec)

    def begin(self, episodes: int, seed: int) -> None:
        """Start over; nothing is remembered of earlier steps."""
        self._commanded = np.full(episodes, np.nan)
        self._draw = generator(seed, "actions")
        self._noise = torch.Generator().manual_seed(integer_seed(seed, "actions"))
        self._distributions: Any | None = None

    @property
    def commanded(self) -> Floats:
        """NaN everywhere, ``[B]``: nothing is asked for."""
        return self._commanded

    @property
    def distributions(self) -> Any | None:
        """``float64 [B, P]`` of the distributions the last actions were drawn from."""
        return self._distributions

    def act(self, observations: Any) -> Any:
        """Sample an action for every running episode."""
        self._distributions = self.policy(observations)
        if self._likeliest:
            known = torch.from_numpy(self._distributions)
            actions = typical(self.family, known)
            return actions.numpy() if self._discrete else actions.float().numpy()
        if not self._discrete:
            known = torch.from_numpy(self._distributions).float()
            return sample(self.family, known, self._noise).numpy()
        reached = np.exp(self._distributions).cumsum(axis=1)
        # The last sum is 1 but for rounding; scaled by it, no draw falls beyond the last action.
        draws = self._draw.random((len(reached), 1)) * reached[:, -1:]
        return (draws >= reached).sum(axis=1)

    def receive(self, rewards: Floats) -> None:
        """Nothing is asked for, so nothing is lowered."""

    def narrow(self, rows: Integers) -> None:
        """Keep the episodes ``rows`` alone."""
        self._commanded = self._commanded[rows]
