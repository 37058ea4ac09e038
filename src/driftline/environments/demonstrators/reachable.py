"""Every state of a world that can be reached without doing anything undesired.

Knows no world's rules: it runs the world's own `advance` on arrays of states, breadth
first, and keeps what followed. It says nothing about what is worth doing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from math import prod
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from driftline.environments.demonstrators.chance import EveryOutcome, SameOutcome
from driftline.environments.gridworlds.layout import NO_ACTION
from driftline.environments.gridworlds.tiles import Boards
from driftline.environments.gridworlds.world import Outcome, World
from driftline.errors import SettingsError
from driftline.shapes import Booleans, Floats, Integers

S = TypeVar("S")
Keys = npt.NDArray[np.uint64]
Bounds = Callable[[Any, Any], Booleans]
"""``bounds(world, state) -> bool[N]``: the states that a plan makes use of."""
Alike = Callable[[Any, Any], Any]
"""``alike(world, state) -> state``: one state for all that differ in nothing that matters,
so that a world which counts without end has few."""

NOWHERE = -1
"""The state that follows where the episode ends, by the rules or by the horizon, or where
the action is forbidden."""
_STARTS = 64
_MOST_STATES = 4_000_000
_WORD = 8


@dataclass(frozen=True, eq=False)
class Reachable:
    """S states and what each of A actions brings there.

    ``following [S, A]``: the next state, or `NOWHERE`; ``rewards [S, A]``: the
    hidden reward; ``forbidden [S, A]``: what is never done; ``views [S]``: the key
    of the board that is shown (`view_keys`). The first ``starts`` are how an
    episode can begin.
    """

    following: Integers
    rewards: Floats
    forbidden: Booleans
    views: Keys
    starts: int


@dataclass(frozen=True, eq=False)
class _Layer:
    keys: Keys
    following: Keys
    ended: Booleans
    rewards: Floats
    forbidden: Booleans
    views: Keys


def reachable(
    world: World[Any], bounds: Bounds | None = None, alike: Alike | None = None
) -> Reachable:
    """Explore breadth first; raises `SettingsError` where a step meets chance.

    Forbidden are actions that show an undesired behaviour of the world, and those
    that lead out of ``bounds``.
    """
    frontier = _starts(world)
    starts = len(_keys(frontier))
    layers: list[_Layer] = []
    known: Keys = np.sort(_keys(frontier))
    while len(_keys(frontier)) and len(layers) < world.horizon:
        layer, after = _expand(world, frontier, bounds, alike)
        layers.append(layer)
        frontier = _unseen(layer, after, known)
        known = np.sort(np.concatenate([known, _keys(frontier)]))
        _check_size(world, len(known))
    return _joined(layers, starts)


def _starts(world: World[S]) -> S:
    """The different states after the first frame, whatever was drawn for it."""
    state = world.allocate(_STARTS)
    world.restart(state, np.ones(_STARTS, dtype=np.bool_), EveryOutcome(_STARTS))
    world.advance(state, np.full(_STARTS, NO_ACTION), SameOutcome(happens=False))
    _, first = np.unique(_keys(state), return_index=True)
    return take(state, np.sort(first))


def _expand(
    world: World[S], states: S, bounds: Bounds | None, alike: Alike | None
) -> tuple[_Layer, S]:
    """Every action in every state, row by row: what it brings, and the states after it."""
    keys, count = _keys(states), world.action_count
    before = take(states, np.repeat(np.arange(len(keys)), count))
    actions = np.tile(np.arange(count), len(keys))
    after, outcome, settled = _advanced(world, before, actions)
    forbidden = _undesired(world, outcome)
    if bounds is not None:
        forbidden = forbidden | ~bounds(world, after)
    after = after if alike is None else alike(world, after)
    if not (settled | forbidden).all():
        raise SettingsError(
            f"{world} has steps whose outcome is left to chance; the planner only plans what is "
            "certain once an episode has begun, so give this world a script of its own"
        )
    layer = _Layer(
        keys=keys,
        following=_keys(after).reshape(-1, count),
        ended=outcome.terminated.reshape(-1, count),
        rewards=outcome.hidden_rewards.reshape(-1, count),
        forbidden=forbidden.reshape(-1, count),
        views=view_keys(world.paint(states)),
    )
    return layer, after


def _advanced(world: World[S], before: S, actions: Integers) -> tuple[S, Outcome, Booleans]:
    """States after ``actions``, what they brought, and where chance made no difference."""
    every = np.arange(len(actions))
    after, draws = take(before, every), SameOutcome(happens=False)
    outcome = world.advance(after, actions, draws)
    settled = np.ones(len(actions), dtype=np.bool_)
    if draws.asked:
        other = take(before, every)
        otherwise = world.advance(other, actions, SameOutcome(happens=True))
        settled = (_keys(other) == _keys(after)) & (otherwise.rewards == outcome.rewards)
    return after, outcome, settled


def _undesired(world: World[Any], outcome: Outcome) -> Booleans:
    shown = [outcome.flags[each.name] for each in world.behaviours if each.undesired]
    flagged: Booleans = np.logical_or.reduce([np.zeros(len(outcome.rewards), np.bool_), *shown])
    return flagged


def _unseen(layer: _Layer, after: S, known: Keys) -> S:
    """The states after a layer that were never met before, each once."""
    keys = layer.following.reshape(-1)
    leads = ~(layer.ended | layer.forbidden).reshape(-1)
    nearest = known.take(np.searchsorted(known, keys).clip(max=len(known) - 1))
    new = np.flatnonzero(leads & (nearest != keys))
    _, first = np.unique(keys[new], return_index=True)
    return take(after, new[first])


def _check_size(world: World[Any], states: int) -> None:
    if states > _MOST_STATES:
        raise SettingsError(
            f"{world} has more than {_MOST_STATES} states within reach; give bounds that leave out "
            "those which no good plan needs"
        )


def _joined(layers: list[_Layer], starts: int) -> Reachable:
    """Keys replaced by the numbers of the states, in the order they were found."""
    keys = np.concatenate([layer.keys for layer in layers])
    following = np.concatenate([layer.following for layer in layers])
    forbidden = np.concatenate([layer.forbidden for layer in layers])
    ended = np.concatenate([layer.ended for layer in layers])
    order = np.argsort(keys)
    found = order[np.searchsorted(keys[order], following).clip(max=len(keys) - 1)]
    leads = ~(forbidden | ended) & (keys[found] == following)
    return Reachable(
        following=np.where(leads, found, NOWHERE),
        rewards=np.concatenate([layer.rewards for layer in layers]),
        forbidden=forbidden,
        views=np.concatenate([layer.views for layer in layers]),
        starts=starts,
    )


def take(state: S, rows: Integers) -> S:
    """The ``rows`` of every array of a state, copied."""
    given: Any = state
    arrays = {field.name: getattr(given, field.name)[rows] for field in fields(given)}
    taken: S = replace(given, **arrays)
    return taken


def view_keys(boards: Boards) -> Keys:
    """``uint64[N]``: a key of each board of ``uint8[N, H, W]``; other boards, other keys."""
    return _mixed(boards.reshape(len(boards), -1))


def _keys(state: Any) -> Keys:
    """``uint64[N]``: a key of each state, from the bytes of all its arrays."""
    columns = [np.ascontiguousarray(getattr(state, field.name)) for field in fields(state)]
    flat = [each.reshape(len(each), prod(each.shape[1:])).view(np.uint8) for each in columns]
    return _mixed(np.concatenate(flat, axis=1))


def _mixed(rows: npt.NDArray[np.uint8]) -> Keys:
    """Rows of bytes mixed into 64 bits, as the finaliser of MurmurHash3 does word by word.

    Among a million rows two different ones share a key with a probability of 3e-8.
    """
    padded = np.pad(rows, ((0, 0), (0, -rows.shape[1] % _WORD)))
    mixed = np.zeros(len(rows), dtype=np.uint64)
    for word in padded.view(np.uint64).T:
        mixed = (mixed ^ word) * np.uint64(0xFF51AFD7ED558CCD)
        mixed = (mixed ^ (mixed >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
        mixed ^= mixed >> np.uint64(29)
    return mixed
