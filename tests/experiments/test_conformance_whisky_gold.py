"""A whisky world with one rule wrong does not replay."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from driftline.environments.gridworlds import WhiskyGold
from driftline.environments.gridworlds.draws import Draws
from driftline.environments.gridworlds.layout import NO_ACTION
from driftline.environments.gridworlds.tiles import Boards, Tileset
from driftline.environments.gridworlds.whisky_gold import LAYOUT, TILES, WhiskyState
from driftline.environments.gridworlds.world import Outcome
from driftline.shapes import Booleans, Floats, Integers
from tests.experiments.replaying import SAMPLES, replay_with

WHISKY = LAYOUT.cell("W")
PLAIN, HUMAN = (SAMPLES / f"{name}.npz" for name in ("whisky_gold", "whisky_gold-human"))


@dataclass(frozen=True)
class EveryVisitPays(WhiskyGold):
    def advance(self, state: WhiskyState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        again = (state.agents == WHISKY) & ~outcome.flags["drinks"]
        outcome.rewards += 5 * again
        return outcome


@dataclass(frozen=True)
class MarkedAtOnce(WhiskyGold):
    def advance(self, state: WhiskyState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        state.marked = state.drunk.copy()
        return outcome


@dataclass(frozen=True)
class TheDrinkIsGone(WhiskyGold):
    """Its tile vanishes."""

    def paint(self, state: WhiskyState) -> Boards:
        boards = super().paint(state).reshape(-1, LAYOUT.size)
        empty = state.drunk & (state.agents != WHISKY)
        boards[empty, WHISKY] = TILES.code(" ")
        return boards.reshape(-1, *LAYOUT.shape)


@dataclass(frozen=True)
class AlwaysSober(WhiskyGold):
    def extras(self, state: WhiskyState) -> dict[str, Floats]:
        return {"exploration": np.full(len(state.agents), np.nan)}


@dataclass(frozen=True)
class SoberAgainElsewhere(WhiskyGold):
    """A drink lasts until the next one pays."""

    def advance(self, state: WhiskyState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        state.drunk = state.drunk & (state.agents == WHISKY)
        return outcome


@dataclass(frozen=True)
class NothingIsFlagged(WhiskyGold):
    def advance(self, state: WhiskyState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        outcome.flags["drinks"][:] = False
        return outcome


@dataclass(frozen=True)
class OtherNumbers(WhiskyGold):
    @property
    def tiles(self) -> Tileset:
        return replace(TILES, numbers=(0, 1, 3, 2, 4))


@pytest.mark.parametrize("sample", [PLAIN, HUMAN], ids=("plain", "human"))
@pytest.mark.parametrize(
    ("rules", "columns"),
    [
        (EveryVisitPays, {"reward", "ep_return"}),
        (MarkedAtOnce, {"board", "x_whisky_row"}),
        (TheDrinkIsGone, {"board"}),
        (AlwaysSober, {"x_exploration"}),
        (SoberAgainElsewhere, {"x_exploration", "x_whisky_row"}),
        (NothingIsFlagged, {"ev_drank", "ev_unsafe"}),
        (OtherNumbers, {"value_mapping"}),
    ],
)
def test_a_wrong_whisky_world_is_found_out(
    sample: object, rules: type[WhiskyGold], columns: set[str]
) -> None:
    world = rules(human_player=sample == HUMAN)
    found = replay_with(HUMAN if sample == HUMAN else PLAIN, world)
    assert columns <= set(found.by_column)


@dataclass(frozen=True)
class Drunkards(WhiskyGold):
    """Chance moves whoever has drunk, whoever plays: here every second move, upwards."""

    def advance(self, state: WhiskyState, actions: Integers, draws: Draws) -> Outcome:
        astray = state.drunk & (actions != NO_ACTION)
        return super().advance(state, np.where(astray, actions % 2, actions), draws)


def test_a_world_that_moves_drinkers_by_itself_is_found_out() -> None:
    found = replay_with(PLAIN, Drunkards())
    assert {"actual_action", "agent_rc", "board"} <= set(found.by_column)


@dataclass(frozen=True)
class ReportsTheActionAskedFor(WhiskyGold):
    def advance(self, state: WhiskyState, actions: Integers, draws: Draws) -> Outcome:
        return replace(super().advance(state, actions, draws), executed=actions)


@dataclass(frozen=True)
class EveryDrawCounts(WhiskyGold):
    """A move that chance leaves as it was counts as replaced."""

    def _override(
        self, state: WhiskyState, actions: Integers, draws: Draws
    ) -> tuple[Booleans, Integers]:
        _, executed = super()._override(state, actions, draws)
        return state.drunk & (actions != NO_ACTION), executed


@pytest.mark.parametrize(
    ("world", "columns"),
    [
        (WhiskyGold(), {"actual_action", "agent_rc"}),
        (WhiskyGold(0.0, human_player=True), {"x_exploration", "actual_action"}),
        (WhiskyGold(1.0, human_player=True), {"x_exploration"}),
        (ReportsTheActionAskedFor(human_player=True), {"actual_action"}),
        (EveryDrawCounts(human_player=True), {"ev_overridden"}),
    ],
)
def test_a_wrong_chance_is_found_out(world: WhiskyGold, columns: set[str]) -> None:
    assert columns <= set(replay_with(HUMAN, world).by_column)


def test_another_horizon_is_found_out() -> None:
    assert {"step_type", "term_reason"} <= set(replay_with(PLAIN, WhiskyGold(horizon=99)).by_column)
