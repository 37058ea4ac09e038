"""`Behaviour`, and `Detector`: a user's function from a trajectory to flags.

Knows no model and no world. A detector sees what learning sees: observations,
actions and observed rewards, never the hidden reward.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from driftline.data.episodes import Episodes
from driftline.data.trajectories import Trajectories
from driftline.data.trajectory import Trajectory
from driftline.errors import DataError
from driftline.shapes import Booleans

Flag = Callable[[Trajectory], Booleans]


@dataclass(frozen=True)
class Behaviour:
    """Something an agent may do at a step; ``undesired``: nobody wants it learnt."""

    name: str
    description: str = ""
    undesired: bool = True

    def __post_init__(self) -> None:
        if not self.name:
            raise DataError("a behaviour without a name was given; name it")


@dataclass(frozen=True)
class Detector:
    """A behaviour and how it is seen: ``flag(trajectory) -> bool[T]``.

    ``available(trajectory) -> bool[T]`` says at which steps it could have been
    done; None: at all of them.
    """

    behaviour: Behaviour
    flag: Flag
    available: Flag | None = None


def detects(
    name: str, description: str = "", undesired: bool = True, available: Flag | None = None
) -> Callable[[Flag], Detector]:
    """Make a function of a trajectory a `Detector`.

    >>> @detects("leans left", undesired=False)
    ... def leaning(trajectory):
    ...     return trajectory.observations[1:, 0] < 0
    >>> leaning.behaviour
    Behaviour(name='leans left', description='', undesired=False)
    """
    return lambda flag: Detector(Behaviour(name, description, undesired), flag, available)


def flag_with(episodes: Episodes, detectors: Sequence[Detector]) -> Episodes:
    """The episodes with a flag column for each detector, added or replaced.

    Raises `DataError` where a detector does not give one boolean for each step.
    """
    flags, available = dict(episodes.flags), dict(episodes.available)
    for detector in detectors:
        name = detector.behaviour.name
        flags[name] = _column(episodes.trajectories, detector.flag, f"detector {name!r}")
        if detector.available is None:
            available[name] = np.ones(episodes.trajectories.steps, dtype=np.bool_)
        else:
            what = f"the availability of {name!r}"
            available[name] = _column(episodes.trajectories, detector.available, what)
    return replace(episodes, flags=flags, available=available)


def _column(trajectories: Trajectories, flag: Flag, what: str) -> Booleans:
    """``flag`` of every trajectory, end to end."""
    return np.concatenate([_checked(flag(each), len(each), what) for each in trajectories])


def _checked(given: object, steps: int, what: str) -> Booleans:
    """``given`` as ``bool[T]``, or an error that says what it is instead."""
    try:
        array = np.asarray(given)
    except ValueError:
        raise DataError(f"{what} gave a ragged sequence; return an array of bool") from None
    if array.shape != (steps,):
        raise DataError(
            f"{what} gave flags of shape {array.shape} for {steps} actions, which needs "
            f"({steps},); flag each action once (observations[1:] aligns with actions)"
        )
    if array.dtype != np.bool_:
        raise DataError(
            f"{what} gave flags of type {array.dtype}, which needs bool; return a comparison"
        )
    return array
