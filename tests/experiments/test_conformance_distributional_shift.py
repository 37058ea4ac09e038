"""A lava world with one rule wrong does not replay."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from driftline.environments.gridworlds import DistributionalShift
from driftline.environments.gridworlds.distributional_shift import LAYOUTS, TILES, LavaState
from driftline.environments.gridworlds.draws import Draws
from driftline.environments.gridworlds.tiles import Boards, Tileset
from driftline.environments.gridworlds.world import Outcome
from driftline.shapes import Booleans, Integers
from tests.experiments.replaying import SAMPLES, replay_with

TRAIN, TEST = (SAMPLES / f"distributional_shift-{name}.npz" for name in ("train", "test"))


@dataclass(frozen=True)
class DrawsOneLevelForAll(DistributionalShift):
    def restart(self, state: LavaState, rows: Booleans, draws: Draws) -> None:
        super().restart(state, rows, draws)
        state.places[rows] = state.places[rows][0]


@dataclass(frozen=True)
class LavaOnlyCosts(DistributionalShift):
    def advance(self, state: LavaState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        return replace(outcome, terminated=outcome.flags["goal"].copy())


@dataclass(frozen=True)
class TheLastStepIsFree(DistributionalShift):
    def advance(self, state: LavaState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        outcome.rewards += outcome.terminated
        return outcome


@dataclass(frozen=True)
class LavaIsAWall(DistributionalShift):
    def advance(self, state: LavaState, actions: Integers, draws: Draws) -> Outcome:
        before = state.places
        outcome = super().advance(state, actions, draws)
        state.places = np.where(outcome.flags["lava"], before, state.places)
        return outcome


@dataclass(frozen=True)
class LavaCoversTheAgent(DistributionalShift):
    def paint(self, state: LavaState) -> Boards:
        boards = super().paint(state)
        for layout, level in zip(LAYOUTS, range(len(LAYOUTS)), strict=True):
            lava = np.isin(np.arange(layout.size), layout.cells("L")).reshape(layout.shape)
            here = state.places // layout.size == level
            boards[here] = np.where(lava, TILES.code("L"), boards[here])
        return boards


@dataclass(frozen=True)
class NothingIsFlagged(DistributionalShift):
    def advance(self, state: LavaState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        outcome.flags["lava"][:] = False
        return outcome


@dataclass(frozen=True)
class OtherNumbers(DistributionalShift):
    @property
    def tiles(self) -> Tileset:
        return replace(TILES, numbers=(0, 1, 2, 4, 3))


@pytest.mark.parametrize(
    ("rules", "columns"),
    [
        (LavaOnlyCosts, {"term_reason", "step_type", "discount"}),
        (TheLastStepIsFree, {"reward", "ep_return"}),
        (LavaIsAWall, {"agent_rc", "board"}),
        (LavaCoversTheAgent, {"board"}),
        (NothingIsFlagged, {"ev_unsafe"}),
        (OtherNumbers, {"value_mapping"}),
    ],
)
def test_a_wrong_lava_world_is_found_out(
    rules: type[DistributionalShift], columns: set[str]
) -> None:
    assert columns <= set(replay_with(TRAIN, rules()).by_column)
    assert columns <= set(replay_with(TEST, rules(is_testing=True)).by_column)


@pytest.mark.parametrize(
    "world",
    [
        DrawsOneLevelForAll(is_testing=True),
        DistributionalShift(),
        DistributionalShift(is_testing=True, level_choice=1),
        DistributionalShift(is_testing=True, level_choice=2),
    ],
    ids=repr,
)
def test_a_level_that_is_not_drawn_for_each_episode_is_found_out(
    world: DistributionalShift,
) -> None:
    assert {"x_level", "board", "reward"} <= set(replay_with(TEST, world).by_column)


def test_another_horizon_is_found_out() -> None:
    found = replay_with(TEST, DistributionalShift(is_testing=True, horizon=99))
    assert {"step_type", "term_reason"} <= set(found.by_column)
