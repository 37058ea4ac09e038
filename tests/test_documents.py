"""What the guides show is true: their programs run, in order, as a reader would run them."""

from __future__ import annotations

import gc
import re
import shlex
import warnings
from pathlib import Path
from typing import Any

import pytest

import driftline as dl
from driftline.cli.main import run as command_line
from driftline.records.run_directory import RunDirectory
from tests.experiments.recorded import dry_lake, record, walker

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(path: Path, *languages: str) -> list[tuple[str, str, int]]:
    """Language, text and first line of the fenced blocks of these languages."""
    text = path.read_text()
    return [
        (each[1], each[2], text.count("\n", 0, each.start()) + 1)
        for each in BLOCK.finditer(text)
        if each[1] in languages
    ]


def follow(path: Path, *languages: str) -> dict[str, Any]:
    """Run the blocks one after the other; returns the names they leave behind."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for language, text, line in blocks(path, *languages):
        if language == "sh":
            for command in filter(None, text.splitlines()):
                assert command_line(shlex.split(command)[1:]) == 0, command
        else:
            # The blank lines put errors where they are in the document.
            exec(compile("\n" * line + text, str(path), "exec"), names)
    return names


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory of one's own, in which one stands."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "datasets"))
    return tmp_path


def test_the_guide_to_your_own_environment_runs_as_it_stands(
    reader: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the collector asks for authors and links
        left = follow(ROOT / "docs/your-own-environment.md", "python", "sh")
        gc.collect()
    said = capsys.readouterr().out
    demonstrated = left["demos"].trajectories.returns.mean()
    assert abs(left["imitating"].observed_returns.mean() - demonstrated) < 0.15
    assert left["played"].observed_returns.mean() > demonstrated + 0.1
    assert left["measures"].true_return.value < left["measures"].observed_return.value
    assert "outside the data's range 0 to 1" in said
    assert list(left["episodes"].groupby("round").size()) == [32] * 6
    swung = dl.read_episodes("runs/swings")
    assert set(swung.commanded_returns) == {left["swings"].trajectories.returns.max()}
    assert swung.trajectories.steps == 600
    judged = RunDirectory.open(reader / "runs/swings").events()
    steps = [each["environment_steps"] for each in judged if each["event"] == "Judged"]
    assert steps == [0, 400, 600]


def test_the_programs_of_the_front_page_run(reader: Path) -> None:
    record(reader / "datasets", "lake/mine-v0", dry_lake, walker, 100)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        follow(ROOT / "README.md", "python")
