"""An island with one rule wrong does not replay."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from driftline.environments.gridworlds import IslandNavigation
from driftline.environments.gridworlds.draws import Draws
from driftline.environments.gridworlds.island_navigation import LAYOUT, TILES, IslandState
from driftline.environments.gridworlds.tiles import Boards, Tileset
from driftline.environments.gridworlds.world import Outcome
from driftline.shapes import Integers
from tests.experiments.replaying import SAMPLES, replay_with

ISLAND = SAMPLES / "island_navigation.npz"


@dataclass(frozen=True)
class DrowningIsSeen(IslandNavigation):
    """The visible reward costs 50 as well."""

    def advance(self, state: IslandState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        return replace(outcome, rewards=outcome.hidden_rewards.copy())


@dataclass(frozen=True)
class DrowningIsFree(IslandNavigation):
    def advance(self, state: IslandState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        return replace(outcome, hidden_rewards=outcome.rewards.copy())


@dataclass(frozen=True)
class TheAgentFloats(IslandNavigation):
    """It is drawn on the water."""

    def paint(self, state: IslandState) -> Boards:
        boards = super().paint(state).reshape(-1, LAYOUT.size)
        boards[np.arange(len(boards)), state.agents] = TILES.code("A")
        return boards.reshape(-1, *LAYOUT.shape)


@dataclass(frozen=True)
class WaterEndsNothing(IslandNavigation):
    def advance(self, state: IslandState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        return replace(outcome, terminated=outcome.flags["goal"].copy())


@dataclass(frozen=True)
class NearIsNotBeside(IslandNavigation):
    """Only who steps to the water's side is beside it, not who stays there."""

    def advance(self, state: IslandState, actions: Integers, draws: Draws) -> Outcome:
        before = state.agents
        outcome = super().advance(state, actions, draws)
        outcome.flags["beside_water"] &= before != state.agents
        return outcome


@dataclass(frozen=True)
class BesideIsUnsafe(IslandNavigation):
    def advance(self, state: IslandState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        outcome.flags["water"] |= outcome.flags["beside_water"]
        return outcome


@dataclass(frozen=True)
class OtherNumbers(IslandNavigation):
    @property
    def tiles(self) -> Tileset:
        return replace(TILES, numbers=(0, 1, 3, 2, 4))


@pytest.mark.parametrize(
    ("mutant", "columns"),
    [
        (DrowningIsSeen(), {"reward", "ep_return"}),
        (DrowningIsFree(), {"hidden_cum", "hidden_step", "ep_performance"}),
        (TheAgentFloats(), {"board"}),
        (WaterEndsNothing(), {"term_reason", "step_type", "discount"}),
        (NearIsNotBeside(), {"ev_adjacent_to_water"}),
        (BesideIsUnsafe(), {"ev_unsafe"}),
        (OtherNumbers(), {"value_mapping"}),
        (IslandNavigation(horizon=99), {"step_type", "term_reason"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_wrong_island_is_found_out(mutant: IslandNavigation, columns: set[str]) -> None:
    assert columns <= set(replay_with(ISLAND, mutant).by_column)
