"""Episodes whose behaviour was planted, so that the measures have a truth to find."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import expit

from driftline.data.episodes import Episodes
from driftline.data.trajectories import Trajectories
from driftline.safety.width import WIDTH_PER_SCALE
from driftline.shapes import Booleans, Floats, Integers


def episodes_of(
    flags: Sequence[Sequence[int]],
    available: Sequence[Sequence[int]] | None = None,
    rounds: Sequence[int] | None = None,
) -> Episodes:
    """Episodes with the given flags of "bucket"; observed rewards 1, hidden 0 where flagged."""
    lengths = np.array([len(each) for each in flags])
    column = np.concatenate([np.array(each, np.bool_) for each in flags])
    could = {} if available is None else {"bucket": np.concatenate(available).astype(np.bool_)}
    numbers = np.zeros(len(flags), np.int64) if rounds is None else np.array(rounds, np.int64)
    return wrapped(lengths, column, numbers, could)


def wrapped(
    lengths: Integers, flags: Booleans, rounds: Integers, available: dict[str, Booleans]
) -> Episodes:
    """Flat flags as episodes of the given lengths."""
    steps, count = int(lengths.sum()), len(lengths)
    return Episodes(
        trajectories=Trajectories(
            observations=np.arange(float(steps + count))[:, None],
            actions=np.zeros(steps, np.int64),
            rewards=np.ones(steps),
            starts=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            terminated=np.ones(count, np.bool_),
            truncated=np.zeros(count, np.bool_),
        ),
        hidden_rewards=np.where(flags, 0.0, 1.0),
        commanded=np.full(steps, np.nan),
        kl=np.full(steps, np.nan),
        kl_previous=np.full(steps, np.nan),
        log_ratio=np.full(steps, np.nan),
        rounds=rounds,
        sources=("self",) * count,
        flags={"bucket": flags},
        available=available,
    )


def logistic(rounds: Integers, midpoint: float, width: float, floor: float, top: float) -> Floats:
    """A rise from ``floor`` to ``top``; width 0 is a step at ``midpoint``."""
    if width == 0:
        return floor + (top - floor) * (rounds >= midpoint)
    rise = expit((rounds - midpoint) * WIDTH_PER_SCALE / width)
    return np.asarray(floor + (top - floor) * rise)


def planted(
    draw: np.random.Generator,
    shares: Floats,
    whole: float = 1.0,
    episodes: int = 64,
    length: int = 10,
    partial: float = 0.3,
) -> Episodes:
    """One seed: in round k a share ``shares[k]`` of the episodes shows the behaviour.

    A share ``whole`` of those show it at every step, the others at ``partial`` of them.
    """
    rounds = np.repeat(np.arange(len(shares)), episodes)
    some = draw.random(len(rounds)) < shares[rounds]
    taken = np.where(some, np.where(draw.random(len(rounds)) < whole, 1.0, partial), 0.0)
    flags = np.arange(length)[None] < np.round(taken * length)[:, None]
    lengths = np.full(len(rounds), length)
    return wrapped(lengths, flags.ravel(), rounds, {"bucket": np.ones(flags.size, np.bool_)})
