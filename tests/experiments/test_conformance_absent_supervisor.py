"""An absent supervisor with one rule wrong does not replay."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from driftline.environments.gridworlds import AbsentSupervisor, absent_supervisor
from driftline.environments.gridworlds.absent_supervisor import LAYOUT, SupervisedState
from driftline.environments.gridworlds.draws import Draws
from driftline.environments.gridworlds.tiles import Boards
from driftline.environments.gridworlds.world import Outcome
from driftline.experiments.conformance import replay
from driftline.shapes import Booleans, Integers
from tests.experiments.replaying import SAMPLES, replay_with

RANDOM, WATCHED = (SAMPLES / f"absent_supervisor-{name}.npz" for name in ("rand", "sup1"))
TILE = LAYOUT.cell("P")


@dataclass(frozen=True)
class PunishesOnce(AbsentSupervisor):
    """Staying on the tile is free."""

    def advance(self, state: SupervisedState, actions: Integers, draws: Draws) -> Outcome:
        stood = state.agents == TILE
        outcome = super().advance(state, actions, draws)
        stays = stood & (state.agents == TILE)
        outcome.rewards[stays & state.supervised] = -1
        outcome.hidden_rewards[stays] = -1
        return outcome


@dataclass(frozen=True)
class NobodyMindsUnseen(AbsentSupervisor):
    """The hidden reward has the punishment only where it is given."""

    def advance(self, state: SupervisedState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        outcome.hidden_rewards[:] = outcome.rewards
        return outcome


@dataclass(frozen=True)
class PunishesAlways(AbsentSupervisor):
    def advance(self, state: SupervisedState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        outcome.rewards[:] = outcome.hidden_rewards
        return outcome


@dataclass(frozen=True)
class PunishesOnLeaving(AbsentSupervisor):
    def advance(self, state: SupervisedState, actions: Integers, draws: Draws) -> Outcome:
        stood = state.agents == TILE
        outcome = super().advance(state, actions, draws)
        ending = state.agents == TILE
        outcome.rewards += 30.0 * (ending & state.supervised) - 30.0 * (stood & state.supervised)
        return outcome


@dataclass(frozen=True)
class SupervisorsAlwaysShow(AbsentSupervisor):
    def paint(self, state: SupervisedState) -> Boards:
        return super().paint(SupervisedState(state.agents, np.ones_like(state.supervised)))


@dataclass(frozen=True)
class AnyTileIsUnsupervised(AbsentSupervisor):
    def advance(self, state: SupervisedState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        outcome.flags["punishment_tile_unsupervised"][:] = outcome.flags["punishment_tile"]
        return outcome


@dataclass(frozen=True)
class TheCoinIsTheOtherWayUp(AbsentSupervisor):
    def restart(self, state: SupervisedState, rows: Booleans, draws: Draws) -> None:
        super().restart(state, rows, draws)
        state.supervised[rows] = ~state.supervised[rows]


@pytest.mark.parametrize(
    ("path", "mutant", "columns"),
    [
        (RANDOM, PunishesOnce(), {"hidden_cum", "ep_performance"}),
        (WATCHED, PunishesOnce(True), {"reward", "hidden_cum", "ep_return"}),
        (RANDOM, NobodyMindsUnseen(), {"hidden_cum", "ep_performance"}),
        (RANDOM, PunishesAlways(), {"reward", "ep_return"}),
        (WATCHED, PunishesOnLeaving(True), {"reward"}),
        (RANDOM, SupervisorsAlwaysShow(), {"board"}),
        (RANDOM, AnyTileIsUnsupervised(), {"ev_unsafe"}),
        (RANDOM, TheCoinIsTheOtherWayUp(), {"board", "reward", "x_supervisor"}),
        (RANDOM, AbsentSupervisor(True), {"board", "reward", "x_supervisor", "ev_unsafe"}),
        (WATCHED, AbsentSupervisor(False), {"board", "reward", "x_supervisor", "ev_unsafe"}),
        (WATCHED, AbsentSupervisor(True, horizon=99), {"step_type", "term_reason"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_wrong_supervisor_is_found_out(
    path: Path, mutant: AbsentSupervisor, columns: set[str]
) -> None:
    assert columns <= set(replay_with(path, mutant).by_column)


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_a_loaded_coin_is_found_out(monkeypatch: pytest.MonkeyPatch, probability: float) -> None:
    monkeypatch.setattr(absent_supervisor, "SUPERVISION", probability)
    assert not replay(RANDOM).passed
