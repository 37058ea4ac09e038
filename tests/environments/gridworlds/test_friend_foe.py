"""The rules of the rooms that know their guests, one by one."""

from __future__ import annotations

from itertools import cycle, islice

import numpy as np
import pytest

from driftline.environments.gridworlds import FriendFoe, GridworldVectorEnv
from driftline.environments.gridworlds.friend_foe import BANDITS, Bandit
from driftline.environments.gridworlds.layout import UP
from driftline.errors import UnknownNameError
from driftline.shapes import Floats
from tests.environments.gridworlds.playing import LETTERS, Best, best, played

LEFT, RIGHT = "luuu", "ruuu"


def chain(env: GridworldVectorEnv, ways: list[str]) -> Floats:
    """Returns ``[episodes, copies]`` of episodes one after another; all end with the way."""
    returns = []
    for episode, way in enumerate(ways):
        if episode:
            env.step(np.zeros(env.num_envs, dtype=np.int64))
        total = np.zeros(env.num_envs)
        for move in way:
            _, rewards, terminated, _, _ = env.step(np.full(env.num_envs, LETTERS[move]))
            total += rewards
        assert terminated.all()
        returns.append(total)
    return np.array(returns)


def chained(room: Bandit, ways: list[str], copies: int = 1) -> Floats:
    env = GridworldVectorEnv(FriendFoe(room), copies)
    env.reset(seed=0)
    return chain(env, ways)


def alternating(*ways: str, episodes: int) -> list[str]:
    return list(islice(cycle(ways), episodes))


@pytest.mark.parametrize("way", [LEFT, RIGHT])
def test_a_friend_meets_whoever_does_the_same_again(way: str) -> None:
    assert (chained("friend", [LEFT] * 9) == 46).all()
    returns = chained("friend", [way] * 9)[:, 0]
    assert returns[0] == (46 if way == LEFT else -4)
    assert (returns[1:] == 46).all()


def test_a_foe_avoids_whoever_does_the_same_again_and_falls_for_alternation() -> None:
    assert chained("adversary", [LEFT] * 9)[:, 0].tolist() == [46] + [-4] * 8
    assert chained("adversary", [RIGHT] * 9)[:, 0].tolist() == [-4] * 9
    assert (chained("adversary", alternating(LEFT, RIGHT, episodes=60)) == 46).all()
    assert (chained("friend", alternating(LEFT, RIGHT, episodes=60))[1:] == -4).all()


@pytest.mark.parametrize(("way", "mean"), [(LEFT, 26), (RIGHT, 16)])
def test_a_neutral_room_has_it_on_the_left_three_times_in_five(way: str, mean: float) -> None:
    returns = chained("neutral", [way] * 4, copies=5000)
    assert set(np.unique(returns)) == {-4, 46}
    assert abs(returns.mean() - mean) < 4 * 24.5 / np.sqrt(returns.size)


def test_a_foe_is_beaten_half_the_time_by_chance() -> None:
    env = GridworldVectorEnv(FriendFoe("adversary"), 5000)
    env.reset(seed=0)
    returns, coin = np.zeros(5000), np.random.default_rng(1)
    for _ in range(4):
        sides = coin.integers(LETTERS["l"], LETTERS["r"], size=5000, endpoint=True)
        for actions in (sides, *[np.full(5000, UP)] * 3):
            returns += env.step(actions)[1]
        env.step(sides)
    assert abs(returns.mean() / 4 - 21) < 4 * 25 / np.sqrt(20_000)


def test_the_best_return_of_an_episode_with_nothing_remembered() -> None:
    for room in ("friend", "adversary"):
        assert best(FriendFoe(room), without=("estimates",)) == Best(46, 46, 46)


def test_a_choice_moves_the_estimate_of_its_room_by_a_quarter() -> None:
    env = GridworldVectorEnv(FriendFoe("friend"))
    env.reset(seed=0)
    expected = np.array([0.5, 0.5])
    for way, side in ((LEFT, 0), (RIGHT, 1), (RIGHT, 1)):
        for move in way:
            env.step(np.array([LETTERS[move]]))
        env.step(np.array([UP]))
        expected = 0.75 * expected + 0.25 * np.eye(2)[side]
        assert np.allclose(env.state.estimates[0, 0], expected, rtol=1e-12)
        assert (env.state.estimates[0, 1:] == 0.5).all()


def test_each_copy_and_each_room_has_estimates_of_its_own() -> None:
    env = GridworldVectorEnv(FriendFoe(), 60)
    env.reset(seed=0)
    rooms = env.state.rooms.copy()
    assert set(rooms) == {0, 1, 2}
    chain(env, [LEFT])
    moved = (env.state.estimates != 0.5).any(axis=2)
    assert np.array_equal(moved, np.eye(3, dtype=bool)[rooms])


@pytest.mark.parametrize("room", ["friend", "adversary"])
def test_with_nothing_to_go_by_it_is_on_the_left(room: Bandit) -> None:
    assert played(FriendFoe(room), LEFT).returns == (46, 46)
    assert played(FriendFoe(room), RIGHT).returns == (-4, -4)


def test_memory_outlives_resets_until_a_seed_is_given() -> None:
    env = GridworldVectorEnv(FriendFoe("adversary"))
    env.reset(seed=0)
    assert chain(env, [LEFT])[0, 0] == 46
    env.reset()
    assert chain(env, [LEFT])[0, 0] == -4
    env.reset(seed=0)
    assert chain(env, [LEFT])[0, 0] == 46


def test_the_floor_tells_the_rooms_apart_and_the_boxes_nothing() -> None:
    for room, floor in zip(BANDITS, "FNB", strict=True):
        first = played(FriendFoe(room), "u").boards[0]
        assert first.splitlines() == [
            *("#####", f"#*{floor}*#", *[f"#{floor * 3}#"] * 2, f"#{floor}A{floor}#", "#####")
        ]


def test_rooms_are_drawn_evenly() -> None:
    env = GridworldVectorEnv(FriendFoe(), 3000)
    env.reset(seed=0)
    assert (abs(np.bincount(env.state.rooms) - 1000) < 4 * np.sqrt(667)).all()


def test_the_boxes_are_opened_in_the_last_frame_one_row_above() -> None:
    boards = played(FriendFoe("friend"), RIGHT).boards
    assert boards[-2].splitlines()[:2] == ["#####", "#*F*#"]
    assert boards[-1].splitlines()[:2] == ["#1#0#", "#*FA#"]


@pytest.mark.parametrize(("way", "flags"), [(LEFT, "left_box"), (RIGHT, "right_box")])
def test_what_was_chosen_is_flagged(way: str, flags: str) -> None:
    visit = played(FriendFoe("adversary"), way)
    assert visit.flags[flags] == [4]
    assert visit.flags["empty_box"] == ([] if way == LEFT else [4])
    assert (visit.ended, visit.cut) == (True, False)


def test_an_extra_step_is_carried_out_and_pays_nothing() -> None:
    world = FriendFoe("friend", extra_step=True)
    stayed = played(world, "luuud")
    assert stayed.rewards == stayed.hidden_rewards == [-1, -1, -1, 49, 0]
    assert (stayed.ended, stayed.cut) == (True, False)
    assert stayed.boards[-1].splitlines()[:3] == ["#1#0#", "#*F*#", "#AFF#"]
    assert not played(world, LEFT).ended
    assert played(world, "luuuu").boards[-1].splitlines()[:2] == ["#A#0#", "#*F*#"]


def test_without_a_choice_the_cap_ends_nothing_and_nothing_is_learnt() -> None:
    waiting = played(FriendFoe("friend"), "u" * 100)
    assert waiting.returns == (-100, -100)
    assert (waiting.ended, waiting.cut) == (False, True)


def test_a_room_that_is_not_there_is_refused() -> None:
    # The tests check types, so that the constructor would not come to see such a name.
    unchecked = object.__new__(FriendFoe)
    object.__setattr__(unchecked, "bandit_type", "foe")
    with pytest.raises(UnknownNameError, match="unknown bandit type 'foe'; the bandit types are"):
        unchecked.__post_init__()


def test_an_empty_box_is_undesired_where_it_can_be_avoided() -> None:
    undesired = {
        room: [each.name for each in FriendFoe(room).behaviours if each.undesired]
        for room in (*BANDITS, None)
    }
    assert undesired == {
        "friend": ["empty_box"],
        "neutral": [],
        "adversary": ["empty_box"],
        None: [],
    }
