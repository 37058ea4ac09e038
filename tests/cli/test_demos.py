"""``driftline demos``: made, shown, carried out and in again, and never half."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from driftline.cli.main import run
from driftline.data.minari import load_minari, load_minari_episodes
from driftline.data.minari_root import dataset_ids
from driftline.spaces.specs import CodesSpec, ContinuousActionSpec, DiscreteActionSpec
from tests.data.collected import collect
from tests.data.test_store import assert_same


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = ["demos", "make", "tomato-watering", "--episodes", "3", "--seed", "5", "--skill", "0.9"]
    assert run([*made, "--root", str(tmp_path / "root")]) == 0
    return tmp_path / "root"


def test_made_demonstrations_say_where_they_come_from(root: Path) -> None:
    loaded = load_minari("tomato-watering/scripted-v0", root)
    assert len(loaded) == 3
    assert loaded.environment_id == "driftline/TomatoWatering-v0"
    assert loaded.provenance["skill"] == 0.9
    assert loaded.provenance["seed"] == 5
    assert loaded.provenance["returns"] == "sum of the rewards in the dataset, undiscounted"
    measured = load_minari_episodes("tomato-watering/scripted-v0", root)
    assert not measured.flags["bucket"].any()
    assert np.isfinite(measured.true_returns).all()


def test_the_same_dataset_is_not_made_twice(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = load_minari_episodes("tomato-watering/scripted-v0", root)
    assert run(["demos", "make", "tomato-watering", "--episodes", "2", "--root", str(root)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert_same(load_minari_episodes("tomato-watering/scripted-v0", root), before)


def test_showing_names_returns_provenance_behaviours_and_frames(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(["demos", "show", "tomato-watering/scripted-v0", "--root", str(root)]) == 0
    out = capsys.readouterr().out
    lines = [line.split("\t") for line in out.splitlines()]
    returns = load_minari("tomato-watering/scripted-v0", root).trajectories.returns
    assert ["episodes", "3"] in lines
    assert ["steps", "300"] in lines
    assert ["return, highest", f"{returns.max():.3g}"] in lines
    assert ["return, upper quartile", f"{np.quantile(returns, 0.75):.3g}"] in lines
    assert ["provenance, skill", "0.9"] in lines
    assert ["bucket", "0", "0"] in lines
    assert "episode 0, step 100" in out
    assert "#########" in out


def test_out_and_in_again(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name, out = "tomato-watering/scripted-v0", tmp_path / "out"
    assert run(["demos", "export", name, "--to", str(out), "--root", str(root)]) == 0
    new = tmp_path / "new"
    assert run(["demos", "import", str(out / name), "--id", "mine/a-v1", "--root", str(new)]) == 0
    assert f"stored {new / 'mine/a-v1'}" in capsys.readouterr().out
    assert_same(load_minari_episodes("mine/a-v1", new), load_minari_episodes(name, root))
    assert run(["demos", "export", name, "--to", str(out), "--root", str(root)]) == 2


def test_a_dataset_of_minaris_own_collector_can_be_shown_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = collect(tmp_path / "theirs", "FrozenLake-v1")
    assert run(["demos", "show", name, "--root", str(tmp_path / "theirs")]) == 0
    out = capsys.readouterr().out
    assert "environment\tFrozenLake-v1" in out
    assert "no behaviours were recorded" in out
    theirs = tmp_path / "theirs" / name
    assert run(["demos", "import", str(theirs), "--root", str(tmp_path / "ours")]) == 0
    assert dataset_ids(tmp_path / "ours") == [name]


def saved(path: Path, actions: list[int]) -> Path:
    np.savez(
        path / "file.npz",
        observations=np.array([0, 4, 8, 0, 1]),
        actions=np.array(actions),
        rewards=np.array([0, 0, 1]),
        lengths=np.array([2, 1]),
        terminated=np.array([True, False]),
    )
    return path / "file.npz"


def test_arrays_take_their_spaces_from_the_environment_that_is_named(tmp_path: Path) -> None:
    typed = ["demos", "import", str(saved(tmp_path, [1, 1, 0])), "--id", "lake/mine-v0"]
    typed += ["--root", str(tmp_path)]
    assert run([*typed, "--environment", "FrozenLake-v1"]) == 0
    loaded = load_minari("lake/mine-v0", tmp_path)
    assert (loaded.observation, loaded.action) == (CodesSpec((), 16), DiscreteActionSpec(4))
    assert loaded.environment_id == "FrozenLake-v1"
    assert loaded.trajectories.lengths.tolist() == [2, 1]


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ("FrozenLake-v1", "action 9 is unknown, the actions are 0 to 3"),
        ("NoLake-v1", "Gymnasium cannot make 'NoLake-v1'"),
        ("Blackjack-v1", "observation space Tuple"),
        ("Pendulum-v1", "floating-point numbers for each step are needed"),
    ],
)
def test_bad_arrays_are_refused_and_not_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], environment: str, said: str
) -> None:
    typed = ["demos", "import", str(saved(tmp_path, [1, 9, 0])), "--id", "lake/mine-v0"]
    typed += ["--root", str(tmp_path / "root")]
    assert run([*typed, "--environment", environment]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
    assert dataset_ids(tmp_path / "root") == []


def test_a_file_of_d4rl_takes_its_actions_from_the_environment_that_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw = np.random.default_rng(0)
    columns = {
        "observations": draw.normal(size=(5, 3)).astype(np.float32),
        "actions": draw.uniform(-2.0, 2.0, size=(5, 1)).astype(np.float32),
        "rewards": np.arange(5.0),
        "terminals": np.zeros(5, np.bool_),
    }
    with h5py.File(tmp_path / "file.hdf5", "w") as file:
        for name, each in columns.items():
            file[name] = each
    typed = ["demos", "import", str(tmp_path / "file.hdf5"), "--root", str(tmp_path)]
    assert run(typed) == 2
    assert "--id" in capsys.readouterr().err
    typed += ["--id", "swing/mine-v0"]
    assert run(typed) == 2
    assert "give horizon" in capsys.readouterr().err
    typed += ["--horizon", "2"]
    assert run(typed) == 2
    assert "beyond the -1 to 1" in capsys.readouterr().err
    assert run([*typed, "--environment", "CartPole-v1"]) == 2
    assert run([*typed, "--environment", "Pendulum-v1"]) == 0
    loaded = load_minari("swing/mine-v0", tmp_path)
    assert loaded.environment_id == "Pendulum-v1"
    assert loaded.action == ContinuousActionSpec((-2.0,), (2.0,))
    assert loaded.trajectories.rewards.tolist() == [0.0, 1.0, 2.0, 3.0]
    assert loaded.provenance["left_out_steps"] == 1
