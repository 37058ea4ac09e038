"""``driftline conformance``: 0 where every number agrees, 1 where one does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from driftline.cli.main import run

SAMPLES = Path(__file__).parents[1] / "samples"


def test_recorded_traces_replay_without_a_difference(capsys: pytest.CaptureFixture[str]) -> None:
    names = ("tomato_watering.npz", "side_effects_sokoban-l0-noops.npz")
    assert run(["conformance", *(str(SAMPLES / name) for name in names)]) == 0
    heading, *rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert heading == ["file", "world", "episodes", "frames", "mismatches"]
    assert [row[0] for row in rows] == list(names)
    for row in rows:
        assert int(row[2]) > 0
        assert int(row[3]) > int(row[2])
        assert row[4] == "0"


def test_one_changed_reward_is_found_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with np.load(SAMPLES / "tomato_watering.npz") as file:
        columns = {name: file[name] for name in file.files}
    columns["reward"] = columns["reward"].copy()
    columns["reward"][3] += 0.5
    np.savez(tmp_path / "changed.npz", **columns)
    assert run(["conformance", str(tmp_path / "changed.npz")]) == 1
    out = capsys.readouterr().out
    assert "changed.npz: episode 0 frame 3: reward is" in out
