"""A tiny study of two arenas from start to page, killed and taken up again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from driftline.experiments import finishing, presets, run, studies
from driftline.experiments.arenas.presets import DEMONSTRATED, WANTED
from driftline.experiments.control_config import ControlConfig
from driftline.experiments.gridworlds_config import world_path
from driftline.experiments.names import ARENAS, CONTROL
from driftline.experiments.plan import run_path
from driftline.experiments.run import finished
from driftline.records.events import Event, RoundEnded
from driftline.records.run_directory import RunDirectory
from tests.experiments.conftest import no_report
from tests.experiments.tiny import runs_in, same_run, same_study, summary_of, tiny_arena

NAMES = ("hopper", "hopper-lean")
AGENTS = ("gm", "ogm-quantile")


def tiny_control(
    name: str, budget: str, agents: Any = None, seeds: int | None = None, *_: Any
) -> ControlConfig:
    chosen = tuple(range(seeds or 1))
    arenas = tuple(replace(tiny_arena(each, AGENTS), seeds=chosen) for each in NAMES)
    return ControlConfig(name, budget, arenas)


@pytest.fixture(autouse=True)
def tiny_studies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arenas write no pages of their own, which have their tests."""
    monkeypatch.setattr(presets, "study", tiny_control)
    monkeypatch.setattr(finishing, "write_report", no_report)


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study; tests copy what they change."""
    root = tmp_path_factory.mktemp("control") / "whole"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(presets, "study", tiny_control)
        patch.setattr(finishing, "write_report", no_report)
        assert studies.run_study("control", budget="smoke", out=root, workers=1) == 0
    return root


@pytest.fixture
def copied(studied: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(studied, tmp_path / "copy"))


def test_the_study_says_what_its_arenas_say(studied: Path) -> None:
    whole = summary_of(studied)
    assert list(whole["arenas"]) == list(NAMES)
    for name in NAMES:
        own = summary_of(world_path(studied, name))["scores"]
        mine = whole["arenas"][name]["scores"]
        assert list(mine) == list(own)
        for agent, told in own.items():
            assert {key: mine[agent][key] for key in told} == told
            assert mine[agent]["milestone"] is None
    assert {(each["arena"], each["agent"], each["other"]) for each in whole["pairs"]} == {
        (name, "ogm-quantile", "gm") for name in NAMES
    }
    assert list(whole["alignment_tax"]) == ["hopper-lean"]
    assert whole["left_out"] == [name for name in WANTED if ARENAS[name][0] not in DEMONSTRATED]


def test_the_page_and_the_figures_are_written(studied: Path) -> None:
    page = (studied / "report.html").read_text()
    told = summary_of(studied)
    assert told["answers"][0] in page
    for name in NAMES:
        assert f'href="worlds/{name}/report.html"' in page
    assert {path.stem for path in (studied / "figures").iterdir()} == {"scores", "tax"}


def test_every_arena_is_a_whole_study(copied: Path, studied: Path) -> None:
    path = world_path(copied, NAMES[1])
    assert RunDirectory.open(path).manifest["kind"] == "study"
    (path / "summary.json").unlink()
    assert studies.measure(path) == 0
    assert same_study(path, world_path(studied, NAMES[1]))


def test_a_killed_study_goes_on_to_the_same_numbers(
    studied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a run of the first arena, before the second has any."""
    whole, rounds = run.execute, []

    def killed(each: RunDirectory) -> Iterator[Event]:
        for event in whole(each):
            rounds.append(isinstance(event, RoundEnded))
            if sum(rounds) == 4:
                raise KeyboardInterrupt
            yield event

    root = tmp_path / "killed"
    with monkeypatch.context() as patch:
        patch.setattr(run, "execute", killed)
        with pytest.raises(KeyboardInterrupt):
            studies.run_study("control", budget="smoke", out=root, workers=1)
    assert finished(run_path(world_path(root, NAMES[0]), "gm", 0))
    assert not finished(run_path(world_path(root, NAMES[0]), "ogm-quantile", 0))
    assert not runs_in(world_path(root, NAMES[1]))
    assert not (root / "summary.json").exists()
    assert studies.resume(root, workers=1) == 0
    for name in NAMES:
        assert same_study(world_path(root, name), world_path(studied, name))
    assert summary_of(root) == summary_of(studied)


def test_measuring_and_reporting_again_change_no_number(copied: Path, studied: Path) -> None:
    for command in (studies.measure, partial(studies.report, workers=1)):
        (copied / "summary.json").unlink()
        (world_path(copied, NAMES[0]) / "summary.json").unlink()
        assert command(copied) == 0
        assert summary_of(copied) == summary_of(studied)
        assert same_study(world_path(copied, NAMES[0]), world_path(studied, NAMES[0]))


def test_a_summary_is_plain(studied: Path) -> None:
    def refuse(name: str) -> None:
        raise AssertionError(name)

    json.loads((studied / "summary.json").read_text(), parse_constant=refuse)


@pytest.mark.slow
def test_a_study_extends_another_arena_by_arena(studied: Path, tmp_path: Path) -> None:
    out = tmp_path / "extended"
    assert studies.run_study("control", seeds=2, out=out, extends=studied, workers=1) == 0
    taken = 0
    for name in NAMES:
        arena, before = world_path(out, name), world_path(studied, name)
        assert RunDirectory.open(arena).manifest["taken_over"]["runs"] == len(runs_in(before))
        assert all(same_run(arena / each, before / each) for each in runs_in(before))
        taken += len(runs_in(before))
    assert RunDirectory.open(out).manifest["taken_over"]["runs"] == taken
    (openly,) = (each for each in runs_in(world_path(out, NAMES[1])) if CONTROL in str(each))
    assert openly == run_path(Path(), CONTROL, 0)  # a control plays the first half of the seeds
    assert summary_of(out)["pairs"][0]["last"]["seeds"] == 2


@pytest.mark.slow
def test_two_processes_report_what_one_does(
    copied: Path, studied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # what is patched here stays as it is in other processes
    assert studies.report(copied, workers=2) == 0
    assert summary_of(copied) == summary_of(studied)
    for name in NAMES:
        assert (world_path(copied, name) / "report.html").exists()
