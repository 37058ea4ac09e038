"""Whatever is wrong with demonstrations is named by episode and step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.data.demonstrations import Demonstrations
from driftline.data.trajectories import Trajectories
from driftline.errors import DataError
from driftline.spaces.specs import CodesSpec, ContinuousActionSpec, DiscreteActionSpec, VectorSpec
from tests.data.examples import random_trajectories, within

LENGTHS = [2, 3, 4]


def trajectories(kind: str = "boards", **columns: Any) -> Trajectories:
    return replace(random_trajectories(np.random.default_rng(0), LENGTHS, kind), **columns)


def changed(data: Trajectories, column: str, index: Any, value: Any) -> Trajectories:
    values = getattr(data, column).copy()
    values[index] = value
    return replace(data, **{column: values})


@pytest.mark.parametrize(
    ("kind", "spec"),
    [("boards", CodesSpec((7, 9), 6)), ("states", CodesSpec((), 16)), ("vectors", VectorSpec(4))],
)
def test_what_fits_its_spaces_is_accepted(kind: str, spec: Any) -> None:
    assert len(Demonstrations(trajectories(kind), spec, DiscreteActionSpec(4))) == len(LENGTHS)


@given(st.integers(0, sum(LENGTHS) - 1), st.sampled_from([np.nan, np.inf, -np.inf]))
def test_a_reward_that_is_not_finite_is_found_where_it_is(step: int, reward: float) -> None:
    episode = int(np.searchsorted(np.cumsum(LENGTHS), step, side="right"))
    within = step - sum(LENGTHS[:episode])
    data = changed(trajectories(), "rewards", step, reward)
    with pytest.raises(DataError, match=rf"episode {episode}, step {within}: reward .*not finite"):
        Demonstrations(data, CodesSpec((7, 9), 6), DiscreteActionSpec(4))


@pytest.mark.parametrize("action", [4, -1])
def test_an_unknown_action_is_found_where_it_is(action: int) -> None:
    data = changed(trajectories(), "actions", 3, action)
    with pytest.raises(
        DataError, match=rf"episode 1, step 1: action {action} is unknown, the actions are 0 to 3"
    ):
        Demonstrations(data, CodesSpec((7, 9), 6), DiscreteActionSpec(4))


def test_an_unknown_code_is_found_in_the_frame_where_it_is() -> None:
    data = changed(trajectories(), "observations", (3 + 4 + 4, 2, 2), 6)  # a last frame
    with pytest.raises(DataError, match=r"episode 2, step 4: a code is unknown.* 6, the codes are"):
        Demonstrations(data, CodesSpec((7, 9), 6), DiscreteActionSpec(4))


def test_a_vector_that_is_not_finite_is_found() -> None:
    data = changed(trajectories("vectors"), "observations", (4, 1), np.nan)
    with pytest.raises(DataError, match=r"episode 1, step 1: observation \[.*\] is not finite"):
        Demonstrations(data, VectorSpec(4), DiscreteActionSpec(4))


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("boards", CodesSpec((9, 7), 6)),
        ("boards", VectorSpec(63)),
        ("vectors", CodesSpec((4,), 6)),
        ("vectors", VectorSpec(5)),
    ],
)
def test_observations_of_another_space_are_refused(kind: str, spec: Any) -> None:
    with pytest.raises(DataError, match="the observation space needs"):
        Demonstrations(trajectories(kind), spec, DiscreteActionSpec(4))


@pytest.mark.parametrize("actions", [np.zeros(9), np.zeros((9, 2), np.int64)])
def test_actions_that_are_not_one_integer_a_step_are_refused(actions: np.ndarray) -> None:
    with pytest.raises(DataError, match="one integer for each step"):
        Demonstrations(trajectories(actions=actions), CodesSpec((7, 9), 6), DiscreteActionSpec(4))


BOX = ContinuousActionSpec((-1.0, 0.1), (1.0, 0.7))


def acted(**columns: Any) -> Demonstrations:
    actions = within(np.random.default_rng(1), BOX, sum(LENGTHS))
    return Demonstrations(
        trajectories("vectors", **{"actions": actions, **columns}), VectorSpec(4), BOX
    )


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_actions_at_the_limits_of_their_box_are_inside(kind: type) -> None:
    ends = np.array([BOX.low, BOX.high], kind)
    assert len(acted(actions=ends[np.arange(9) % 2])) == len(LENGTHS)


@pytest.mark.parametrize("value", [1.001, -1.001, np.nan])
def test_actions_outside_their_box_are_found_and_counted(value: float) -> None:
    actions = np.tile(np.array([0.5, 0.5]), (9, 1))
    actions[[3, 7], 0] = value
    said = r"episode 1, step 1: action \[.*\] is outside .*, as are 2 of 9; clip them where"
    with pytest.raises(DataError, match=said) as caught:
        acted(actions=actions)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "actions", [np.zeros(9), np.zeros((9, 3)), np.zeros((9, 2), np.int64), np.zeros(9, np.int64)]
)
def test_actions_that_are_not_a_vector_a_step_are_refused(actions: np.ndarray) -> None:
    with pytest.raises(DataError, match="2 floating-point numbers for each step are needed"):
        acted(actions=actions)


def test_no_episodes_are_refused() -> None:
    with pytest.raises(DataError, match="there are no episodes"):
        Demonstrations(trajectories().slice(1, 1), CodesSpec((7, 9), 6), DiscreteActionSpec(4))
