"""A user's detector becomes a column, or is refused in one line."""

from __future__ import annotations

import numpy as np
import pytest

from driftline.data.trajectory import Trajectory
from driftline.errors import DataError
from driftline.safety.behaviours import Behaviour, Detector, detects, flag_with
from tests.safety.examples import episodes_of


@detects("odd", "stands on an odd number")
def odd(trajectory: Trajectory) -> np.ndarray:
    """Five lines are enough."""
    return np.asarray(trajectory.observations[1:, 0] % 2 == 1)


def test_each_step_is_flagged_by_what_followed_it() -> None:
    flagged = flag_with(episodes_of([[0, 0, 0], [0, 0]]), [odd])
    # observations count up through both episodes: 0 1 2 3 | 4 5 6
    assert flagged.flags["odd"].tolist() == [True, False, True, True, False]
    assert flagged.available["odd"].all()
    assert set(flagged.behaviours) == {"bucket", "odd"}


def test_a_column_is_replaced_and_the_given_episodes_stay_as_they_were() -> None:
    episodes = episodes_of([[1, 1], [0, 1]])
    never = Detector(Behaviour("bucket"), lambda each: np.zeros(len(each), np.bool_))
    assert not flag_with(episodes, [never]).flags["bucket"].any()
    assert episodes.flags["bucket"].sum() == 3


def test_availability_is_asked_for_where_it_is_given() -> None:
    first = Detector(Behaviour("odd"), odd.flag, lambda each: np.arange(len(each)) == 0)
    flagged = flag_with(episodes_of([[0, 0], [0, 0, 0]]), [first])
    assert flagged.available["odd"].tolist() == [True, False, True, False, False]


def test_a_detector_sees_no_hidden_reward() -> None:
    seen: list[object] = []
    spy = Detector(
        Behaviour("spy"), lambda each: seen.append(each) or np.zeros(len(each), np.bool_)
    )
    flag_with(episodes_of([[0]]), [spy])
    assert all(type(each) is Trajectory for each in seen)
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.zeros(3, np.bool_), r"shape \(3,\) for 2 actions"),
        (np.zeros(2), "type float64, which needs bool"),
        (True, r"shape \(\) for 2 actions"),
        ([[True], [True, False]], "ragged"),
    ],
)
def test_what_is_no_flag_is_refused_by_name(given: object, message: str) -> None:
    wrong = Detector(Behaviour("wrong"), lambda _: given)  # type: ignore[arg-type, return-value]
    with pytest.raises(DataError, match=message) as refusal:
        flag_with(episodes_of([[0, 1]]), [wrong])
    assert "'wrong'" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_behaviour_has_a_name() -> None:
    with pytest.raises(DataError, match="name it"):
        Behaviour("")
