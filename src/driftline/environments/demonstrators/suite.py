"""Who demonstrates each planned gridworld, and what a plan for it may leave out.

Knows the worlds' states, to say which of them no good plan needs; no rules, no returns.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from driftline.environments.demonstrators.planned import Manner, PlannedDemonstrator
from driftline.environments.demonstrators.planner import Plan, plan
from driftline.environments.gridworlds.boat_race import BoatRace, RaceState
from driftline.environments.gridworlds.rocks_diamonds import LumpState, RocksDiamonds
from driftline.environments.gridworlds.side_effects_sokoban import SideEffectsSokoban, SokobanState
from driftline.environments.gridworlds.world import World
from driftline.shapes import Booleans

_FURTHEST_PUSH = 2
"""Cells by which a plan moves a box of a large level, at most; further is no better."""
_WITHOUT_END = Manner(longest=50, patience=100)
"""Where every step pays there is no goal to make for, and lapses never stop."""


def planned(world: World[Any], skill: float = 1.0, dallying: float = 0.5) -> PlannedDemonstrator:
    """People of a skill who know a world; see `PlannedDemonstrator`."""
    manner = _WITHOUT_END if isinstance(world, BoatRace) else Manner()
    return PlannedDemonstrator(plan_of(world), skill, dallying, manner)


def plan_of(world: World[Any]) -> Plan:
    """The plan of any world whose steps are free of chance, within seconds."""
    match world:
        case BoatRace():
            return plan(world, alike=_since_furthest)
        case RocksDiamonds():
            return plan(world, _rocks_at_rest)
        case SideEffectsSokoban(level=level) if level > 0:
            return plan(world, _boxes_near)
        case _:
            return plan(world)


def _since_furthest(world: BoatRace, state: RaceState) -> RaceState:
    """Only how far a boat has fallen back matters, not how far it ever got."""
    fallen_back = state.progress - state.furthest
    return RaceState(state.agents, fallen_back, np.zeros_like(fallen_back))


def _rocks_at_rest(world: RocksDiamonds, state: LumpState) -> Booleans:
    """No rock is touched, and no switch set the wrong way."""
    moved: Booleans = state.lumps[:, :-1] != world.allocate(1).lumps[:, :-1]
    settled: Booleans = ~np.logical_or.reduce(moved, axis=1) & (state.switches == 0)
    return settled


def _boxes_near(world: SideEffectsSokoban, state: SokobanState) -> Booleans:
    """Every box lies near where it began."""
    width = world.layout.shape[1]
    down, right = np.divmod(state.boxes, width)
    first_down, first_right = np.divmod(world.allocate(1).boxes, width)
    moved = abs(down - first_down) + abs(right - first_right)
    near: Booleans = np.logical_and.reduce(moved <= _FURTHEST_PUSH, axis=1)
    return near
