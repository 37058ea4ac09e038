"""D4RL files become demonstrations, with every reward, or a line that says what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from driftline.data.d4rl import load_d4rl
from driftline.data.returns import flat_returns_to_go
from driftline.errors import DataError, SpaceError
from driftline.spaces.specs import ContinuousActionSpec, DiscreteActionSpec, VectorSpec

LENGTHS = [3, 1, 4]
LEFT_OUT = 2
STEPS = sum(LENGTHS) + LEFT_OUT
LAST = np.cumsum(LENGTHS) - 1


def columns(**changes: Any) -> dict[str, Any]:
    """Three episodes, the second and third cut off, and two steps of a fourth."""
    draw = np.random.default_rng(0)
    observations = draw.normal(size=(STEPS, 5)).astype(np.float32)
    following = np.roll(observations, -1, axis=0)
    following[LAST] = draw.normal(size=(3, 5))
    terminals, timeouts = np.zeros((2, STEPS), np.bool_)
    terminals[LAST[0]], timeouts[LAST[1:]] = True, True
    whole = {
        "observations": observations,
        "actions": draw.uniform(-1.0, 1.0, size=(STEPS, 2)).astype(np.float32),
        "rewards": draw.normal(size=STEPS).astype(np.float32),
        "terminals": terminals,
        "timeouts": timeouts,
        "next_observations": following,
        **changes,
    }
    return {name: each for name, each in whole.items() if each is not None}


def saved(path: Path, **changes: Any) -> Path:
    with h5py.File(path / "hopper.hdf5", "w") as file:
        for name, each in columns(**changes).items():
            file[name] = each
        file["metadata/algorithm"] = "SAC"
    return path / "hopper.hdf5"


def test_terminals_and_timeouts_cut_the_steps_into_episodes(tmp_path: Path) -> None:
    given, loaded = columns(), load_d4rl(saved(tmp_path), environment_id="Hopper-v5")
    data = loaded.trajectories
    assert data.lengths.tolist() == LENGTHS
    assert data.terminated.tolist() == [True, False, False]
    assert data.truncated.tolist() == [False, True, True]
    assert (loaded.observation, loaded.action) == (
        VectorSpec(5),
        ContinuousActionSpec((-1.0, -1.0), (1.0, 1.0)),
    )
    for number, episode in enumerate(data):
        mine = slice(LAST[number] + 1 - LENGTHS[number], LAST[number] + 1)
        assert np.array_equal(episode.observations[:-1], given["observations"][mine])
        assert np.array_equal(episode.observations[1:], given["next_observations"][mine])
        assert np.array_equal(episode.actions, given["actions"][mine])
        assert episode.rewards.sum() == pytest.approx(given["rewards"][mine].sum())
    assert loaded.environment_id == "Hopper-v5"
    assert loaded.provenance == {
        "imported_from": "hopper.hdf5",
        "format": "d4rl",
        "returns": "sum of the rewards in the file, undiscounted",
        "final_observations": "next_observations",
        "left_out_steps": LEFT_OUT,
    }


def test_without_next_observations_no_reward_is_lost(tmp_path: Path) -> None:
    whole = load_d4rl(saved(tmp_path))
    (tmp_path / "second").mkdir()
    loaded = load_d4rl(saved(tmp_path / "second", next_observations=None))
    assert np.array_equal(loaded.trajectories.returns, whole.trajectories.returns)
    for episode in loaded.trajectories:
        assert np.array_equal(episode.observations[-1], episode.observations[-2])
    assert loaded.provenance["final_observations"] == "the last one again"


def test_a_file_that_ends_with_an_episode_loses_nothing(tmp_path: Path) -> None:
    ended = columns()["timeouts"]
    ended[-1] = True
    loaded = load_d4rl(saved(tmp_path, timeouts=ended, next_observations=None))
    assert loaded.trajectories.lengths.tolist() == [*LENGTHS, LEFT_OUT]
    assert loaded.provenance["left_out_steps"] == 0


def test_a_horizon_stands_for_timeouts(tmp_path: Path) -> None:
    loaded = load_d4rl(saved(tmp_path, timeouts=None), horizon=2)
    assert loaded.trajectories.lengths.tolist() == [2, 1, 2, 2, 2]
    assert loaded.trajectories.terminated.tolist() == [False, True, False, False, False]
    assert loaded.provenance["left_out_steps"] == STEPS - 9


def test_returns_to_go_are_those_of_each_episode(tmp_path: Path) -> None:
    data = load_d4rl(saved(tmp_path)).trajectories
    found = flat_returns_to_go(data.rewards, data.starts)
    assert found[data.starts[:-1]] == pytest.approx(data.returns)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"terminals": None}, "lacks terminals"),
    ({"rewards": np.zeros(3, np.float32)}, "3 rewards"),
    ({"timeouts": None}, "give horizon"),
    ({"timeouts": np.zeros(STEPS), "terminals": np.zeros(STEPS)}, "no whole episode"),
    ({"next_observations": np.zeros((STEPS, 3), np.float32)}, "must be alike"),
    ({"rewards": np.zeros((STEPS, 1))}, "one number for each step"),
    ({"rewards": np.full(STEPS, np.nan)}, "episode 0, step 0: reward nan"),
]


@pytest.mark.parametrize(("changes", "words"), WRONG, ids=[words for _, words in WRONG])
def test_what_is_wrong_is_named(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        load_d4rl(saved(tmp_path, **changes))


def test_rounding_past_an_edge_is_taken_back(tmp_path: Path) -> None:
    actions = np.full((STEPS, 2), 1.000001)
    assert (load_d4rl(saved(tmp_path, actions=actions)).trajectories.actions == 1.0).all()


def test_rounding_past_an_edge_of_the_box_that_is_given_is_taken_back(tmp_path: Path) -> None:
    box = ContinuousActionSpec((-0.4, 0.0), (0.4, 3.0))
    past = np.tile([-0.400001, 3.00001], (STEPS, 1))
    found = load_d4rl(saved(tmp_path, actions=past), action=box).trajectories.actions
    assert (found == [-0.4, 3.0]).all()
    farther = np.tile([-0.400001, 3.0001], (STEPS, 1))
    with pytest.raises(DataError, match=r"episode 0, step 0: action .* is outside"):
        load_d4rl(saved(tmp_path, actions=farther), action=box)
    with pytest.raises(DataError, match="2 floating-point numbers for each step are needed"):
        load_d4rl(saved(tmp_path, actions=np.zeros((STEPS, 3))), action=box)


def test_spaces_that_the_file_cannot_have_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpaceError, match="beyond the -1 to 1"):
        load_d4rl(saved(tmp_path, actions=np.full((STEPS, 2), 1.5)))
    with pytest.raises(SpaceError, match=r"action=dl\.DiscreteActionSpec"):
        load_d4rl(saved(tmp_path, actions=np.zeros(STEPS, np.int64)))
    chosen = DiscreteActionSpec(2)
    loaded = load_d4rl(saved(tmp_path, actions=np.zeros(STEPS, np.int64)), action=chosen)
    assert loaded.action == chosen
    images = np.zeros((STEPS, 4, 4), np.float32)
    with pytest.raises(SpaceError, match="floating-point vectors"):
        load_d4rl(saved(tmp_path, observations=images, next_observations=None))


def test_a_group_in_an_array_s_place_is_named(tmp_path: Path) -> None:
    path = saved(tmp_path, observations=None, next_observations=None)
    with h5py.File(path, "a") as file:
        file["observations/body"] = np.zeros((STEPS, 5), np.float32)
    with pytest.raises(DataError, match=r"a group of arrays as observations, where .* one array"):
        load_d4rl(path)


def test_what_is_no_file_of_d4rl_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        load_d4rl(tmp_path / "none.hdf5")
    (tmp_path / "text.hdf5").write_text("rewards: 1, 2, 3")
    with pytest.raises(DataError, match="no readable HDF5"):
        load_d4rl(tmp_path / "text.hdf5")
    with pytest.raises(DataError, match="a horizon is 1 step or more"):
        load_d4rl(saved(tmp_path, timeouts=None), horizon=0)
