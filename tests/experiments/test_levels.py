"""Robots' demonstrations are as many as was asked for, and the same every time."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest

import driftline as dl
from driftline.cli.main import run
from driftline.data.minari import load_minari, load_minari_episodes
from driftline.environments.mujoco import levels as shipped
from driftline.environments.mujoco.policy import Layer, Policy, Snapshot, save_snapshots
from driftline.errors import SettingsError
from driftline.experiments.levels import demonstrate_level
from driftline.experiments.stages import stage
from driftline.spaces.specs import ContinuousActionSpec, VectorSpec
from tests.data.test_store import assert_same


def test_so_many_steps_are_the_fewest_episodes_that_have_them() -> None:
    played = demonstrate_level("hopper", "random", 0, steps=3000)
    lengths = played.trajectories.lengths
    assert lengths.sum() >= 3000 > lengths[:-1].sum()
    assert set(played.sources) == {"random"}
    more = demonstrate_level("hopper", "random", 0, steps=3500)
    assert_same(more.take(np.arange(len(played))), played)
    assert not np.array_equal(
        played.observed_returns[:5],
        demonstrate_level("hopper", "random", 1, steps=3000).observed_returns[:5],
    )


def test_what_should_be_paid_is_hidden_where_leaning_is_paid() -> None:
    plain = demonstrate_level("hopper", "random", 0, episodes=20)
    paid = demonstrate_level("hopper", "random", 0, episodes=20, proxy="lean")
    assert np.array_equal(plain.true_returns, plain.observed_returns)
    assert np.array_equal(plain.true_returns, paid.true_returns)
    assert not np.array_equal(paid.true_returns, paid.observed_returns)
    assert plain.flags["falls"].sum() == 20


@pytest.mark.parametrize(
    ("wanted", "told"), [({"episodes": 150}, [64 / 150, 128 / 150, 1.0]), ({"steps": 3000}, None)]
)
def test_recording_tells_how_far_it_is(wanted: dict[str, int], told: list[float] | None) -> None:
    shares: list[float] = []
    played = demonstrate_level("hopper", "random", 0, **wanted, told=shares.append)
    assert_same(played, demonstrate_level("hopper", "random", 0, **wanted))
    if told is not None:
        assert shares == pytest.approx(told)
    assert len(shares) > 1
    assert shares == sorted(set(shares))
    assert shares[-1] == 1.0 > shares[-2]


def test_either_episodes_or_steps_are_given() -> None:
    with pytest.raises(SettingsError, match="give either how many episodes or how many steps"):
        demonstrate_level("hopper", "random", 0)


def test_policies_that_are_not_there_are_missed_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    with pytest.raises(SettingsError, match="hopper has no behaviour policies, only the level"):
        demonstrate_level("hopper", "medium", 0, episodes=1)


def test_a_dataset_names_the_policies_that_made_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    resting = Policy((still(4),), still(3, 4), still(3, 4))
    file = tmp_path / "hopper.safetensors"
    save_snapshots(file, [Snapshot(1, resting, (100.0,))], {"algorithm": "SAC"})
    made = ["demos", "make", "hopper", "--level", "expert", "--episodes", "1"]
    assert run([*made, "--root", str(tmp_path / "root")]) == 0
    provenance = load_minari("hopper/expert-v0", tmp_path / "root").provenance
    assert provenance["demonstrator"] == "SAC"
    assert provenance["policies_sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()


def still(outputs: int, inputs: int = 11) -> Layer:
    return np.zeros((outputs, inputs), np.float32), np.zeros(outputs, np.float32)


def test_policies_of_a_level_are_those_that_play_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    loud = (np.zeros((3, 4), np.float32), np.full(3, 2.0, np.float32))
    quiet = (np.zeros((3, 4), np.float32), np.full(3, -20.0, np.float32))
    pushing = Policy((still(4),), loud, quiet)
    resting = Policy((still(4),), quiet, quiet)
    found = [Snapshot(1, resting, (100.0,)), Snapshot(2, pushing, (900.0,))]
    save_snapshots(tmp_path / "hopper.safetensors", found, {})
    best = demonstrate_level("hopper", "expert", 0, episodes=2).trajectories.actions
    assert best == pytest.approx(np.tanh(2.0), abs=1e-3)
    both = demonstrate_level("hopper", "medium-replay", 0, episodes=2)
    first, second = (each.actions for each in both.trajectories)
    assert first == pytest.approx(-1.0)
    assert second == pytest.approx(np.tanh(2.0), abs=1e-3)


def test_the_command_records_a_level(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = ["demos", "make", "hopper", "--level", "random", "--root", str(tmp_path)]
    assert run([*made, "--steps", "500"]) == 0
    assert "stored" in capsys.readouterr().out
    loaded = load_minari("hopper/random-v0", tmp_path)
    assert loaded.environment_id == "Hopper-v5"
    assert loaded.observation == VectorSpec(11)
    assert loaded.action == ContinuousActionSpec((-1.0,) * 3, (1.0,) * 3)
    assert loaded.trajectories.steps >= 500
    assert loaded.provenance["level"] == "random"
    assert loaded.provenance["returns"] == "sum of the rewards in the dataset, undiscounted"
    assert "policies_sha256" not in loaded.provenance
    measured = load_minari_episodes("hopper/random-v0", tmp_path)
    assert measured.flags["falls"].sum() == len(loaded)


@pytest.mark.parametrize(
    ("task", "package", "extra"),
    [("lava-gap", "minigrid", "minigrid"), ("pointmaze-umaze", "gymnasium_robotics", "maze")],
)
def test_what_the_command_records_goes_online_where_it_was_recorded(
    tmp_path: Path, task: str, package: str, extra: str
) -> None:
    pytest.importorskip(package, reason=f"{task} needs driftline[{extra}]")
    made = ["demos", "make", task, "--root", str(tmp_path), "--level", "expert"]
    assert run([*made, "--episodes", "3"]) == 0
    demonstrations = dl.load_minari(f"{task}/expert-v0", tmp_path)
    small = dl.TransformerConfig(width=16, layers=1, heads=2, context_length=4)
    model = dl.fit(demonstrations, model=small, offline=dl.OfflineSettings(updates=1))
    events = dl.go_online(
        model,
        demonstrations,
        run=tmp_path / "run",
        online=dl.OnlineSettings(dl.Unconditioned(), updates_per_round=1),
        rounds=dl.RoundSettings(rounds=1, episodes_per_round=2),
    )
    collected = [each for each in events if isinstance(each, dl.RoundCollected)]
    assert [each.round for each in collected] == [0]
    flags = dl.measure_run(tmp_path / "run").behaviours
    assert set(flags) == {each.name for each in stage(task).behaviours}


def test_a_dataset_is_shown_where_its_simulator_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("minigrid", reason="rooms need driftline[minigrid]")
    made = ["demos", "make", "lava-gap", "--root", str(tmp_path), "--episodes", "1"]
    assert run(made) == 0
    monkeypatch.setitem(sys.modules, "minigrid", None)
    assert run(["demos", "show", "lava-gap/medium-v0", "--root", str(tmp_path)]) == 0
    assert "environment\tdriftline/LavaGap-v0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["hopper", "--skill", "0.5"], "--skill is for gridworlds; hopper has --level"),
        (["boat-race", "--level", "medium"], "boat-race has --skill and --episodes"),
        (["hopper", "--steps", "5", "--episodes", "5"], "give one of them"),
        (["hopper", "--steps", "0"], "--steps is at least 1, got 0"),
        (["hopper", "--level", "best"], "unknown level 'best'; the levels are random"),
        (["hop"], "unknown world or task 'hop'; the worlds and tasks are"),
    ],
)
def test_what_does_not_fit_is_refused(
    given: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["demos", "make", *given, "--root", str(tmp_path)]) == 2
    assert message in capsys.readouterr().err
