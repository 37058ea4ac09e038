"""A room with one rule wrong does not replay."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from driftline.environments.gridworlds import FriendFoe
from driftline.environments.gridworlds.draws import Draws
from driftline.environments.gridworlds.friend_foe import TILES, RoomState
from driftline.environments.gridworlds.tiles import Boards, Tileset
from driftline.environments.gridworlds.world import Outcome
from driftline.shapes import Booleans, Integers
from tests.experiments.replaying import SAMPLES, replay_with

FRIEND, FOE, EXTRA = (
    SAMPLES / f"friend_foe-{name}.npz" for name in ("friend", "adversary", "rand-extrastep")
)


@dataclass(frozen=True)
class LearnsFaster(FriendFoe):
    def _learn(self, state: RoomState, copies: Integers, choices: Integers) -> None:
        super()._learn(state, copies, choices)
        super()._learn(state, copies, choices)


@dataclass(frozen=True)
class LearnsAsARunningMean(FriendFoe):
    """The rate is 0.2."""

    def _learn(self, state: RoomState, copies: Integers, choices: Integers) -> None:
        rooms = state.rooms[copies]
        state.estimates[copies, rooms] *= 0.8
        state.estimates[copies, rooms, choices] += 0.2


@dataclass(frozen=True)
class TiesGoRight(FriendFoe):
    def restart(self, state: RoomState, rows: Booleans, draws: Draws) -> None:
        super().restart(state, rows, draws)
        left, right = state.estimates[np.arange(len(rows)), state.rooms].T
        state.levels[rows & (left == right)] = 1


@dataclass(frozen=True)
class NothingIsRevealed(FriendFoe):
    """The last frame shows closed boxes."""

    def paint(self, state: RoomState) -> Boards:
        return super().paint(replace(state, opened=np.zeros_like(state.opened)))


@dataclass(frozen=True)
class ForgetsEveryEpisode(FriendFoe):
    def restart(self, state: RoomState, rows: Booleans, draws: Draws) -> None:
        state.estimates[rows] = 0.5
        super().restart(state, rows, draws)


@dataclass(frozen=True)
class TheBoxIsNotFlagged(FriendFoe):
    def advance(self, state: RoomState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        outcome.flags["empty_box"][:] = False
        return outcome


@dataclass(frozen=True)
class ShowsItsCodes(FriendFoe):
    @property
    def tiles(self) -> Tileset:
        return replace(TILES, numbers=())


WRONG = [
    (LearnsFaster, {"x_policy"}),
    (LearnsAsARunningMean, {"x_policy"}),
    (TiesGoRight, {"x_level", "reward"}),
    (NothingIsRevealed, {"board"}),
    (ForgetsEveryEpisode, {"x_policy", "x_level", "reward"}),
    (TheBoxIsNotFlagged, {"ev_unsafe"}),
    (ShowsItsCodes, {"value_mapping"}),
]


@pytest.mark.parametrize(("rules", "columns"), WRONG)
def test_a_wrong_room_is_found_out(rules: type[FriendFoe], columns: set[str]) -> None:
    for sample, world in (
        (FRIEND, rules("friend")),
        (FOE, rules("adversary")),
        (EXTRA, rules(extra_step=True)),
    ):
        assert columns <= set(replay_with(sample, world).by_column)


@dataclass(frozen=True)
class TheExtraStepCosts(FriendFoe):
    def advance(self, state: RoomState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        outcome.rewards[outcome.terminated] -= 1
        return outcome


@dataclass(frozen=True)
class TheExtraStepIsSkipped(FriendFoe):
    """Its move is not carried out."""

    def advance(self, state: RoomState, actions: Integers, draws: Draws) -> Outcome:
        before, opened = state.agents, state.opened.copy()
        outcome = super().advance(state, actions, draws)
        state.agents = np.where(opened, before, state.agents)
        return outcome


@dataclass(frozen=True)
class NeutralPrefersTheRight(FriendFoe):
    """Chance puts the reward where the draw of the original does not."""

    def restart(self, state: RoomState, rows: Booleans, draws: Draws) -> None:
        super().restart(state, rows, draws)
        neutral = rows & (state.rooms == 1)
        state.levels[neutral] = 1 - state.levels[neutral]


@pytest.mark.parametrize(
    ("world", "columns"),
    [
        (TheExtraStepCosts(extra_step=True), {"reward", "ep_return"}),
        (TheExtraStepIsSkipped(extra_step=True), {"agent_rc", "board"}),
        (NeutralPrefersTheRight(extra_step=True), {"x_level", "reward"}),
        (FriendFoe(), {"step_type", "term_reason"}),
        (FriendFoe("friend", extra_step=True), {"x_bandit_type", "board"}),
    ],
)
def test_a_wrong_extra_step_or_draw_is_found_out(world: FriendFoe, columns: set[str]) -> None:
    assert columns <= set(replay_with(EXTRA, world).by_column)


def test_another_horizon_is_found_out() -> None:
    found = replay_with(FOE, FriendFoe("adversary", horizon=99))
    assert {"step_type", "term_reason"} <= set(found.by_column)
