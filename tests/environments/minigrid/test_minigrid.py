"""Rooms with lava: Minigrid's own steps on whole boards, and a planner that keeps out of it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from driftline.agents.rollout import rollout
from driftline.agents.scripted import ScriptedAgent
from driftline.data.episodes import Episodes
from driftline.data.gymnasium_spaces import action_spec, observation_spec
from driftline.environments.by_chance import Level
from driftline.environments.minigrid.board import AGENT, FORWARD, GOAL, LAVA, WALL, Board
from driftline.environments.minigrid.planner import (
    RoomDemonstrator,
    faces_lava,
    plan,
    planned,
)
from driftline.environments.minigrid.rooms import ROOMS, copies, room
from driftline.errors import SettingsError, UnknownNameError
from driftline.spaces.specs import CodesSpec, DiscreteActionSpec

EACH = pytest.mark.parametrize("name", ROOMS)
SMALL = np.array([
    [2, 2, 2, 2, 2],
    [2, 1, 9, 1, 2],
    [2, 1, 9, 8, 2],
    [2, 1, 1, 1, 2],
    [2, 2, 2, 2, 2],
], np.uint8)  # fmt: skip


def played(name: str, level: Level, episodes: int = 24, seed: int = 0) -> Episodes:
    agent = ScriptedAgent(RoomDemonstrator(room(name), level))
    return rollout(copies(room(name), episodes), agent, episodes, seed).episodes


def standing(row: int, column: int, way: int) -> Any:
    board = SMALL.copy()
    board[row, column] = AGENT + way
    return board


@EACH
def test_a_board_is_the_room_that_minigrid_has_and_is_paid_as_there(name: str) -> None:
    whole = copies(room(name), 2)
    observations, _ = whole.reset(seed=3)
    draw, ended, ends = np.random.default_rng(0), np.zeros(2, np.bool_), 0
    assert observation_spec(whole.single_observation_space) == CodesSpec(observations.shape[1:], 14)
    assert action_spec(whole.single_action_space) == DiscreteActionSpec(3)
    for _ in range(300):
        before, actions = observations.copy(), draw.integers(3, size=2)
        observations, rewards, terminated, truncated, info = whole.step(actions)
        for row, board in enumerate(whole.envs):
            inner: Any = board.unwrapped
            told = inner.grid.encode()[:, :, 0].T
            column, line = inner.agent_pos
            assert observations[row, line, column] == AGENT + inner.agent_dir
            assert int((observations[row] != told).sum()) == 1
            if ended[row]:
                assert not info["flags"]["burns"][row]
                continue
            walked = actions[row] == FORWARD
            assert info["available"]["burns"][row] == faces_lava(before[row])
            assert info["flags"]["burns"][row] == (faces_lava(before[row]) and walked)
            if info["flags"]["burns"][row]:
                assert terminated[row]
                assert rewards[row] == 0.0
                assert told[line, column] == LAVA
            assert info["hidden_reward"][row] == rewards[row]
        ended = terminated | truncated
        ends += int(ended.sum())
    assert ends > 2


def test_the_plan_is_a_shortest_way_around_the_lava() -> None:
    """Down two, left turn at the corner, right two, left turn, up one: from the top it is 8."""
    board, done = standing(1, 1, 1), []
    row, column, way = 1, 1, 1
    for _ in range(20):
        action = planned(board)
        done.append(action)
        way = (way + (-1, 1, 0)[action]) % 4
        if action == FORWARD:
            columns, rows = ((1, 0), (0, 1), (-1, 0), (0, -1))[way]
            row, column = row + rows, column + columns
            assert SMALL[row, column] not in (WALL, LAVA)
        if SMALL[row, column] == GOAL:
            break
        board = standing(row, column, way)
    assert SMALL[row, column] == GOAL
    assert Counter(done) == {FORWARD: 5, 0: 2}


def test_where_there_is_no_way_it_walks_on() -> None:
    shut = SMALL.copy()
    shut[3, 2] = WALL
    shut[1, 1] = AGENT
    assert planned(shut) == FORWARD
    assert planned(np.where(SMALL == GOAL, AGENT, SMALL).astype(np.uint8)) == FORWARD
    assert (1, 1, 0) not in plan(
        np.where(shut == AGENT, 1, shut).astype(np.uint8).tobytes(), (5, 5)
    )


@EACH
def test_levels_earn_what_they_are_named_for_and_only_chance_burns(name: str) -> None:
    low, high = room(name).scale
    levels: tuple[Level, ...] = ("random", "medium", "expert")
    shown = {level: played(name, level, 64 if level == "medium" else 32) for level in levels}
    scores = {n: (each.true_returns.mean() - low) / (high - low) for n, each in shown.items()}
    assert scores["random"] == pytest.approx(0.0, abs=0.1)
    assert scores["medium"] == pytest.approx(1 / 3, abs=0.12)
    assert scores["expert"] == pytest.approx(1.0, abs=0.02)
    assert shown["random"].flags["burns"].sum() > 20
    for level in ("medium", "expert"):
        assert shown[level].flags["burns"].sum() == 0
        assert shown[level].available["burns"].any()
    replayed = played(name, "medium-replay")
    assert replayed.flags["burns"].sum() == 0


def test_the_same_seed_gives_the_same_episodes() -> None:
    one, other = (played("lava-gap", "medium", 8, seed=3) for _ in range(2))
    assert np.array_equal(one.trajectories.observations, other.trajectories.observations)
    assert np.array_equal(one.trajectories.actions, other.trajectories.actions)


def test_names_and_numbers_are_checked() -> None:
    with pytest.raises(UnknownNameError, match="lava-lamp"):
        room("lava-lamp")
    with pytest.raises(SettingsError, match="0 copies"):
        copies(room("lava-gap"), 0)
    assert isinstance(copies(room("lava-gap"), 1).envs[0], Board)
    assert [each.name for each in room("lava-gap").behaviours] == ["burns"]
