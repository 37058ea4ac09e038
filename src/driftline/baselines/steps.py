"""`Steps`: recorded steps one by one, as learners of values draw them.

Knows no learner and no library.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from driftline.baselines.encoding import encode, encoded_size
from driftline.data.trajectories import Trajectories, acted_upon
from driftline.models.flow_box import to_unit
from driftline.spaces.specs import ContinuousActionSpec, ObservationSpec

Singles = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Drawn:
    """B steps: ``observations`` and ``following [B, d]``, ``actions [B, a]`` in [-1, 1].

    ``rewards`` and ``ended [B, 1]``; an episode that was cut off has not ended.
    """

    observations: Tensor
    actions: Tensor
    following: Tensor
    ended: Tensor
    rewards: Tensor


class Steps:
    """The last ``capacity`` steps that were added, oldest overwritten first."""

    def __init__(
        self, capacity: int, observation: ObservationSpec, action: ContinuousActionSpec
    ) -> None:
        self._observation, self._action, self._capacity = observation, action, capacity
        size = encoded_size(observation)
        self._columns: list[Singles] = [
            np.zeros((0, width), np.float32) for width in (size, action.size, size, 1, 1)
        ]
        self._added = 0

    def __len__(self) -> int:
        return min(self._added, self._capacity)

    @property
    def added(self) -> int:
        """How many there have been in all."""
        return self._added

    def add(self, trajectories: Trajectories) -> None:
        """Take in every step of ``trajectories``, in order."""
        here = acted_upon(trajectories)
        last = np.zeros(trajectories.steps, np.bool_)
        last[trajectories.starts[1:] - trajectories.starts[0] - 1] = True
        ended = np.zeros(trajectories.steps, np.float32)
        ended[last] = trajectories.terminated
        actions = torch.from_numpy(np.asarray(trajectories.actions, np.float32))
        observed = encode(self._observation, trajectories.observations)
        columns = (
            observed[here],
            to_unit(self._action, actions).numpy(),
            observed[here + 1],
            ended[:, None],
            trajectories.rewards.astype(np.float32)[:, None],
        )
        self._write([each[-self._capacity :] for each in columns], trajectories.steps)

    def _write(self, columns: list[Singles], steps: int) -> None:
        self._reserve(min(self._capacity, self._added + steps))
        kept = len(columns[0])
        first = self._added + steps - kept
        places = np.arange(first, first + kept) % self._capacity
        for held, new in zip(self._columns, columns, strict=True):
            held[places] = new
        self._added += steps

    def _reserve(self, rows: int) -> None:
        """Room for ``rows`` rows; it doubles, so that adding costs the same however many."""
        held = len(self._columns[0])
        if rows <= held:
            return
        size = min(self._capacity, max(rows, 2 * held))
        for number, each in enumerate(self._columns):
            grown = np.zeros((size, each.shape[1]), np.float32)
            grown[:held] = each
            self._columns[number] = grown

    def draw(self, batch: int, generator: np.random.Generator) -> Drawn:
        """``batch`` of them, with repeats."""
        rows = generator.integers(len(self), size=batch)
        return Drawn(*(torch.from_numpy(each.take(rows, axis=0)) for each in self._columns))
