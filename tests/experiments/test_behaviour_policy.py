"""A study's demonstrations are of the same behaviour policies throughout, or nobody knows."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from driftline.environments.mujoco import levels as shipped
from driftline.environments.mujoco.levels import FOLDER
from driftline.environments.mujoco.policy import load_snapshots, save_snapshots
from driftline.errors import RunError
from driftline.experiments import presets, studies
from driftline.experiments.arena_config import LevelConfig
from driftline.experiments.behaviour_policy import POLICY, told_policy
from driftline.experiments.config import StudyConfig
from driftline.experiments.plan import OFFLINE, plan, run_path
from driftline.experiments.run import begin
from driftline.records.manifest import sealed
from driftline.records.run_directory import RunDirectory
from driftline.records.whole import write_whole
from tests.experiments.tiny import begun, same_study, tiny, tiny_arena

NAME = "hopper.safetensors"


def medium(seeds: int = 1) -> StudyConfig:
    shown = LevelConfig("medium", steps=100, held_out=30)
    whole = replace(tiny_arena("hopper", ("gm",)), seeds=tuple(range(seeds)))
    return replace(whole, demonstrations=shown)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unreported: None) -> Path:
    """Where policies are installed, of one robot alone."""
    found = tmp_path / "policies"
    found.mkdir()
    shutil.copy(FOLDER / NAME, found)
    monkeypatch.setattr(shipped, "FOLDER", found)
    monkeypatch.setattr("driftline.experiments.levels.COPIES", 2)
    return found


def install_others(folder: Path) -> None:
    snapshots, provenance = load_snapshots(FOLDER / NAME)
    save_snapshots(folder / NAME, snapshots, {**provenance, "seed": "another"})


def test_a_level_that_policies_play_names_their_file(folder: Path, tmp_path: Path) -> None:
    known = hashlib.sha256((FOLDER / NAME).read_bytes()).hexdigest()
    offline, rounds = (begin(each.path, each.config) for each in plan(tmp_path / "a", medium()))
    assert offline.manifest[POLICY] == known
    assert POLICY not in rounds.manifest
    for config in (tiny_arena("hopper"), tiny_arena("pendulum"), tiny()):
        assert told_policy(config) == {}
    install_others(folder)
    assert told_policy(medium()) not in ({}, {POLICY: known})


def test_runs_of_other_policies_are_not_taken_over(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presets, "study", lambda *_: medium())
    earlier, out, again = (tmp_path / name for name in ("earlier", "out", "again"))
    options: dict[str, Any] = {"extends": earlier, "workers": 1}
    assert studies.run_study("hopper", out=earlier, workers=1) == 0
    install_others(folder)
    with pytest.raises(RunError, match="differ in the behaviour policies that demonstrate"):
        studies.run_study("hopper", out=out, **options)
    assert not out.exists()
    # An older version did not say which they were.
    manifest = RunDirectory.open(run_path(earlier, OFFLINE, 0)).manifest
    unsaid = sealed({name: each for name, each in manifest.items() if name != POLICY})
    write_whole(run_path(earlier, OFFLINE, 0) / "manifest.json", json.dumps(unsaid).encode())
    assert studies.run_study("hopper", out=again, **options) == 0
    assert same_study(again, earlier)


def test_a_study_is_not_gone_on_with_by_others(folder: Path, tmp_path: Path) -> None:
    root = begun(tmp_path / "hopper", medium(seeds=2))
    first = plan(root, medium(seeds=2))[0]
    begin(first.path, first.config)
    install_others(folder)
    with pytest.raises(RunError, match=r"seed-000 are of other behaviour policies than those"):
        studies.resume(root, workers=1)
    shutil.copy(FOLDER / NAME, folder)
    assert studies.resume(root, workers=1) == 0
    install_others(folder)
    assert studies.resume(root, workers=1) == 0  # there is nothing left to do
