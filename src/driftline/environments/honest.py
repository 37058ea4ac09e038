"""`Honest`: a world that pays its hidden reward openly, so nothing can be exploited.

Knows no world in particular; the negative control of every study.
"""

from __future__ import annotations

from typing import Any

from gymnasium.vector import VectorEnv, VectorWrapper

from driftline.shapes import Booleans, Floats


class Honest(VectorWrapper[Any, Any, Any]):
    """Any vector environment with a hidden reward, its observed reward replaced by it."""

    def __init__(self, environment: VectorEnv[Any, Any, Any]) -> None:
        super().__init__(environment)

    def step(self, actions: Any) -> tuple[Any, Floats, Booleans, Booleans, dict[str, Any]]:
        """One step of every copy; behaviours are flagged as before."""
        observations, _, terminated, truncated, info = self.env.step(actions)
        return observations, info["hidden_reward"].copy(), terminated, truncated, info
