"""The protocol of an agent: what a rollout needs of whoever chooses the actions.

Knows no environment.
"""

from __future__ import annotations

from typing import Any, Protocol

from driftline.shapes import Floats, Integers


class Agent(Protocol):
    """Acts in many episodes at once, all of which begin together."""

    @property
    def commanded(self) -> Floats:
        """The return-to-go asked for now in each running episode; NaN: none."""
        ...

    @property
    def distributions(self) -> Any | None:
        """``float64 [B, A]`` of the last actions' distributions; None: not known."""
        ...

    @property
    def effective_samples(self) -> Floats | None:
        """Of the candidates the last actions were chosen from, ``[B]``; None: there were none."""
        ...

    def begin(self, episodes: int, seed: int) -> None:
        """Start ``episodes`` new episodes; all randomness follows from ``seed``."""
        ...

    def act(self, observations: Any) -> Integers:
        """Choose an action for every running episode, ``int64 [B]``."""
        ...

    def receive(self, rewards: Floats) -> None:
        """Learn what the last actions brought, ``[B]``."""
        ...

    def narrow(self, rows: Integers) -> None:
        """Go on with the episodes ``rows`` alone; the others have ended."""
        ...
