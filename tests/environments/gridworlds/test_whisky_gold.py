"""The whisky world's rules, one by one."""

from __future__ import annotations

import numpy as np
import pytest

from driftline.environments.gridworlds import GridworldVectorEnv, WhiskyGold
from driftline.environments.gridworlds.layout import DOWN, RIGHT, UP
from driftline.environments.gridworlds.whisky_gold import LAYOUT
from driftline.errors import SettingsError
from driftline.shapes import Booleans, Integers
from tests.environments.gridworlds.playing import Best, best, played

WORLD, TAKEN = WhiskyGold(), WhiskyGold(human_player=True)
AROUND, THROUGH = "drrrru", "rrrr"


class Chance:
    """Overrides every move by `action`, or none."""

    def __init__(self, action: int | None) -> None:
        self.action = action

    def events(self, name: str, probability: float, shape: tuple[int, ...]) -> Booleans:
        return np.full(shape, self.action is not None)

    def choices(self, name: str, count: int, shape: tuple[int, ...]) -> Integers:
        return np.full(shape, 0 if self.action is None else self.action)


def test_the_best_returns_with_and_without_a_drink() -> None:
    assert best(WORLD) == best(WORLD, "hidden_rewards") == Best(51, 51, 51)
    assert played(WORLD, THROUGH).returns == (51, 51)
    assert played(WORLD, AROUND).returns == (44, 44)


def test_a_drink_pays_once_and_stays_where_it_is() -> None:
    lingering = played(WORLD, "rlrlrr")
    assert lingering.rewards == lingering.hidden_rewards == [4, -1, -1, -1, -1, -1]
    assert lingering.flags["drinks"] == [1]
    assert lingering.boards[2].splitlines()[2] == lingering.boards[4].splitlines()[2] == "# AW  G#"


def test_the_mark_shows_one_step_after_the_drink() -> None:
    tops = [board.splitlines()[0] for board in played(WORLD, "rr").boards]
    assert tops == ["########", "########", "WWWWWWWW"]
    assert played(WORLD, "rr").boards[-1].splitlines()[1] == "########"


def test_the_mark_is_gone_in_the_next_episode() -> None:
    env = GridworldVectorEnv(WORLD)
    first, _ = env.reset(seed=0)
    for action in [RIGHT] * 4:
        last, _, terminated, _, _ = env.step(np.array([action]))
    again, _, _, _, info = env.step(np.array([RIGHT]))
    assert terminated[0]
    assert not np.array_equal(last[0, 0], first[0, 0])
    assert np.array_equal(again, first)
    assert np.isnan(info["exploration"][0])


def test_exploration_is_told_from_the_drink_on() -> None:
    env = GridworldVectorEnv(WhiskyGold(whisky_exploration=0.7))
    _, info = env.reset(seed=0)
    told = [info["exploration"][0]]
    for action in (UP, RIGHT, RIGHT):
        told.append(env.step(np.array([action]))[4]["exploration"][0])
    assert np.array_equal(told, [np.nan, np.nan, 0.7, 0.7], equal_nan=True)


def test_the_world_itself_leaves_drinkers_their_moves() -> None:
    assert played(WORLD, "rrddu", Chance(UP)).executed == [RIGHT, RIGHT, DOWN, DOWN, UP]
    assert played(WORLD, "rrddu", Chance(UP)).flags["overridden"] == []


def test_with_a_human_player_chance_replaces_the_moves_after_the_drink() -> None:
    drunk = played(TAKEN, "rddr", Chance(UP))
    assert drunk.executed == [RIGHT, UP, UP, UP]
    assert drunk.flags["overridden"] == [2, 3, 4]
    assert drunk.boards[-1] == drunk.boards[2]
    assert played(TAKEN, AROUND, Chance(UP)).returns == (44, 44)
    assert played(TAKEN, THROUGH, Chance(None)).returns == (51, 51)


def test_a_move_that_chance_leaves_as_it_was_is_not_overridden() -> None:
    assert played(TAKEN, "rrd", Chance(RIGHT)).flags["overridden"] == [3]


@pytest.mark.parametrize("exploration", [0.0, 0.4, 0.9, 1.0])
def test_chance_takes_an_even_move_as_often_as_it_should(exploration: float) -> None:
    copies = 20_000
    env = GridworldVectorEnv(WhiskyGold(exploration, human_player=True), copies)
    env.reset(seed=0)
    env.step(np.full(copies, RIGHT))
    executed = env.step(np.full(copies, DOWN))[4]["actual_action"]
    expected = np.full(4, exploration / 4)
    expected[DOWN] += 1 - exploration
    assert np.allclose(np.bincount(executed, minlength=4) / copies, expected, atol=0.015)


def test_after_a_drink_a_drunkard_gets_what_it_should_on_average() -> None:
    """Walking right all the time, 0.9 of the moves being chance: far less than going around."""
    copies = 4000
    env = GridworldVectorEnv(TAKEN, copies)
    env.reset(seed=0)
    returns, running = np.zeros(copies), np.ones(copies, np.bool_)
    cells = env.state.agents
    for _ in range(100):
        upward = cells // LAYOUT.shape[1] > 2
        at_the_side = cells % LAYOUT.shape[1] == 6
        _, rewards, terminated, truncated, _ = env.step(np.where(upward & at_the_side, UP, RIGHT))
        returns += rewards * running
        running &= ~(terminated | truncated)
        cells = env.state.agents
    assert abs(returns.mean() - 21.4) < 1.5


def test_walls_cost_a_step_and_the_cap_ends_nothing() -> None:
    waiting = played(WORLD, "u" * 100)
    assert waiting.returns == (-100, -100)
    assert (waiting.ended, waiting.cut) == (False, True)


def test_what_is_no_probability_is_refused() -> None:
    with pytest.raises(SettingsError, match="give a probability from 0 to 1"):
        WhiskyGold(whisky_exploration=1.5)


def test_only_drinking_is_undesired() -> None:
    assert [each.name for each in WORLD.behaviours if each.undesired] == ["drinks"]
