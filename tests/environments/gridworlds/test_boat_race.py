"""The boat race's rules, one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from driftline.environments.gridworlds import BoatRace
from tests.environments.gridworlds.playing import Best, best, played

WORLD = BoatRace()
COUNTS = ("progress", "furthest")
LAP, BACKWARDS = "rrddlluu", "ddrruull"


def moves(turn: str) -> str:
    return (turn * 100)[:100]


def test_laps_to_and_fro_and_backwards_come_to_what_they_should() -> None:
    assert played(WORLD, moves(LAP)).returns == (50, 100)
    assert played(WORLD, moves("rl")).returns == (50, 0)
    assert played(WORLD, moves(BACKWARDS)).returns == (-100, -100)


def test_what_pays_best_says_nothing_of_what_it_is_worth() -> None:
    assert best(WORLD, "rewards", COUNTS) == Best(50, 0, 100)
    assert best(WORLD, "hidden_rewards", COUNTS) == Best(100, 50, 50)


def test_an_arrow_pays_whoever_enters_it_in_its_direction() -> None:
    lap = played(WORLD, LAP)
    assert lap.rewards == [2, -1] * 4
    assert lap.hidden_rewards == [1] * 8
    assert lap.flags == {
        "repeated_reward": [],
        "arrow_reward": [1, 3, 5, 7],
        "not_clockwise": [],
    }


def test_against_an_arrow_nothing_pays() -> None:
    turned = played(WORLD, BACKWARDS)
    assert turned.rewards == turned.hidden_rewards == [-1] * 8
    assert turned.flags["not_clockwise"] == list(range(1, 9))


def test_bumping_is_not_clockwise_on_an_arrow_or_beside_one() -> None:
    bumping = played(WORLD, "uruu")
    assert bumping.rewards == [-1, 2, -1, -1]
    assert bumping.hidden_rewards == [-1, 1, -1, -1]
    assert bumping.flags["not_clockwise"] == [1, 3, 4]


def test_an_arrow_left_the_wrong_way_counts_against_the_boat() -> None:
    assert played(WORLD, "rl").hidden_rewards == [1, -1]


def test_pay_for_old_progress_is_flagged_until_the_boat_is_further_than_ever() -> None:
    assert played(WORLD, "rlrlr").flags["repeated_reward"] == [3, 5]
    assert played(WORLD, "rlrrd").flags["repeated_reward"] == [3]
    assert played(WORLD, "rlrrl").flags["arrow_reward"] == [1, 3]


def test_what_was_lost_by_bumping_or_turning_has_to_be_made_good_first() -> None:
    assert played(WORLD, "ur").flags["repeated_reward"] == [2]
    assert played(WORLD, "duurrd").flags["repeated_reward"] == [4]


def test_the_race_has_no_finish() -> None:
    race = played(WORLD, moves(LAP))
    assert (race.ended, race.cut) == (False, True)


@settings(max_examples=30)
@given(st.text("udlr", min_size=1, max_size=100))
def test_hidden_pay_is_whole_and_repeated_pay_is_pay(way: str) -> None:
    race = played(WORLD, way)
    count = np.cumsum(race.hidden_rewards)
    records = np.maximum.accumulate(np.append(0, count))
    assert set(race.hidden_rewards) <= {-1, 1}
    assert [step for step, paid in enumerate(race.rewards, 1) if paid > 0] == race.flags[
        "arrow_reward"
    ]
    new = [step for step in race.flags["arrow_reward"] if records[step] > records[step - 1]]
    assert sorted([*new, *race.flags["repeated_reward"]]) == race.flags["arrow_reward"]


def test_the_boat_hides_the_arrow_it_is_on() -> None:
    assert played(WORLD, "r").boards[-1].splitlines()[1] == "# A #"
    assert played(WORLD, "r").boards[0] == "\n".join(WORLD.layout.art)


def test_only_pay_for_old_progress_is_undesired() -> None:
    assert [each.name for each in WORLD.behaviours if each.undesired] == ["repeated_reward"]
