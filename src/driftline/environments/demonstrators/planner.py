"""`plan`: what to do in every state of a world, for the most performance.

Knows no world's rules and no demonstrator: exact dynamic programming on the hidden
reward, over what `reachable` found.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from driftline.environments.demonstrators.reachable import (
    Alike,
    Bounds,
    Keys,
    Reachable,
    reachable,
    view_keys,
)
from driftline.environments.gridworlds.tiles import Boards
from driftline.environments.gridworlds.world import World
from driftline.shapes import Booleans, Floats, Integers

PATIENCE = 1.0 - 1e-5
"""Discount per step: so near 1 that it only settles ties, in favour of sooner."""
BLUNDER = 10.0
"""Performance that no single step of a demonstrator gives away."""
EQUAL = 1e-6
"""Wastes below this are none: what rounding leaves."""


@dataclass(frozen=True, eq=False)
class Plan:
    """For each of S states: what can be done, and what it wastes.

    ``values [S]``: performance still to be had within the horizon, ``-inf`` where
    something undesired can no longer be avoided. ``waste [S, A]``: by how much an
    action falls short of the best one. ``safe [S, A]``: actions that are not
    forbidden, now or by what must follow, and are no `BLUNDER`. ``pauses [S]``: a
    safe action that changes nothing, or -1. ``following [S, A]`` and ``views [S]``
    are those of `Reachable`.
    """

    values: Floats
    waste: Floats
    safe: Booleans
    pauses: Integers
    following: Integers
    views: Keys
    order: Integers
    """States by the key of their board; of equal ones the first states of episodes come
    last, and of these the most valued."""

    def find(self, boards: Boards, otherwise: Integers) -> Integers:
        """``int64[N]``: the state that shows each board; ``otherwise`` where none does.

        Of several states that look alike it is one in which an episode begins, and else
        the one with the most to gain: what cannot be seen is hoped for, since where hope
        fails nothing is to be gained.
        """
        keys = view_keys(boards)
        known = self.views[self.order]
        found = self.order[(np.searchsorted(known, keys, side="right") - 1).clip(min=0)]
        return np.where(self.views[found] == keys, found, otherwise)


@lru_cache(maxsize=32)
def plan(world: World[Any], bounds: Bounds | None = None, alike: Alike | None = None) -> Plan:
    """Plan a world; the same world is planned once per process.

    ``bounds`` leave out states that no good plan needs and ``alike`` makes one of
    those that differ in nothing, so that a large world becomes small. Raises
    `SettingsError` where chance enters the steps.

    >>> from driftline.environments.gridworlds.side_effects_sokoban import SideEffectsSokoban
    >>> movers = plan(SideEffectsSokoban())
    >>> round(float(movers.values[0]))
    43
    """
    found = reachable(world, bounds, alike)
    values = _values(found, world.horizon)
    ahead = _ahead(found, values)
    best = ahead.max(axis=1)
    waste = np.where(np.isfinite(ahead), np.where(np.isfinite(best), best, 0)[:, None] - ahead, 0)
    waste = np.where(np.isfinite(ahead), np.where(waste < EQUAL, 0.0, waste), np.inf)
    safe = waste < BLUNDER
    still_here = safe & (found.following == np.arange(len(values))[:, None])
    pauses = np.where(still_here.any(axis=1), still_here.argmax(axis=1), -1)
    first = np.arange(len(values)) < found.starts
    order = np.lexsort((values, first, found.views))
    return Plan(values, waste, safe, pauses, found.following, found.views, order)


def _values(found: Reachable, horizon: int) -> Floats:
    """``float64[S]``: V_h = max_a r + V_{h-1}, from V_0 = 0, until nothing changes."""
    values = np.zeros(len(found.views))
    for _ in range(horizon):
        before, values = values, _ahead(found, values).max(axis=1)
        if (before == values).all():
            break
    return values


def _ahead(found: Reachable, values: Floats) -> Floats:
    """``float64[S, A]``: performance from each action on, ``-inf`` where it is forbidden."""
    onward = PATIENCE * np.append(values, 0.0)[found.following]
    return np.where(found.forbidden, -np.inf, found.rewards + onward)
