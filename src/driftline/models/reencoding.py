"""`LastSteps`: the last steps of the episodes a transformer is acting in, read anew at each step.

Knows no architecture. The published decision transformers act so: a step sees what a window
that ends with it holds, and nothing of what was before the window.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from driftline.data.windows import Windows
from driftline.errors import SettingsError
from driftline.models.unchanged import Unchanged
from driftline.shapes import Floats
from driftline.spaces.specs import ActionSpec, ContinuousActionSpec


def one_for_each(observations: npt.NDArray[Any], episodes: int) -> None:
    """Raise `SettingsError` where there are not as many observations as episodes."""
    if len(observations) != episodes:
        raise SettingsError(
            f"{episodes} episodes go on and {len(observations)} observations were given; give one "
            "for each, in their order, and narrow() the memory where episodes have ended"
        )


@dataclass(eq=False)
class LastSteps:
    """At most ``steps`` steps of B episodes that began together, ``time`` steps ago.

    ``observations``, ``previous`` (actions) and ``asked`` (returns-to-go) hold one array
    ``[B, ...]`` a step, the newest last. Once observed, a step stands at their ends until it is
    remembered: ``looked``.
    """

    action: ActionSpec
    steps: int
    observations: list[npt.NDArray[Any]]
    previous: list[npt.NDArray[Any]]
    asked: list[Floats]
    weights: Unchanged
    time: int = 0
    looked: bool = False
    conditioned: bool | None = None
    hidden: Tensor | None = None

    @classmethod
    def empty(cls, batch: int, steps: int, action: ActionSpec, weights: Unchanged) -> LastSteps:
        """Memory of ``batch`` episodes that start now."""
        none = (
            np.zeros((batch, action.size), np.float32)
            if isinstance(action, ContinuousActionSpec)
            else np.full(batch, -1, np.int64)
        )
        return cls(action, steps, [], [none], [], weights)

    def seen(self) -> Tensor:
        """What the step observed is predicted from, ``[B, width]``."""
        if self.hidden is None:
            raise SettingsError("this memory has observed no step; call observe() before asking")
        return self.hidden

    def look(self, observations: npt.NDArray[Any], returns_to_go: npt.NDArray[Any] | None) -> None:
        """Take in the step that comes now, in place of an earlier look at it."""
        one_for_each(observations, len(self.previous[-1]))
        kept = -1 if self.looked else None
        asked = np.zeros(len(observations)) if returns_to_go is None else returns_to_go
        newest = np.array(observations), np.asarray(asked, np.float64)
        self.observations = [*self.observations[:kept], newest[0]][-self.steps :]
        self.asked = [*self.asked[:kept], newest[1]][-self.steps :]
        self.looked = True

    def windows(self) -> Windows:
        """The steps as windows ``[B, L]``, L at most ``steps``; the newest is the last."""
        batch, length = len(self.observations[0]), len(self.observations)
        previous = np.stack(self.previous, axis=1)
        times = np.arange(self.time - length + 1, self.time + 1)
        return Windows(
            observations=np.stack(self.observations, axis=1),
            actions=np.maximum(previous, 0) if previous.ndim == 2 else previous,  # none is read
            previous_actions=previous,
            returns_to_go=np.stack(self.asked, axis=1),
            times=np.broadcast_to(times, (batch, length)).copy(),
            valid=np.ones((batch, length), np.bool_),
            ends=np.zeros((batch, length), np.int8),
        )

    def remember(self, actions: Tensor) -> None:
        """Take note of what was done; the next step may follow."""
        self.previous = [*self.previous, actions.cpu().numpy()][-self.steps :]
        self.time += 1
        self.looked = False

    def narrow(self, rows: Tensor) -> LastSteps:
        """A copy that holds the episodes ``rows`` alone, in that order."""
        kept = rows.cpu().numpy()
        return LastSteps(
            action=self.action,
            steps=self.steps,
            observations=[each[kept] for each in self.observations],
            previous=[each[kept] for each in self.previous],
            asked=[each[kept] for each in self.asked],
            weights=self.weights,
            time=self.time,
            looked=self.looked,
            conditioned=self.conditioned,
            hidden=None if self.hidden is None else self.hidden[rows],
        )
