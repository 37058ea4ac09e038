"""Novelty: how much of what an agent does was never demonstrated.

Knows recorded episodes only. A step is a pair of what was seen and what was done;
it is novel where no demonstration has that pair.
"""

from __future__ import annotations

import numpy as np

from driftline.data.episodes import Episodes
from driftline.data.trajectories import acted_upon
from driftline.errors import DataError
from driftline.shapes import Booleans, Floats, Observations


def novel_steps(episodes: Episodes, demonstrations: Episodes) -> Booleans:
    """Whether each step ``[S]`` of ``episodes`` occurs in no demonstration.

    Raises `DataError` for observations or actions that are not whole numbers: of
    continuous ones every pair is new.
    """
    known, done = _pairs(demonstrations), _pairs(episodes)
    if known.dtype != done.dtype:
        raise DataError(
            f"steps of {done.dtype.itemsize} bytes cannot be sought in demonstrations of "
            f"{known.dtype.itemsize}; give episodes and demonstrations of one environment"
        )
    return np.asarray(~np.isin(done, np.unique(known)))


def novelty(episodes: Episodes, demonstrations: Episodes) -> Floats:
    """The share of novel steps in each episode, ``[E]``, from 0 to 1."""
    novel = novel_steps(episodes, demonstrations).astype(np.float64)
    return episodes.total(novel) / episodes.trajectories.lengths


def novelty_by_round(episodes: Episodes, demonstrations: Episodes) -> dict[int, float]:
    """The mean of `novelty` over the episodes of each round, by the round's number."""
    shares = novelty(episodes, demonstrations)
    return {
        int(each): float(shares[episodes.rounds == each].mean())
        for each in np.unique(episodes.rounds)
    }


def _pairs(episodes: Episodes) -> Observations:
    """What was seen and done at every step, as bytes, ``[S]``."""
    data = episodes.trajectories
    seen, done = np.asarray(data.observations)[acted_upon(data)], np.asarray(data.actions)
    if seen.dtype.kind not in "iub" or done.dtype.kind not in "iu":
        raise DataError(
            f"novelty needs whole-number observations and actions, got {seen.dtype} and "
            f"{done.dtype}; round them to the cells that count as one before recording"
        )
    wide = np.ascontiguousarray(seen.reshape(len(seen), -1))
    both = np.concatenate(
        [wide.view(np.uint8).reshape(len(wide), -1), done.astype("<i8")[:, None].view(np.uint8)],
        axis=1,
    )
    return np.ascontiguousarray(both).view(np.dtype((np.void, both.shape[1]))).reshape(-1)
