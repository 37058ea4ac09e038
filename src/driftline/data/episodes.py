"""`Episodes`: trajectories in columns with what only measuring may read.

Knows no model and no environment. Learning code is handed ``.trajectories``;
the hidden rewards and the behaviour flags stay on this side of the wall.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from driftline.data.trajectories import Trajectories, concatenate, ranges
from driftline.data.trajectory import Episode
from driftline.errors import DataError
from driftline.shapes import Booleans, Floats, Integers

StepColumns = Mapping[str, Booleans]
DISTANCES = ("jensen_shannon", "hellinger")
"""Symmetric distances from the demonstrator model; runs of earlier versions have none."""
STEP_COLUMNS = ("hidden_rewards", "commanded", "kl", "kl_previous", "log_ratio", *DISTANCES)
"""The names of the per-step columns of numbers."""
_NOT_MEASURED: Floats = np.zeros(0)
"""Stands for a column of NaN of whatever length is needed."""


def _not_measured() -> Floats:
    return _NOT_MEASURED


@dataclass(frozen=True, eq=False)
class Episodes:
    """E episodes of S steps in all.

    Per step ``[S]``: ``hidden_rewards`` (NaN: the environment has none),
    ``commanded`` return-to-go (NaN: nothing was asked), ``kl`` to the
    demonstrator model, ``kl_previous`` to the previous round's policy and
    ``log_ratio``, log pi(a|h) - log pi_0(a|h) of the action that was taken,
    ``jensen_shannon`` (nats) and ``hellinger`` (0 to 1) to the demonstrator model (NaN:
    not measured), ``flags[name]`` and ``available[name]``. Per episode ``[E]``:
    ``rounds`` and ``sources`` ("self", or how it was demonstrated).
    """

    trajectories: Trajectories
    hidden_rewards: Floats
    commanded: Floats
    kl: Floats
    kl_previous: Floats
    log_ratio: Floats
    rounds: Integers
    sources: tuple[str, ...]
    flags: StepColumns = field(default_factory=dict)
    available: StepColumns = field(default_factory=dict)
    jensen_shannon: Floats = field(default_factory=_not_measured)
    hellinger: Floats = field(default_factory=_not_measured)

    def __post_init__(self) -> None:
        steps, episodes = self.trajectories.steps, len(self.trajectories)
        for name in DISTANCES:
            if getattr(self, name) is _NOT_MEASURED:
                object.__setattr__(self, name, np.full(steps, np.nan))
        columns: list[Any] = [getattr(self, name) for name in STEP_COLUMNS]
        columns += [*self.flags.values(), *self.available.values()]
        if any(column.shape != (steps,) for column in columns):
            raise DataError(f"every per-step column of these episodes needs shape ({steps},)")
        if len(self.rounds) != episodes or len(self.sources) != episodes:
            raise DataError(f"rounds and sources need one entry for each of {episodes} episodes")

    def __len__(self) -> int:
        return len(self.trajectories)

    @property
    def behaviours(self) -> tuple[str, ...]:
        """Names of the behaviours that are flagged."""
        return tuple(self.flags)

    @property
    def observed_returns(self) -> Floats:
        """Sum of observed rewards, ``[E]``."""
        return self.trajectories.returns

    @property
    def true_returns(self) -> Floats:
        """Sum of hidden rewards, ``[E]``; NaN where the environment has none."""
        return self.total(self.hidden_rewards)

    @property
    def commanded_returns(self) -> Floats:
        """The return asked for at the first step, ``[E]``; NaN where none was."""
        return self.commanded[self.trajectories.starts[:-1]]

    def total(self, column: Floats) -> Floats:
        """Sum of a per-step column over each episode, ``[E]``."""
        return np.add.reduceat(column, self.trajectories.starts[:-1])

    def take(self, indices: Integers) -> Episodes:
        """A copy holding the episodes ``indices``, in that order."""
        starts, lengths = self.trajectories.starts, self.trajectories.lengths
        steps = ranges(starts[indices], lengths[indices])
        return Episodes(
            trajectories=self.trajectories.take(indices),
            **{name: getattr(self, name)[steps] for name in STEP_COLUMNS},
            rounds=self.rounds[indices],
            sources=tuple(self.sources[int(index)] for index in indices),
            flags={name: column[steps] for name, column in self.flags.items()},
            available={name: column[steps] for name, column in self.available.items()},
        )

    def with_divergences(self, **columns: Floats) -> Episodes:
        """The same episodes with divergences ``[S]`` filled in, by the names of their columns."""
        filled: dict[str, Any] = dict(columns)
        return replace(self, **filled)

    def episode(self, index: int) -> Episode:
        """One episode as a value."""
        low, high = (int(self.trajectories.starts[index + each]) for each in (0, 1))
        return Episode(
            trajectory=self.trajectories[index],
            **{name: getattr(self, name)[low:high] for name in STEP_COLUMNS},
            flags={name: column[low:high] for name, column in self.flags.items()},
            available={name: column[low:high] for name, column in self.available.items()},
            round=int(self.rounds[index]),
            source=self.sources[index],
        )


def concatenate_episodes(parts: Sequence[Episodes]) -> Episodes:
    """All episodes of ``parts``, in order; the parts flag the same behaviours."""
    if len(parts) == 1:
        return parts[0]
    trajectories = concatenate([part.trajectories for part in parts])
    names = parts[0].behaviours
    if any(part.behaviours != names for part in parts):
        raise DataError(f"episodes that flag different behaviours cannot be joined: {names}")
    return Episodes(
        trajectories=trajectories,
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in STEP_COLUMNS},
        rounds=np.concatenate([part.rounds for part in parts]),
        sources=tuple(source for part in parts for source in part.sources),
        flags={name: np.concatenate([part.flags[name] for part in parts]) for name in names},
        available={
            name: np.concatenate([part.available[name] for part in parts]) for name in names
        },
    )
