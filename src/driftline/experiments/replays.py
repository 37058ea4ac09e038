"""Replays: which episodes a reader should see, and each as compact plain values.

Knows no agent and no page. The choice follows from the recorded numbers alone,
so that nobody can pick the pretty episodes.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from driftline.data.episodes import Episodes
from driftline.data.trajectory import Episode
from driftline.environments.drawing import Drawing
from driftline.experiments.pictures import Drawn
from driftline.experiments.results import Results
from driftline.safety.occurrence import fractions
from driftline.shapes import Floats

DIGITS = 5
CODES = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Moment:
    """A ``round`` of a seed to look at, and what it is called; None: demonstrations.

    ``shown``: choose among the episodes that show the behaviour, if any does.
    """

    title: str
    round: int | None
    shown: bool = False


@dataclass(frozen=True, eq=False)
class Replay:
    """An episode to step through; ``rank`` is its number within the recorded round."""

    title: str
    seed: int
    round: int | None
    rank: int
    fraction: float
    episode: Episode


def median_seed(onsets: Floats) -> int | None:
    """Index of the seed whose onset is the median of those that had one; None if none had.

    ``onsets [S]`` is infinite where a seed had none. Of an even number, the later.

    >>> median_seed(np.array([9.0, np.inf, 4.0, 6.0]))
    3
    """
    seen = np.flatnonzero(np.isfinite(onsets))
    if len(seen) == 0:
        return None
    return int(seen[np.argsort(onsets[seen], kind="stable")[len(seen) // 2]])


def moments(onset: float | None, shares: Floats, rounds: Floats) -> list[Moment]:
    """Before, during and after the transition of one seed's curve ``shares [K]``.

    During is the first round from the onset on with half of the greatest share
    after it. Where nothing began (None): the first, middle and last round.

    >>> [each.round for each in moments(2.0, np.array([0, 0, 0.2, 0.6, 1.0]), np.arange(5.0))]
    [1, 3, 4]
    """
    first, last = int(rounds[0]), int(rounds[-1])
    if onset is None:
        middle = int(rounds[len(rounds) // 2])
        named = [("First round", first), ("Middle round", middle), ("Last round", last)]
        return [Moment(title, each) for title, each in named]
    after = rounds >= onset
    half = np.nanmax(shares[after]) / 2
    during = int(rounds[np.flatnonzero(after & (shares >= half))[0]])
    earlier = rounds[rounds < onset]
    before = Moment("Before", int(earlier[-1]) if len(earlier) else None)
    return [before, Moment("During", during, shown=True), Moment("After", last)]


def replays(
    results: Results, behaviour: str, drawn: Drawn | None = None
) -> dict[str, list[dict[str, Any]]]:
    """Every agent's replays, controls included, as the player reads them."""
    measures = {**results.agents, **results.controls}
    return {
        name: [
            encode(each, drawn)
            for each in choose(
                results.episodes[name],
                results.demonstrations,
                behaviour,
                np.array([seed.onset for seed in measures[name].behaviours[behaviour].seeds]),
                results.config.seeds,
            )
        ]
        for name in measures
    }


def choose(
    runs: Sequence[Episodes],
    demonstrations: Sequence[Episodes],
    behaviour: str,
    onsets: Floats,
    seeds: Sequence[int],
) -> list[Replay]:
    """An agent's replays: of its seed with the median onset, or of the first seed."""
    index = median_seed(onsets)
    run = runs[index or 0]
    taken = fractions(run, behaviour)
    rounds = np.unique(run.rounds)
    shares = np.array([(taken[run.rounds == each] > 0).mean() for each in rounds])
    onset = None if index is None else float(onsets[index])
    return [
        _median_episode(
            demonstrations[index or 0] if moment.round is None else run,
            moment,
            behaviour,
            seeds[index or 0],
        )
        for moment in moments(onset, shares, rounds.astype(np.float64))
    ]


def _median_episode(run: Episodes, moment: Moment, behaviour: str, seed: int) -> Replay:
    """The episode whose fraction is the upper median of those it is chosen among."""
    inside = np.arange(len(run))
    if moment.round is not None:
        inside = np.flatnonzero(run.rounds == moment.round)
    taken = fractions(run, behaviour)[inside]
    among = np.argsort(taken, kind="stable")
    showing = among[taken[among] > 0]
    if moment.shown and len(showing):
        among = showing
    rank = int(among[len(among) // 2])
    return Replay(
        title=moment.title if moment.round is not None else "Before: a demonstration",
        seed=seed,
        round=moment.round,
        rank=rank,
        fraction=float(taken[rank]),
        episode=run.episode(int(inside[rank])),
    )


def encode(replay: Replay, drawn: Drawn | None = None) -> dict[str, Any]:
    """What the page's player reads.

    ``first`` is the board before the first action, one character of `CODES` a
    cell; ``changes[t]`` lists cell, code, cell, code... after action t. Where
    observations are no boards of codes, ``size`` is null, and ``drawing`` is what ``drawn``
    makes of them (see `lines`), null without it. ``actions`` that are no numbers of choices
    have two digits.
    """
    episode = replay.episode
    hidden = episode.hidden_rewards
    asked = None if episode.commanded is None else float(episode.commanded[0])
    return {
        "title": replay.title,
        "seed": replay.seed,
        "round": replay.round,
        "rank": replay.rank,
        "fraction": round(replay.fraction, DIGITS),
        "asked": None if asked is None or not np.isfinite(asked) else round(asked, DIGITS),
        "terminated": episode.trajectory.terminated,
        "actions": _actions(episode.trajectory.actions),
        "rewards": _rounded(episode.trajectory.rewards),
        "hidden": _rounded(hidden) if np.isfinite(hidden).all() else None,
        "flags": {name: np.flatnonzero(each).tolist() for name, each in episode.flags.items()},
        "drawing": None if drawn is None else lines(drawn(episode.trajectory.observations)),
        **_boards(episode),
    }


def lines(drawing: Drawing) -> dict[str, Any]:
    """A drawing as the player reads it.

    ``links`` are ``[first point, second point, width, part]``, ``still`` lines ``[width, part,
    x, y, x, y...]``, metres. ``places`` is int16 ``[T + 1, P, 2]`` and ``follows`` int32
    ``[T + 1]``, in millimetres, little-endian, in base 64.
    """
    return {
        "window": list(drawing.window),
        "middle": list(drawing.middle),
        "seconds": drawing.seconds,
        "depth": drawing.depth,
        "points": drawing.places.shape[1],
        "links": [[each.first, each.second, each.width, each.part] for each in drawing.links],
        "still": [
            [each.width, each.part, *_rounded(each.points.ravel())] for each in drawing.still
        ],
        "places": _packed(drawing.places, np.int16),
        "follows": None if drawing.follows is None else _packed(drawing.follows, np.int32),
    }


def _packed(metres: Floats, kind: type[np.int16 | np.int32]) -> str:
    known = np.nan_to_num(metres, posinf=0.0, neginf=0.0) * 1000.0
    most = np.iinfo(kind).max
    whole = np.clip(np.round(known), -most, most).astype(np.dtype(kind).newbyteorder("<"))
    return b64encode(whole.tobytes()).decode()


def _actions(actions: npt.NDArray[Any]) -> list[Any]:
    chosen = actions.dtype.kind in "iu"
    told: list[Any] = (actions if chosen else actions.astype(np.float64).round(2)).tolist()
    return told


def _rounded(values: Floats) -> list[float]:
    return [round(float(each), DIGITS) for each in values]


def _boards(episode: Episode) -> dict[str, Any]:
    boards = episode.trajectory.observations
    if boards.ndim != 3 or boards.dtype.kind not in "iu" or int(boards.max()) >= len(CODES):
        return {"size": None, "first": "", "changes": []}
    flat = boards.reshape(len(boards), -1).astype(np.int64)
    return {
        "size": list(boards.shape[1:]),
        "first": "".join(CODES[code] for code in flat[0]),
        "changes": [_changes(old, new) for old, new in pairwise(flat)],
    }


def _changes(old: Any, new: Any) -> list[int]:
    cells = np.flatnonzero(old != new)
    return [int(each) for pair in zip(cells, new[cells], strict=True) for each in pair]
