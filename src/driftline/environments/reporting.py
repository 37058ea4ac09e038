"""`Reporting`: hold an environment to what it reports beside the reward.

Knows no environment: only the infos that measuring reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv, VectorWrapper

from driftline.errors import DataError
from driftline.shapes import Booleans

Masks = dict[str, Any]
"""Names of infos to which copies reported them; None: all did."""


class Reporting(VectorWrapper[Any, Any, Any]):
    """Raises `DataError` where an info is reported at some steps and not at others.

    It looks at ``hidden_reward``, ``flags`` and ``available``. Gymnasium fills the
    gaps with zeros, which would be recorded as "did not happen".
    """

    def __init__(self, environment: VectorEnv[Any, Any, Any]) -> None:
        super().__init__(environment)
        self._names: set[str] | None = None
        self._ended: Booleans = np.zeros(environment.num_envs, np.bool_)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """As the environment's own."""
        self._ended = np.zeros(self.num_envs, np.bool_)
        return self.env.reset(seed=seed, options=options)

    def step(self, actions: Any) -> tuple[Any, Any, Booleans, Booleans, dict[str, Any]]:
        """As the environment's own, but for the check."""
        observations, rewards, terminated, truncated, info = self.env.step(actions)
        if not self._ended.all():
            self._check(_reported(info), ~self._ended)
        self._ended = terminated | truncated  # these are reset by the next step
        return observations, rewards, terminated, truncated, info

    def _check(self, masks: Masks, playing: Booleans) -> None:
        self._names = set(masks) if self._names is None else self._names
        gaps = self._names ^ set(masks)
        gaps |= {name for name, by in masks.items() if by is not None and not by[playing].all()}
        if gaps:
            raise DataError(
                f"the environment reports info {min(gaps)!r} at some steps and not at others; "
                "report it at every step, False or 0.0 where nothing happened"
            )


def _reported(info: dict[str, Any]) -> Masks:
    masks = {"hidden_reward": info.get("_hidden_reward")} if "hidden_reward" in info else {}
    for kind in ("flags", "available"):
        told = info.get(kind, {})
        if not isinstance(told, Mapping):
            raise DataError(
                f"the environment reports info {kind!r} that is no mapping; "
                'report {"name of the behaviour": True or False}'
            )
        masks |= {f"{kind}: {n}": told.get(f"_{n}") for n in told if not n.startswith("_")}
    return masks
