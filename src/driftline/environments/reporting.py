"""`Reporting`: hold an environment to what it reports.

Knows no environment: only what it shows and pays, and the infos that measuring reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv, VectorWrapper

from driftline.errors import DataError
from driftline.shapes import Booleans, Integers

Masks = dict[str, Any]
"""Names of infos to which copies reported them; None: all did."""


class Reporting(VectorWrapper[Any, Any, Any]):
    """Raises `DataError` where a number is not finite, or an info comes at some steps only.

    Of infos it looks at ``hidden_reward``, ``flags`` and ``available``. Gymnasium fills the
    gaps with zeros, which would be recorded as "did not happen". Nothing learns from a reward
    or an observation that is NaN or infinite, so a round with one is not recorded.
    """

    def __init__(self, environment: VectorEnv[Any, Any, Any]) -> None:
        super().__init__(environment)
        self._names: set[str] | None = None
        self._ended: Booleans = np.zeros(environment.num_envs, np.bool_)
        self._steps: Integers = np.zeros(environment.num_envs, np.int64)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """As the environment's own."""
        self._ended = np.zeros(self.num_envs, np.bool_)
        self._steps = np.zeros(self.num_envs, np.int64)
        observations, info = self.env.reset(seed=seed, options=options)
        self._check_finite("observation", observations, ~self._ended)
        return observations, info

    def step(self, actions: Any) -> tuple[Any, Any, Booleans, Booleans, dict[str, Any]]:
        """As the environment's own, but for the check."""
        observations, rewards, terminated, truncated, info = self.env.step(actions)
        if not self._ended.all():
            playing = ~self._ended
            self._steps += playing
            self._check_finite("observation", observations, playing)
            self._check_finite("reward", rewards, playing)
            self._check(_reported(info), playing)
        self._ended = terminated | truncated  # these are reset by the next step
        return observations, rewards, terminated, truncated, info

    def _check_finite(self, what: str, values: Any, playing: Booleans) -> None:
        found = np.asarray(values)
        if not np.issubdtype(found.dtype, np.inexact) or np.isfinite(found[playing]).all():
            return
        rows = found.reshape(len(found), -1)
        wrong = playing & ~np.isfinite(rows).all(axis=1)
        copy = int(np.flatnonzero(wrong)[0])
        number = rows[copy][~np.isfinite(rows[copy])][0]
        raise DataError(
            f"the environment gives {what} {number} after {self._steps[copy]} steps of an "
            "episode, and only finite numbers can be learnt from; end the episode before that "
            "(terminated), or mend what is computed there"
        )

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
