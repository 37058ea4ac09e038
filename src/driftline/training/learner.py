"""The protocol of a learner: an agent that changes from round to round.

Knows no environment. It is handed trajectories and commands, never hidden
rewards or behaviour flags.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from torch import Tensor

from driftline.agents.agent import Agent
from driftline.data.trajectories import Trajectories
from driftline.shapes import Floats
from driftline.training.divergence import Divergences


@dataclass(frozen=True, eq=False)
class Experience:
    """What a learner may see of a round: no hidden reward, no flag.

    ``commanded [S]`` is the return-to-go that was asked for (NaN: none);
    ``distributions [S, P]`` are those of the acting policy (None: not known).
    """

    trajectories: Trajectories
    commanded: Floats
    distributions: Floats | None

    @property
    def asked(self) -> Floats | None:
        """``commanded``, or None where nothing was asked for."""
        return None if np.isnan(self.commanded).any() else self.commanded


class Learner(Protocol):
    """Acts, learns from what it did, and can be stored and restored exactly."""

    @property
    def own_share(self) -> float:
        """The share of its training data that is its own episodes."""
        ...

    @property
    def gradient_updates(self) -> int:
        """Gradient steps taken since the offline phase."""
        ...

    def agent(self) -> Agent:
        """The agent as it acts this round."""
        ...

    def judged(self) -> Agent:
        """The same agent without chance, as far as it can be: by its likeliest actions."""
        ...

    def divergences(self, experience: Experience) -> Divergences:
        """Of the acting policy from the demonstrator model and from last round's."""
        ...

    def learn(self, experience: Experience, round: int) -> dict[str, float]:
        """Learn from a round's episodes; returns the losses."""
        ...

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Everything that changes, as tensors and plain values."""
        ...

    def restore(
        self, tensors: dict[str, Tensor], values: dict[str, Any], history: list[Trajectories]
    ) -> None:
        """Become what `state` described; ``history`` are the rounds' trajectories so far."""
        ...
