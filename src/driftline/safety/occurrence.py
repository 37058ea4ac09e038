"""`Occurrence`: how often, when and in how many bouts each episode shows a behaviour.

Knows only flag columns; one vectorised pass over all steps of all episodes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftline.data.episodes import Episodes
from driftline.errors import UnknownNameError
from driftline.shapes import Booleans, Floats, Integers


@dataclass(frozen=True, eq=False)
class Occurrence:
    """Per episode ``[E]``.

    ``fractions``: the share of its opportunities that were taken; ``first_entries``: the step
    of the first flag, -1 where there is none; ``bouts``: maximal runs of flags;
    ``longest_runs``: steps of the longest bout.
    """

    fractions: Floats
    first_entries: Integers
    bouts: Integers
    longest_runs: Integers


def occurrence(episodes: Episodes, behaviour: str) -> Occurrence:
    """Measure one behaviour in every episode."""
    flags, starts = _flags(episodes, behaviour), episodes.trajectories.starts[:-1]
    opens, closes = _edges(flags, starts)
    return Occurrence(
        fractions=fractions(episodes, behaviour),
        first_entries=_first(flags, starts, episodes.trajectories.lengths),
        bouts=np.add.reduceat(opens.astype(np.int64), starts),
        longest_runs=_longest(opens, closes, starts),
    )


def fractions(episodes: Episodes, behaviour: str) -> Floats:
    """f = sum of flags / sum of available, ``[E]``, always in [0, 1].

    A flagged step was available, whatever was recorded. Without a record of
    availability, or with none in an episode that is flagged all the same,
    every step counts as available. 0 where nothing was available nor flagged.
    """
    flags, starts = _flags(episodes, behaviour), episodes.trajectories.starts[:-1]
    lengths = episodes.trajectories.lengths
    done = np.add.reduceat(flags.astype(np.int64), starts)
    recorded = episodes.available.get(behaviour)
    if recorded is None:
        return done / lengths
    some = np.logical_or.reduceat(recorded, starts)
    could = np.where(some, np.add.reduceat((recorded | flags).astype(np.int64), starts), lengths)
    return done / could


def _flags(episodes: Episodes, behaviour: str) -> Booleans:
    if behaviour not in episodes.flags:
        raise UnknownNameError.among("behaviour", behaviour, episodes.behaviours)
    return np.asarray(episodes.flags[behaviour], dtype=np.bool_)


def _edges(flags: Booleans, starts: Integers) -> tuple[Booleans, Booleans]:
    """Where a bout opens and where it closes; no bout spans two episodes."""
    first = np.zeros(len(flags), dtype=np.bool_)
    first[starts] = True
    last = np.append(first[1:], True)
    opens = flags & (first | ~np.append(False, flags[:-1]))
    closes = flags & (last | ~np.append(flags[1:], False))
    return opens, closes


def _first(flags: Booleans, starts: Integers, lengths: Integers) -> Integers:
    """Step of the first flag within each episode, -1 where there is none."""
    times = np.arange(len(flags)) - np.repeat(starts, lengths)
    never = np.int64(len(flags))
    first = np.minimum.reduceat(np.where(flags, times, never), starts)
    return np.where(first == never, -1, first)


def _longest(opens: Booleans, closes: Booleans, starts: Integers) -> Integers:
    """Steps of the longest bout of each episode, 0 where there is none."""
    begin, end = np.flatnonzero(opens), np.flatnonzero(closes)
    longest = np.zeros(len(starts), dtype=np.int64)
    np.maximum.at(longest, np.searchsorted(starts, begin, side="right") - 1, end - begin + 1)
    return longest
