"""A run's directory: taken once, never overwritten, readable whatever happened."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas
import pyarrow
import pytest

from driftline.errors import RunError, RunExistsError, StorageError
from driftline.records.events import RoundEnded
from driftline.records.run_directory import RunDirectory

GIVEN: dict[str, Any] = {"configuration": {"world": "tomato"}, "seeds": [3], "thresholds": {}}


def table(round: int, rows: int = 2) -> pyarrow.Table:
    return pyarrow.table(
        {"round": [round] * rows, "rewards": [[0.5, float("nan")]] * rows}, metadata={b"k": b"v"}
    )


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory.create(tmp_path / "deep" / "run", GIVEN)


def test_the_manifest_is_there_before_the_first_step_and_comes_back(run: RunDirectory) -> None:
    assert sorted(path.name for path in run.path.iterdir()) == ["manifest.json"]
    opened = RunDirectory.open(run.path)
    assert opened == run
    assert opened.manifest["configuration"] == GIVEN["configuration"]
    assert {"python", "platform", "numpy", "driftline"} <= opened.manifest["versions"].keys()


def test_a_changed_manifest_is_not_opened(run: RunDirectory) -> None:
    value = json.loads((run.path / "manifest.json").read_text())
    value["thresholds"]["any"] = 0.5
    (run.path / "manifest.json").write_text(json.dumps(value))
    with pytest.raises(RunError, match="was changed after the run began"):
        RunDirectory.open(run.path)


@pytest.mark.parametrize("name", ["manifest.json", "thesis.txt", ".hidden"])
def test_a_directory_that_holds_anything_is_refused_and_left_alone(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(RunExistsError, match="choose another --out"):
        RunDirectory.create(tmp_path, GIVEN)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, "mine")]


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(RunExistsError):
        RunDirectory.create(tmp_path / "out", GIVEN)
    with pytest.raises(StorageError):
        RunDirectory.create(tmp_path / "out" / "run", GIVEN)
    assert (tmp_path / "out").read_text() == "mine"


def test_an_empty_directory_may_be_used(tmp_path: Path) -> None:
    assert RunDirectory.create(tmp_path, GIVEN).events() == []


def test_a_start_that_was_killed_can_be_made_again(tmp_path: Path) -> None:
    (tmp_path / ".manifest.json.partial").write_bytes(b"{")
    RunDirectory.create(tmp_path, GIVEN)
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


@pytest.mark.parametrize("place", ["", "missing"])
def test_what_is_no_run_is_not_opened(tmp_path: Path, place: str) -> None:
    with pytest.raises(RunError, match="is no run"):
        RunDirectory.open(tmp_path / place)


def test_episodes_come_back_in_order_of_their_rounds(run: RunDirectory) -> None:
    for round in (11, 2, 100_000):
        run.write_episodes(round, table(round))
    assert run.rounds() == [2, 11, 100_000]
    assert run.read_episodes().column("round").to_pylist() == [2, 2, 11, 11, 100_000, 100_000]
    assert run.read_episodes(first=3, last=11).column("round").to_pylist() == [11, 11]
    assert run.read_episodes().schema.metadata == {b"k": b"v"}
    assert (run.path / "episodes" / "round-00012.parquet").exists() is False


def test_pandas_reads_all_rounds_in_one_line(run: RunDirectory) -> None:
    for round in (1, 0):
        run.write_episodes(round, table(round))
    (run.path / "episodes" / ".round-00002.parquet.partial").write_bytes(b"cut short")
    frame = pandas.read_parquet(run.path / "episodes")
    assert frame["round"].tolist() == [0, 0, 1, 1]
    assert frame["rewards"][0][0] == 0.5


def test_a_round_is_replaced_whole(run: RunDirectory) -> None:
    run.write_episodes(0, table(0, rows=5))
    run.write_episodes(0, table(0, rows=3))
    assert run.read_episodes().num_rows == 3


def test_a_cut_episode_file_is_named_and_the_others_are_readable(run: RunDirectory) -> None:
    run.write_episodes(0, table(0))
    path = run.write_episodes(1, table(1))
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(RunError, match=r"round-00001\.parquet is damaged"):
        run.read_episodes()
    assert run.read_episodes(last=0).num_rows == 2


def test_no_episodes_and_mixed_columns_are_errors(run: RunDirectory) -> None:
    with pytest.raises(RunError, match="holds no episodes"):
        run.read_episodes()
    run.write_episodes(0, table(0))
    run.write_episodes(1, table(1).drop_columns(["rewards"]))
    with pytest.raises(RunError, match="different columns"):
        run.read_episodes()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 256 KiB, where mounting one is allowed."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs privileges")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def fill(run: RunDirectory) -> None:
    """Write and append until the disk is full."""
    noise = pyarrow.table({"round": [0], "bytes": [os.urandom(40_000)]})
    for round in range(100):
        run.write_episodes(round, noise)
        run.append(RoundEnded(round, 99, 0, 0, {}, 0.0, 0.0))


def test_a_full_disk_loses_nothing_that_was_stored(small_disk: Path) -> None:
    run = RunDirectory.create(small_disk / "run", GIVEN)
    with pytest.raises(StorageError, match=r"\Acannot write [^\n]*No space left[^\n]*\Z"):
        fill(run)
    assert not list(run.path.rglob("*.partial"))
    again = RunDirectory.open(run.path)
    stored = [each["round"] for each in again.events()]
    assert stored == list(range(len(stored)))
    assert len(stored) > 2
    assert again.read_episodes(last=stored[-1]).num_rows == len(stored)


def test_a_full_disk_refuses_to_begin_a_run_and_leaves_no_half_manifest(small_disk: Path) -> None:
    (small_disk / "film").write_bytes(bytes(250_000))
    with pytest.raises(StorageError, match="No space left"):
        RunDirectory.create(small_disk / "run", {**GIVEN, "configuration": "x" * 100_000})
    assert list((small_disk / "run").iterdir()) == []
