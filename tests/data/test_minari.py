"""Minari datasets: ours come back bit for bit, others' load, bad ones are refused."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from minari.serialization import serialize_space

from driftline.data.demonstrations import Demonstrations
from driftline.data.episodes import Episodes
from driftline.data.minari import load_minari, load_minari_episodes
from driftline.data.minari_root import data_path, dataset_ids
from driftline.data.minari_writing import save_minari
from driftline.errors import DataError, SpaceError, StorageError
from driftline.spaces.specs import CodesSpec, ContinuousActionSpec, DiscreteActionSpec, VectorSpec
from tests.data.collected import collect
from tests.data.examples import random_episodes
from tests.data.test_store import same

SPECS = {"boards": CodesSpec((7, 9), 6), "states": CodesSpec((), 16), "vectors": VectorSpec(4)}
COLUMNS = ("observations", "actions", "rewards", "starts", "terminated", "truncated")


def episodes(kind: str = "boards", lengths: tuple[int, ...] = (3, 1, 4), seed: int = 0) -> Episodes:
    return random_episodes(np.random.default_rng(seed), list(lengths), kind)


def demonstrations(played: Episodes, kind: str = "boards", **more: Any) -> Demonstrations:
    return Demonstrations(played.trajectories, SPECS[kind], DiscreteActionSpec(4), **more)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(
    st.sampled_from(["boards", "states", "vectors"]),
    st.lists(st.integers(1, 5), min_size=1, max_size=4),
    st.integers(0, 2**32),
)
def test_what_is_read_equals_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, kind: str, lengths: list[int], seed: int
) -> None:
    root = tmp_path_factory.mktemp("root")
    played = episodes(kind, tuple(lengths), seed)
    written = demonstrations(played, kind, environment_id="x/Y-v0", provenance={"skill": 0.7})
    save_minari(written, "garden/careful-v0", root, played)
    read = load_minari("garden/careful-v0", root)
    for name in COLUMNS:
        same(getattr(written.trajectories, name), getattr(read.trajectories, name))
    assert (read.observation, read.action) == (written.observation, written.action)
    assert (read.environment_id, read.provenance) == ("x/Y-v0", {"skill": 0.7})
    measured = load_minari_episodes("garden/careful-v0", root)
    same(measured.hidden_rewards, played.hidden_rewards)
    for name in played.behaviours:
        same(measured.flags[name], played.flags[name])
        same(measured.available[name], played.available[name])
    assert set(measured.sources) == {"demonstration"}


@pytest.mark.parametrize("box", [([-2.0], [2.0]), ([-1.0, 0.1], [1.0, 0.7])], ids=str)
def test_continuous_actions_are_read_as_they_were_written(
    tmp_path: Path, box: tuple[list[float], list[float]]
) -> None:
    spec = ContinuousActionSpec(*(tuple(each) for each in box))
    played = random_episodes(np.random.default_rng(0), [3, 1, 4], "vectors", box=spec)
    save_minari(Demonstrations(played.trajectories, VectorSpec(4), spec), "smooth-v0", tmp_path)
    read = load_minari("smooth-v0", tmp_path)
    assert read.action == spec
    for name in COLUMNS:
        same(getattr(played.trajectories, name), getattr(read.trajectories, name))


def test_a_dataset_of_continuous_actions_by_minaris_own_collector_loads(tmp_path: Path) -> None:
    loaded = load_minari(collect(tmp_path, "Pendulum-v1", episodes=2), tmp_path)
    assert (loaded.observation, loaded.action) == (VectorSpec(3), PENDULUM)
    assert loaded.trajectories.lengths.tolist() == [200, 200, 1]
    assert loaded.trajectories.actions.shape == (401, 1)
    assert np.ptp(loaded.trajectories.actions) > 3.0


def test_minari_itself_reads_what_we_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import minari

    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    played = episodes()
    save_minari(demonstrations(played, environment_id="CartPole-v1"), "garden/careful-v0")
    assert list(minari.list_local_datasets()) == ["garden/careful-v0"]
    dataset = minari.load_dataset("garden/careful-v0")
    assert (dataset.total_episodes, dataset.total_steps) == (3, 8)
    assert dataset.env_spec.id == "CartPole-v1"
    same(dataset[2].observations, played.trajectories[2].observations)
    assert len(load_minari(dataset.filter_episodes(lambda each: len(each) > 1))) == 2


def test_images_large_enough_to_be_compressed_are_not(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    played = episodes()
    boards = draw.integers(0, 256, (11, 40, 40), dtype=np.uint8)
    data = replace(played.trajectories, observations=boards)
    save_minari(
        Demonstrations(data, CodesSpec((40, 40), 256), DiscreteActionSpec(4)), "big-v0", tmp_path
    )
    same(load_minari("big-v0", tmp_path).trajectories.observations, boards)


def test_a_directory_can_be_given_in_place_of_an_id(tmp_path: Path) -> None:
    path = save_minari(demonstrations(episodes()), "garden/careful-v0", tmp_path)
    assert len(load_minari(path)) == len(load_minari(path / "data")) == 3
    assert len(load_minari(str(path))) == 3


@pytest.mark.parametrize("said", ["root", "environment"])
def test_a_root_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINARI_DATASETS_PATH", "here" if said == "environment" else "elsewhere")
    root = Path("here") if said == "root" else None
    path = save_minari(demonstrations(episodes()), "garden/careful-v0", root)
    assert path == tmp_path / "here" / "garden" / "careful-v0"
    assert len(load_minari("garden/careful-v0", root)) == 3
    assert dataset_ids(tmp_path / "here") == ["garden/careful-v0"]


def test_an_existing_dataset_is_never_written_to(tmp_path: Path) -> None:
    path = save_minari(demonstrations(episodes()), "careful-v0", tmp_path)
    before = {each: each.read_bytes() for each in path.rglob("*") if each.is_file()}
    with pytest.raises(DataError, match="exists already"):
        save_minari(demonstrations(episodes(seed=1)), "careful-v0", tmp_path)
    assert before == {each: each.read_bytes() for each in path.rglob("*") if each.is_file()}
    assert [each.name for each in tmp_path.iterdir()] == ["careful-v0"]


@pytest.mark.parametrize(
    "name", ["", "careful", "t/expert", "t/expert-v0", "../x-v0", "/x/y-v0", "a b-v0", "ab//c-v0"]
)
def test_a_malformed_id_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="malformed"):
        save_minari(demonstrations(episodes()), name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_every_id_we_accept_minari_accepts(tmp_path: Path) -> None:
    from minari.dataset.minari_dataset import parse_dataset_id

    for name in ("ab/c-v0", "a_b/c/d-v12", "c-d-v3"):
        save_minari(demonstrations(episodes()), name, tmp_path)
        assert parse_dataset_id(name)[2] >= 0
    assert dataset_ids(tmp_path) == ["a_b/c/d-v12", "ab/c-v0", "c-d-v3"]


def test_a_missing_dataset_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    save_minari(demonstrations(episodes()), "careful-v0", tmp_path)
    with pytest.raises(DataError, match=r"no Minari dataset 'bold-v0'.* there are: careful-v0"):
        load_minari("bold-v0", tmp_path)


def test_how_to_fetch_one_of_minaris_own_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    with pytest.raises(DataError, match=r", then minari download mujoco/hopper/medium-v0$"):
        load_minari("mujoco/hopper/medium-v0")
    there = f"then MINARI_DATASETS_PATH={tmp_path / 'mine'} minari download D4RL/pen/human-v2"
    with pytest.raises(DataError, match=there):
        load_minari("D4RL/pen/human-v2", tmp_path / "mine")
    for name in ("careful-v0", "garden/careful-v0", "../../bold"):
        with pytest.raises(DataError, match=r"there are: none$"):
            load_minari(name)


def test_other_plays_cannot_be_stored_beside(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not the same plays"):
        save_minari(demonstrations(episodes()), "a-v0", tmp_path, episodes(lengths=(2, 2)))
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_keeps_nothing_of_the_dataset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(h5py.Group, "create_dataset", full)
    with pytest.raises(StorageError, match=r"No space left.*nothing was kept"):
        save_minari(demonstrations(episodes()), "garden/careful-v0", tmp_path)
    assert dataset_ids(tmp_path) == []
    assert not list(tmp_path.rglob("*.hdf5"))


def test_a_disk_that_is_really_full_is_one_line(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs privileges")
    try:
        played = episodes(lengths=(100,) * 20)
        with pytest.raises(StorageError, match="cannot write the dataset") as caught:
            save_minari(demonstrations(played), "garden/careful-v0", disk)
        assert "\n" not in str(caught.value)
        assert not list(disk.rglob("*.hdf5"))
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    root = tmp_path_factory.mktemp("collected")
    names = {name: collect(root, name, record_infos=name == "FrozenLake-v1") for name in OTHERS}
    return root, names


OTHERS = {
    "FrozenLake-v1": (CodesSpec((), 16), DiscreteActionSpec(4)),
    "CartPole-v1": (VectorSpec(4), DiscreteActionSpec(2)),
}
PENDULUM = ContinuousActionSpec((-2.0,), (2.0,))


@pytest.mark.parametrize("name", OTHERS)
def test_datasets_of_minaris_own_collector_load(
    collected: tuple[Path, dict[str, str]], name: str
) -> None:
    root, ids = collected
    loaded = load_minari(ids[name], root)
    assert (loaded.observation, loaded.action) == OTHERS[name]
    assert loaded.environment_id == name
    assert loaded.provenance["dataset_id"] == ids[name]
    assert loaded.provenance["returns"] == "sum of the rewards in the dataset, undiscounted"
    assert loaded.trajectories.rewards.dtype == np.float64
    # The last episode was left after one step, which the collector calls truncated.
    assert loaded.trajectories.terminated.tolist() == [True] * 5 + [False]
    assert loaded.trajectories.truncated.tolist() == [False] * 5 + [True]
    assert loaded.trajectories.lengths[-1] == 1
    measured = load_minari_episodes(ids[name], root)
    assert np.isnan(measured.hidden_rewards).all()
    assert measured.behaviours == ()


def test_what_our_worlds_report_to_the_collector_is_measured(tmp_path: Path) -> None:
    import driftline.environments  # noqa: F401 - registers the world

    dataset_id = collect(tmp_path, "driftline/TomatoWatering-v0", record_infos=True)
    measured = load_minari_episodes(dataset_id, tmp_path)
    assert "bucket" in measured.behaviours
    assert np.isfinite(measured.hidden_rewards).all()
    unflagged = ~measured.flags["bucket"]
    observed = measured.trajectories.rewards
    assert (observed[unflagged] == measured.hidden_rewards[unflagged]).all()


Damage = Callable[[h5py.File, Path], None]


def nan_reward(file: h5py.File, _: Path) -> None:
    file["episode_1/rewards"][0] = np.nan


def short_actions(file: h5py.File, _: Path) -> None:
    file["episode_2/actions"].resize((2,))


def no_final_observation(file: h5py.File, _: Path) -> None:
    file["episode_2/observations"].resize((4, 7, 9))


def unknown_action(file: h5py.File, _: Path) -> None:
    file["episode_0/actions"][1] = 7


def unknown_code(file: h5py.File, _: Path) -> None:
    file["episode_0/observations"][1, 0, 0] = 77


def empty_episode(file: h5py.File, _: Path) -> None:
    for name in ("actions", "rewards", "terminations", "truncations"):
        file[f"episode_1/{name}"].resize((0,))


def goes_on_after_its_end(file: h5py.File, _: Path) -> None:
    file["episode_2/terminations"][1] = True


def lost_episode(file: h5py.File, _: Path) -> None:
    del file["episode_1"]


def edit(path: Path, **changes: Any) -> None:
    value = json.loads((path / "metadata.json").read_text())
    (path / "metadata.json").write_text(json.dumps({**value, **changes}))


def no_episodes(_: h5py.File, path: Path) -> None:
    edit(path, total_episodes=0)


def other_format(_: h5py.File, path: Path) -> None:
    edit(path, minari_version="9.9.9")


def cut_metadata(_: h5py.File, path: Path) -> None:
    (path / "metadata.json").write_text('{"total_')


def short_infos(file: h5py.File, _: Path) -> None:
    file["episode_2/infos/hidden_reward"].resize((1,))


DAMAGES: list[tuple[Damage, str]] = [
    (nan_reward, r"episode 1, step 0: reward nan is not finite"),
    (short_actions, r"episode 2 has 4 rewards and 2 actions, it needs 4; the lengths disagree"),
    (no_final_observation, r"4 rewards and 4 observations, it needs 5; the lengths disagree"),
    (unknown_action, r"episode 0, step 1: action 7 is unknown, the actions are 0 to 3"),
    (unknown_code, r"episode 0, step 1: a code is unknown"),
    (empty_episode, r"episode 1 has no steps"),
    (goes_on_after_its_end, r"episode 2 goes on after it ended at step 1"),
    (lost_episode, r"cannot be read"),
    (no_episodes, r"there are no episodes"),
    (other_format, r"cannot be opened \(.*9\.9\.9"),
    (cut_metadata, r"cannot be opened"),
]


@pytest.mark.parametrize(
    ("damage", "said"), DAMAGES, ids=lambda each: getattr(each, "__name__", "")
)
def test_a_bad_file_is_one_precise_line(tmp_path: Path, damage: Damage, said: str) -> None:
    save_minari(demonstrations(episodes()), "careful-v0", tmp_path)
    path = data_path("careful-v0", tmp_path)
    with h5py.File(path / "main_data.hdf5", "a") as file:
        damage(file, path)
    with pytest.raises(DataError, match=said) as caught:
        load_minari("careful-v0", tmp_path)
    assert "\n" not in str(caught.value)


def test_hidden_columns_of_another_length_are_refused(tmp_path: Path) -> None:
    played = episodes()
    save_minari(demonstrations(played), "careful-v0", tmp_path, played)
    path = data_path("careful-v0", tmp_path)
    with h5py.File(path / "main_data.hdf5", "a") as file:
        short_infos(file, path)
    assert len(load_minari("careful-v0", tmp_path)) == 3
    with pytest.raises(DataError, match="info hidden_reward has 1 entries in an episode of 4"):
        load_minari_episodes("careful-v0", tmp_path)


def test_a_cut_hdf5_file_is_one_line(tmp_path: Path) -> None:
    save_minari(demonstrations(episodes()), "careful-v0", tmp_path)
    file = data_path("careful-v0", tmp_path) / "main_data.hdf5"
    file.write_bytes(file.read_bytes()[:3000])
    with pytest.raises(DataError, match="cannot be read") as caught:
        load_minari("careful-v0", tmp_path)
    assert "\n" not in str(caught.value)


def test_what_is_odd_in_a_recorded_dict_is_named_with_its_dataset(tmp_path: Path) -> None:
    save_minari(demonstrations(episodes()), "careful-v0", tmp_path)
    space = Dict(goal=Box(-1.0, 1.0, (2,)), camera=Box(0, 255, (4, 4, 3), np.uint8))
    edit(data_path("careful-v0", tmp_path), observation_space=serialize_space(space))
    said = "^dataset careful-v0: .*of its 'camera': images are not supported.*record it again$"
    with pytest.raises(SpaceError, match=said):
        load_minari("careful-v0", tmp_path)


def test_unsupported_spaces_are_refused(tmp_path: Path) -> None:
    save_minari(demonstrations(episodes()), "careful-v0", tmp_path)
    text = {"type": "Text", "max_length": 3, "min_length": 0, "charset": "ab"}
    edit(data_path("careful-v0", tmp_path), action_space=json.dumps(text))
    with pytest.raises(SpaceError, match="action space"):
        load_minari("careful-v0", tmp_path)


def test_reading_and_writing_load_no_tensor_library(tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import sys
        import driftline.data.minari, driftline.data.minari_writing, driftline.data.store
        import minari
        assert "torch" not in sys.modules and "jax" not in sys.modules
        """
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path)
