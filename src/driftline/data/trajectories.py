"""`Trajectories`: many trajectories as flat columns and start offsets.

Knows no model and no environment. Indexing and slicing give views; the cost of
sampling steps does not depend on how many trajectories there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from driftline.data.trajectory import Trajectory
from driftline.errors import DataError
from driftline.shapes import Actions, Booleans, Floats, Integers, Observations


@dataclass(frozen=True, eq=False)
class Trajectories:
    """Flat columns: ``observations [S + E, ...]``, ``actions [S, ...]``, ``rewards [S]``.

    ``starts [E + 1]`` are offsets into the steps; trajectory e owns the steps
    ``starts[e]:starts[e+1]`` and the observations ``starts[e]+e:starts[e+1]+e+1``.
    """

    observations: Observations
    actions: Actions
    rewards: Floats
    starts: Integers
    terminated: Booleans
    truncated: Booleans

    @classmethod
    def of(cls, trajectories: Sequence[Trajectory]) -> Trajectories:
        """Copy validated trajectories into columns."""
        if not trajectories:
            raise DataError("no trajectories were given; at least 1 is needed")
        lengths = [len(each) for each in trajectories]
        return cls(
            observations=np.concatenate([each.observations for each in trajectories]),
            actions=np.concatenate([each.actions for each in trajectories]),
            rewards=np.concatenate([each.rewards for each in trajectories]).astype(np.float64),
            starts=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            terminated=np.array([each.terminated for each in trajectories], dtype=np.bool_),
            truncated=np.array([each.truncated for each in trajectories], dtype=np.bool_),
        )

    def __post_init__(self) -> None:
        steps, episodes = int(self.starts[-1] - self.starts[0]), len(self.starts) - 1
        given = (len(self.observations), len(self.actions), len(self.rewards))
        if given != (steps + episodes, steps, steps):
            raise DataError(
                f"columns of {steps} steps in {episodes} trajectories need "
                f"{(steps + episodes, steps, steps)} observations, actions and rewards, got "
                f"{given}; lengths and columns disagree"
            )
        if np.any(np.diff(self.starts) < 1):
            raise DataError("a trajectory needs at least 1 action, got 0; drop empty episodes")

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def steps(self) -> int:
        """How many steps there are in all."""
        return len(self.actions)

    @property
    def lengths(self) -> Integers:
        """Steps of each trajectory, ``[E]``."""
        return np.diff(self.starts)

    @property
    def returns(self) -> Floats:
        """Undiscounted observed return of each trajectory, ``[E]``."""
        return np.add.reduceat(self.rewards, self.starts[:-1] - self.starts[0])

    def __getitem__(self, index: int) -> Trajectory:
        if not -len(self) <= index < len(self):
            raise IndexError(f"trajectory {index} of {len(self)}")
        index %= len(self)
        low, high = self._bounds(index, index + 1)
        return Trajectory(
            observations=self.observations[low + index : high + index + 1],
            actions=self.actions[low:high],
            rewards=self.rewards[low:high],
            terminated=bool(self.terminated[index]),
            truncated=bool(self.truncated[index]),
        )

    def __iter__(self) -> Iterator[Trajectory]:
        return (self[index] for index in range(len(self)))

    def slice(self, first: int, stop: int) -> Trajectories:
        """Trajectories ``first:stop`` without copying a step."""
        low, high = self._bounds(first, stop)
        return Trajectories(
            observations=self.observations[low + first : high + stop],
            actions=self.actions[low:high],
            rewards=self.rewards[low:high],
            starts=self.starts[first : stop + 1] - self.starts[first],
            terminated=self.terminated[first:stop],
            truncated=self.truncated[first:stop],
        )

    def take(self, indices: Integers) -> Trajectories:
        """A copy holding the trajectories ``indices``, in that order."""
        steps = ranges(self.starts[indices] - self.starts[0], self.lengths[indices])
        frames = ranges(self.starts[indices] - self.starts[0] + indices, self.lengths[indices] + 1)
        return Trajectories(
            observations=self.observations[frames],
            actions=self.actions[steps],
            rewards=self.rewards[steps],
            starts=np.concatenate([[0], np.cumsum(self.lengths[indices])]).astype(np.int64),
            terminated=self.terminated[indices],
            truncated=self.truncated[indices],
        )

    def _bounds(self, first: int, stop: int) -> tuple[int, int]:
        origin = self.starts[0]
        return int(self.starts[first] - origin), int(self.starts[stop] - origin)


def ranges(starts: Integers, lengths: Integers) -> Integers:
    """The integers ``starts[i] : starts[i] + lengths[i]`` for every i, end to end.

    >>> ranges(np.array([5, 0]), np.array([2, 3]))
    array([5, 6, 0, 1, 2])
    """
    offsets = np.cumsum(lengths) - lengths
    numbers: Integers = np.arange(lengths.sum()) + np.repeat(starts - offsets, lengths)
    return numbers


def concatenate(parts: Sequence[Trajectories]) -> Trajectories:
    """All trajectories of ``parts``, in order; a single part is returned as it is."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        raise DataError("no trajectories were given; at least 1 is needed")
    lengths = np.concatenate([part.lengths for part in parts])
    return Trajectories(
        observations=np.concatenate([part.observations for part in parts]),
        actions=np.concatenate([part.actions for part in parts]),
        rewards=np.concatenate([part.rewards for part in parts]),
        starts=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        terminated=np.concatenate([part.terminated for part in parts]),
        truncated=np.concatenate([part.truncated for part in parts]),
    )


def acted_upon(trajectories: Trajectories) -> Integers:
    """Rows of the observations at which an action was taken, ``[S]``: all but each last.

    >>> data = Trajectories(
    ...     observations=np.zeros((5, 1)), actions=np.zeros(3), rewards=np.zeros(3),
    ...     starts=np.array([0, 2, 3]), terminated=np.ones(2, bool), truncated=np.zeros(2, bool),
    ... )
    >>> acted_upon(data)
    array([0, 1, 3])
    """
    return np.arange(trajectories.steps) + np.repeat(
        np.arange(len(trajectories)), trajectories.lengths
    )
