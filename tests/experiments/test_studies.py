"""Studies as a person starts, resumes, measures and reports them, and how they refuse."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from driftline.cli.main import run
from driftline.errors import RunError, RunExistsError, UnknownNameError
from driftline.experiments import places, studies
from driftline.experiments.names import CONTROL
from driftline.experiments.plan import OFFLINE, run_path
from driftline.records.run_directory import RunDirectory
from tests.experiments.tiny import FEW, begun, runs_in, same_study, summary_of, tiny

AGENT = "ogm-quantile"


@pytest.fixture
def copied(studied: Path, tmp_path: Path) -> Path:
    """A finished study to do what one likes with."""
    return Path(shutil.copytree(studied, tmp_path / "study"))


def contents(root: Path) -> dict[str, bytes]:
    """Every file of a study but locks, by its path."""
    files = (path for path in root.rglob("*") if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def without_checkpoints(root: Path) -> Path:
    for path in list(root.rglob("checkpoints")):
        shutil.rmtree(path)
    return root


def damage(checkpoint: Path) -> None:
    tensors = next(checkpoint.glob("*.safetensors"))
    tensors.write_bytes(tensors.read_bytes()[:-7])


# Starting


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("moon", {}),
        ("tomato-watering", {"budget": "big"}),
        ("tomato-watering", {"agents": ("gm", "sac")}),
    ],
)
def test_unknown_names_are_refused_before_anything_is_written(
    tmp_path: Path, name: str, options: dict[str, Any]
) -> None:
    with pytest.raises(UnknownNameError):
        studies.run_study(name, out=tmp_path / "study", **options)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_a_study_already_is_not_written_over(copied: Path) -> None:
    before = contents(copied)
    with pytest.raises(RunExistsError, match="go on with: driftline resume"):
        studies.run_study("tomato-watering", out=copied)
    assert contents(copied) == before


def test_a_study_of_chosen_agents_is_of_those_and_the_control(studied: Path) -> None:
    runs = {path.parent.name for path in runs_in(studied)}
    assert runs == {*FEW, CONTROL, OFFLINE}
    summary = summary_of(studied)
    assert list(summary["agents"]) == list(FEW)
    assert list(summary["controls"]) == [CONTROL]


def test_the_manifest_says_all_that_is_fixed_and_who_ran(studied: Path) -> None:
    manifest = RunDirectory.open(studied).manifest
    assert manifest["kind"] == "study"
    assert manifest["seeds"] == [0]
    assert manifest["thresholds"]["kind"] == "Thresholds"
    assert {"python", "numpy", "torch", "driftline"} <= manifest["versions"].keys()
    assert manifest["configuration"]["agents"][1]["name"] == AGENT


# Going on


@pytest.mark.usefixtures("unreported")
def test_going_on_with_a_finished_study_changes_nothing(copied: Path) -> None:
    before = contents(copied)
    assert studies.resume(copied, workers=1) == 0
    assert contents(copied) == before


def test_going_on_with_a_finished_run_changes_nothing(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(copied)
    assert studies.resume(run_path(copied, AGENT, 0)) == 0
    assert contents(copied) == before
    assert capsys.readouterr().out == f"{run_path(copied, AGENT, 0)} is complete\n"


@pytest.mark.usefixtures("unreported")
def test_a_run_that_is_gone_is_run_again_to_the_same_end(copied: Path, studied: Path) -> None:
    shutil.rmtree(run_path(copied, AGENT, 0))
    (copied / "summary.json").unlink()
    assert studies.resume(copied, workers=1) == 0
    assert same_study(copied, studied)


@pytest.mark.usefixtures("unreported")
@pytest.mark.slow
def test_a_demonstrator_that_is_gone_is_made_again_to_the_same_end(
    copied: Path, studied: Path
) -> None:
    """Both the offline run and one that needs it: what a damaged one tells people to delete."""
    shutil.rmtree(run_path(copied, OFFLINE, 0))
    shutil.rmtree(run_path(copied, AGENT, 0))
    assert studies.resume(copied, workers=1) == 0
    assert same_study(copied, studied)


def test_the_time_of_every_sitting_counts(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of one that is killed, but for what passed since it was last written down."""
    now = 100.0
    monkeypatch.setattr(places.time, "perf_counter", lambda: now)
    before, clock = places.wall_seconds(copied), places.Clock(copied)
    for passed, counted in ((10.0, 0.0), (35.0, 45.0), (5.0, 45.0)):
        now += passed
        clock.tick()
        assert places.wall_seconds(copied) == pytest.approx(before + counted)
    clock.add()
    assert places.wall_seconds(copied) == pytest.approx(before + 50.0)


def test_damaged_times_are_told_of(copied: Path) -> None:
    (copied / "wall.json").write_text("{")
    with pytest.raises(RunError, match=r"wall.json is damaged.*delete it"):
        places.wall_seconds(copied)


# Measuring and reporting


def test_a_study_is_measured_again_without_its_agents(copied: Path, studied: Path) -> None:
    (without_checkpoints(copied) / "summary.json").unlink()
    assert studies.measure(copied) == 0
    assert json.loads((copied / "summary.json").read_text()) == json.loads(
        (studied / "summary.json").read_text()
    )
    assert same_study(copied, studied)


def test_a_run_is_measured_again_without_its_agent(copied: Path, studied: Path) -> None:
    path = run_path(without_checkpoints(copied), AGENT, 0)
    assert studies.measure(path) == 0
    measured = json.loads((path / "measures.json").read_text())
    whole = summary_of(studied)["agents"][AGENT]
    for name in ("observed_return", "true_return", "kl_to_demonstrator"):
        assert measured[name]["mean"] == whole[name]["mean"]
    assert measured["environment_steps"] == whole["environment_steps"]
    assert (
        measured["rounds"]["observed_return"]["mean"]
        == (whole["rounds"]["observed_return"]["mean"])
    )


@pytest.mark.usefixtures("unreported")
def test_a_finished_study_is_reported_again(copied: Path, studied: Path) -> None:
    (without_checkpoints(copied) / "summary.json").unlink()
    assert studies.report(copied) == 0
    assert same_study(copied, studied)


@pytest.mark.parametrize("command", [studies.measure, studies.report])
@pytest.mark.parametrize("stopped", ["before", "within"])
def test_a_study_that_is_not_finished_is_neither_measured_nor_reported(
    copied: Path, command: Any, stopped: str
) -> None:
    path = run_path(copied, AGENT, 0)
    (copied / "summary.json").unlink()
    if stopped == "before":
        shutil.rmtree(path)
    else:
        lines = (path / "events.jsonl").read_bytes().splitlines(keepends=True)
        (path / "events.jsonl").write_bytes(b"".join(lines[:-1]))
    with pytest.raises(RunError, match=r"1 runs of .* are not finished; go on with: driftline"):
        command(copied)
    assert not (copied / "summary.json").exists()


@pytest.mark.usefixtures("unreported")
def test_what_was_written_can_be_copied_from_the_screen(
    studied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deep = tmp_path / "[red] a directory with a name that no screen is wide enough for" / "study"
    shutil.copytree(studied, deep)
    said = []
    for command in (studies.report, studies.measure):
        capsys.readouterr()
        assert command(deep) == 0
        said.append(capsys.readouterr().out.splitlines()[-1])
    assert studies.measure(run_path(deep, AGENT, 0)) == 0
    said.append(capsys.readouterr().out.splitlines()[-1])
    assert said == [
        f"wrote {deep / 'summary.json'} and {deep / 'report.html'}",
        f"wrote {deep / 'summary.json'}",
        f"wrote {run_path(deep, AGENT, 0) / 'measures.json'}",
    ]


def test_a_single_run_has_no_report(studied: Path) -> None:
    with pytest.raises(RunError, match="is a single run; give the study's directory"):
        studies.report(run_path(studied, AGENT, 0))


# On the command line


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What a command that is refused says, which is one line; its exit code is 2."""
    capsys.readouterr()
    assert run([str(each) for each in arguments]) == 2
    _, said = capsys.readouterr()
    assert said.startswith("driftline: error: ")
    assert said.count("\n") == 1
    return said


def test_a_damaged_demonstrator_is_one_line_on_the_command_line(
    studied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = begun(tmp_path / "study", tiny())
    offline = run_path(root, OFFLINE, 0)
    shutil.copytree(run_path(studied, OFFLINE, 0), offline)
    damage(RunDirectory.open(offline).checkpoint("demonstrator"))
    said = refused(capsys, "resume", root, "--workers", "1")
    assert "is damaged" in said
    assert "and resume the study, which makes it again" in said


def test_a_damaged_checkpoint_is_one_line_on_the_command_line(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_at = run_path(copied, AGENT, 0)
    (run_at / "events.jsonl").unlink()
    damage(run_at / "checkpoints" / "last")
    for what in (run_at, copied):
        said = refused(capsys, "resume", what, "--workers", "1")
        assert "is damaged" in said
        assert "delete the directory and resume" in said


def test_what_is_not_finished_is_one_line_on_the_command_line(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(run_path(copied, AGENT, 0))
    for command in ("measure", "report"):
        assert "are not finished" in refused(capsys, command, copied)


def test_a_manifest_that_was_changed_is_refused(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = copied / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"episodes_per_round": 4', '"x": 4'))
    for command in ("resume", "measure", "report"):
        assert "was changed after the run began" in refused(capsys, command, copied)
