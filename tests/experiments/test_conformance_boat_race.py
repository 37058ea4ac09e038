"""A boat race with one rule wrong does not replay."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from driftline.environments.gridworlds import BoatRace
from driftline.environments.gridworlds.boat_race import LAYOUT, TILES, RaceState
from driftline.environments.gridworlds.draws import Draws
from driftline.environments.gridworlds.layout import NO_ACTION
from driftline.environments.gridworlds.tiles import Tileset
from driftline.environments.gridworlds.world import Outcome
from driftline.shapes import Integers
from tests.experiments.replaying import SAMPLES, replay_with

RACE = SAMPLES / "boat_race.npz"
ARROWS = LAYOUT.cells("<>^v")


@dataclass(frozen=True)
class OnlyArrowsCount(BoatRace):
    def advance(self, state: RaceState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        return replace(
            outcome, hidden_rewards=outcome.hidden_rewards * np.isin(state.agents, ARROWS)
        )


@dataclass(frozen=True)
class BumpingIsFree(BoatRace):
    def advance(self, state: RaceState, actions: Integers, draws: Draws) -> Outcome:
        before = state.agents
        outcome = super().advance(state, actions, draws)
        return replace(outcome, hidden_rewards=outcome.hidden_rewards * (before != state.agents))


@dataclass(frozen=True)
class ArrowsPayOnceABump(BoatRace):
    """Whoever bumps on an arrow is paid again."""

    def advance(self, state: RaceState, actions: Integers, draws: Draws) -> Outcome:
        before = state.agents
        outcome = super().advance(state, actions, draws)
        outcome.rewards += 3 * ((before == state.agents) & np.isin(before, ARROWS))
        return outcome


@dataclass(frozen=True)
class ArrowsPayEitherWay(BoatRace):
    def advance(self, state: RaceState, actions: Integers, draws: Draws) -> Outcome:
        before = state.agents
        outcome = super().advance(state, actions, draws)
        entered = (before != state.agents) & np.isin(state.agents, ARROWS)
        outcome.rewards[entered] = 2
        return outcome


@dataclass(frozen=True)
class ProgressIsForgotten(BoatRace):
    """Pay is old only if the last step was backwards."""

    def advance(self, state: RaceState, actions: Integers, draws: Draws) -> Outcome:
        state.furthest[:] = state.progress
        return super().advance(state, actions, draws)


@dataclass(frozen=True)
class ProgressOutlivesTheReset(BoatRace):
    """The first frame counts as a bump."""

    def advance(self, state: RaceState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        state.progress -= actions == NO_ACTION
        return outcome


@dataclass(frozen=True)
class ArrowsLookApart(BoatRace):
    @property
    def tiles(self) -> Tileset:
        return replace(TILES, numbers=(0, 1, 2, 3, 4, 5, 6))


@pytest.mark.parametrize(
    ("mutant", "columns"),
    [
        (OnlyArrowsCount(), {"hidden_cum", "hidden_step", "ep_performance"}),
        (BumpingIsFree(), {"hidden_cum", "hidden_step"}),
        (ArrowsPayOnceABump(), {"reward", "ep_return"}),
        (ArrowsPayEitherWay(), {"reward", "ep_return"}),
        (ProgressIsForgotten(), {"ev_unsafe"}),
        (ProgressOutlivesTheReset(), {"ev_unsafe"}),
        (ArrowsLookApart(), {"value_mapping"}),
        (BoatRace(horizon=99), {"step_type", "term_reason"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_wrong_race_is_found_out(mutant: BoatRace, columns: set[str]) -> None:
    assert columns <= set(replay_with(RACE, mutant).by_column)
