"""Plain arrays become demonstrations, or a line that says what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from driftline.data.npz import load_npz
from driftline.errors import DataError, SpaceError
from driftline.spaces.specs import CodesSpec, ContinuousActionSpec, DiscreteActionSpec, VectorSpec
from tests.data.examples import random_trajectories

LENGTHS = [2, 3, 4]
DATA = random_trajectories(np.random.default_rng(0), LENGTHS)


def arrays(**changes: Any) -> dict[str, Any]:
    """The columns of `DATA` with each episode's length and end, some of them changed."""
    whole = {
        "observations": DATA.observations,
        "actions": DATA.actions,
        "rewards": DATA.rewards,
        "lengths": DATA.lengths,
        "terminated": np.array([True, False, False]),
        "truncated": np.array([False, True, False]),
        **changes,
    }
    return {name: each for name, each in whole.items() if each is not None}


def saved(path: Path, **changes: Any) -> Path:
    np.savez(path / "file.npz", **arrays(**changes))
    return path / "file.npz"


def test_lengths_cut_the_columns_into_episodes(tmp_path: Path) -> None:
    loaded = load_npz(saved(tmp_path), environment_id="x/Y-v0")
    assert loaded.trajectories.lengths.tolist() == LENGTHS
    assert loaded.trajectories.terminated.tolist() == [True, False, False]
    assert loaded.trajectories.truncated.tolist() == [False, True, False]
    assert (loaded.trajectories.observations == DATA.observations).all()
    assert loaded.observation == CodesSpec((7, 9), int(DATA.observations.max()) + 1)
    assert loaded.environment_id == "x/Y-v0"
    returns = "sum of the rewards in the dataset, undiscounted"
    assert loaded.provenance == {"imported_from": "file.npz", "returns": returns}


def test_ends_per_step_say_the_same_as_lengths(tmp_path: Path) -> None:
    last = np.cumsum(LENGTHS) - 1
    terminated, truncated = np.zeros((2, 9), np.bool_)
    terminated[last[0]], truncated[last[1]] = True, True
    one = load_npz(saved(tmp_path, lengths=None, terminated=terminated, truncated=truncated))
    other = load_npz(saved(tmp_path, terminated=terminated, truncated=truncated))
    for loaded in (one, other):
        assert loaded.trajectories.lengths.tolist() == LENGTHS
        assert loaded.trajectories.terminated.tolist() == [True, False, False]
        assert loaded.trajectories.truncated.tolist() == [False, True, False]


def test_given_spaces_are_used_and_enforced(tmp_path: Path) -> None:
    path = saved(tmp_path)
    assert load_npz(path, action=DiscreteActionSpec(9)).action == DiscreteActionSpec(9)
    with pytest.raises(DataError, match=r"action . is unknown, the actions are 0 to 1"):
        load_npz(path, action=DiscreteActionSpec(2))
    with pytest.raises(DataError, match="a code is unknown"):
        load_npz(path, observation=CodesSpec((7, 9), 2))


def test_vectors_are_recognised(tmp_path: Path) -> None:
    vectors = np.zeros((12, 4), np.float32)
    assert load_npz(saved(tmp_path, observations=vectors)).observation == VectorSpec(4)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"rewards": np.where(np.arange(9) == 3, np.nan, 0.0)}, "episode 1, step 1: reward nan"),
    ({"rewards": np.zeros(8)}, "9 actions and rewards of shape [8]"),
    ({"lengths": np.array([2, 3])}, "add up to 5 steps, there are 9"),
    ({"lengths": np.array([2, 0, 7])}, "at least 1"),
    ({"observations": DATA.observations[:9]}, "keep each episode's final observation"),
    ({"actions": np.full(9, -1)}, "action -1 is unknown"),
    ({"actions": np.zeros((9, 2), np.int64)}, "one integer for each step"),
    (
        {"actions": np.full((9, 1), 2.0), "action_low": [-1.0], "action_high": [1.0]},
        "action [2.] is outside [-1.] to [1.], as are 9 of 9",
    ),
    ({"terminated": np.zeros(5, np.bool_)}, "terminated has shape [5]"),
    ({"truncated": np.arange(9) == 0}, "truncated at step 0, where no episode"),
    ({"lengths": None}, "says nowhere how long"),
    ({"rewards": None}, "lacks rewards; it holds observations, actions"),
    ({"rewards": np.float64(1.0)}, "rewards is a single number"),
    (
        {"actions": np.zeros(0), "rewards": np.zeros(0), "observations": np.zeros((0, 1))},
        "has no episodes",
    ),
    ({"actions": np.array([None] * 9)}, "no readable .npz"),
]


@pytest.mark.parametrize(("changes", "said"), BAD, ids=[said for _, said in BAD])
def test_bad_arrays_are_one_precise_line(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    import re

    with pytest.raises(DataError, match=re.escape(said)) as caught:
        load_npz(saved(tmp_path, **changes))
    assert "\n" not in str(caught.value)


def test_continuous_actions_come_with_their_limits(tmp_path: Path) -> None:
    actions = np.linspace([-1.0, 0.0], [1.0, 4.0], 9)
    limits = {"action_low": np.array([-1.0, 0.0]), "action_high": np.array([1.0, 4.0])}
    loaded = load_npz(saved(tmp_path, actions=actions, **limits))
    assert loaded.action == ContinuousActionSpec((-1.0, 0.0), (1.0, 4.0))
    assert np.array_equal(loaded.trajectories.actions, actions)
    given = load_npz(saved(tmp_path, actions=actions), action=loaded.action)
    assert given.action == loaded.action


LIMITLESS: list[dict[str, Any]] = [
    {"actions": np.zeros((9, 2))},
    {"actions": np.zeros((9, 2)), "action_low": np.zeros(2)},
    {"actions": np.zeros((9, 1)), "action_low": np.array(["-1"]), "action_high": np.array(["1"])},
]


@pytest.mark.parametrize("changes", LIMITLESS)
def test_limits_are_not_guessed_from_the_actions_that_happened(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    with pytest.raises(SpaceError, match="add the arrays action_low and action_high"):
        load_npz(saved(tmp_path, **changes))


def test_images_of_floats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpaceError, match="not supported"):
        load_npz(saved(tmp_path, observations=np.zeros((12, 3, 3))))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short", b"plain text"])
def test_a_file_that_is_no_npz_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"no readable \.npz"):
        load_npz(tmp_path / "file.npz")
    with pytest.raises(DataError, match="does not exist"):
        load_npz(tmp_path / "other.npz")


def test_a_cut_npz_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match=r"no readable \.npz"):
        load_npz(path)
