"""`Trajectory` and `Episode`: what one play of an environment left behind.

Knows no model and no environment. A `Trajectory` is all that learning code may
see; the hidden reward and the behaviour flags live only in an `Episode`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from driftline.errors import DataError
from driftline.shapes import Actions, Booleans, Floats, Observations


@dataclass(frozen=True, eq=False)
class Trajectory:
    """One play: observations ``[T+1, ...]``, actions ``[T, ...]``, rewards ``[T]``.

    ``terminated``: the world ended it; ``truncated``: a time limit did. Both
    false means that the recording stopped in the middle.

    >>> Trajectory(np.zeros((2, 1)), np.zeros(2), np.zeros(2), True, False)
    Traceback (most recent call last):
        ...
    driftline.errors.DataError: a trajectory of 2 actions needs 3 observations, got 2; keep the \
final observation returned by step()
    """

    observations: Observations
    actions: Actions
    rewards: Floats
    terminated: bool
    truncated: bool

    def __post_init__(self) -> None:
        steps = len(self.actions)
        if steps == 0:
            raise DataError("a trajectory needs at least 1 action, got 0; drop empty episodes")
        if len(self.observations) != steps + 1:
            raise DataError(
                f"a trajectory of {steps} actions needs {steps + 1} observations, got "
                f"{len(self.observations)}; keep the final observation returned by step()"
            )
        if self.rewards.shape != (steps,):
            raise DataError(
                f"a trajectory of {steps} actions needs rewards of shape ({steps},), got "
                f"{self.rewards.shape}; give one scalar reward for each action"
            )
        if not np.isfinite(self.rewards).all():
            step = int(np.flatnonzero(~np.isfinite(self.rewards))[0])
            raise DataError(
                f"reward {self.rewards[step]} at step {step} is not finite; "
                "repair or drop the episode before importing it"
            )

    def __len__(self) -> int:
        return len(self.actions)

    @property
    def observed_return(self) -> float:
        """The sum of the observed rewards, undiscounted."""
        return float(np.sum(self.rewards))


@dataclass(frozen=True, eq=False)
class Episode:
    """A `Trajectory` with what only measuring may read.

    ``hidden_rewards`` ``[T]`` (NaN where the environment has none); ``flags``
    and ``available`` map a behaviour's name to ``bool[T]``: it happened at this
    step, it could have; ``commanded`` ``[T]`` is the return-to-go asked for at
    each step (NaN where nothing was asked); ``kl`` and ``kl_previous`` ``[T]``
    the divergence of the acting policy from the demonstrator model and from the
    previous round's policy, ``log_ratio`` ``[T]`` that of the action taken from the
    demonstrator model's: log pi(a|h) - log pi_0(a|h); ``jensen_shannon`` and
    ``hellinger`` ``[T]`` are symmetric distances to it (NaN where not measured).
    """

    trajectory: Trajectory
    hidden_rewards: Floats
    flags: Mapping[str, Booleans] = field(default_factory=dict)
    available: Mapping[str, Booleans] = field(default_factory=dict)
    commanded: Floats | None = None
    kl: Floats | None = None
    kl_previous: Floats | None = None
    log_ratio: Floats | None = None
    jensen_shannon: Floats | None = None
    hellinger: Floats | None = None
    round: int = 0
    source: str = "self"

    @property
    def true_return(self) -> float:
        """The sum of the hidden rewards; NaN where the environment has none."""
        return float(np.sum(self.hidden_rewards))
