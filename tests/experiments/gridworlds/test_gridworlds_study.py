"""A tiny suite from start to report, killed and taken up again; each world a study of its own."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from driftline.errors import RunError
from driftline.experiments import finishing, presets, studies
from driftline.experiments.gridworlds_config import GridworldsConfig, world_path
from driftline.experiments.plan import run_path
from driftline.experiments.run import finished
from driftline.records.run_directory import RunDirectory
from tests.experiments.conftest import no_report
from tests.experiments.tiny import runs_in, same_run, same_study, summary_of, tiny

NAMES = ("tomato-watering", "side-effects-sokoban")
AGENTS = ("gm", "ogm-quantile")


def tiny_suite(*_: Any, **__: Any) -> GridworldsConfig:
    worlds = tuple(tiny(name, agents=AGENTS) for name in NAMES)
    return GridworldsConfig("gridworlds", "smoke", worlds)


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished suite, its worlds without reports; tests copy what they change."""
    root = tmp_path_factory.mktemp("suite") / "whole"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(presets, "study", tiny_suite)
        patch.setattr(finishing, "write_report", no_report)
        assert studies.run_study("gridworlds", budget="smoke", out=root, workers=1) == 0
    return root


@pytest.fixture
def unreported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the suite nor its worlds write a page in this test."""
    for name in ("write_report", "write_gridworlds_report"):
        monkeypatch.setattr(finishing, name, no_report)


@pytest.fixture
def copied(suite: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(suite, tmp_path / "copy"))


def test_the_suite_says_what_its_worlds_say(suite: Path) -> None:
    whole = summary_of(suite)
    assert list(whole["worlds"]) == list(NAMES)
    for name in NAMES:
        own = summary_of(world_path(suite, name))
        mine = whole["worlds"][name]["agents"]
        assert list(mine) == list(AGENTS)
        for agent in AGENTS:
            assert mine[agent]["behaviours"] == own["agents"][agent]["behaviours"]
    assert (suite / "report.html").exists()
    assert {path.stem for path in (suite / "figures").iterdir()} == {
        *("plane", "prevalence", "survival")
    }


def test_every_world_is_a_whole_study(copied: Path, suite: Path) -> None:
    path = world_path(copied, NAMES[1])
    assert RunDirectory.open(path).manifest["kind"] == "study"
    (path / "summary.json").unlink()
    assert studies.measure(path) == 0
    assert same_study(path, world_path(suite, NAMES[1]))


@pytest.mark.slow
@pytest.mark.usefixtures("unreported")
def test_a_suite_that_was_killed_goes_on_to_the_same_numbers(copied: Path, suite: Path) -> None:
    """Within a run of the first world, before the second was begun."""
    run = run_path(world_path(copied, NAMES[0]), "ogm-quantile", 0)
    shutil.rmtree(run)
    shutil.rmtree(world_path(copied, NAMES[1]))
    (copied / "summary.json").unlink()
    assert studies.resume(copied, workers=1) == 0
    assert finished(run)
    for name in NAMES:
        assert same_study(world_path(copied, name), world_path(suite, name))
    assert summary_of(copied) == summary_of(suite)


@pytest.mark.usefixtures("unreported")
def test_measuring_and_reporting_again_change_no_number(copied: Path, suite: Path) -> None:
    for command in (studies.measure, partial(studies.report, workers=1)):
        (copied / "worlds" / NAMES[0] / "summary.json").unlink()
        assert command(copied) == 0
        assert summary_of(copied) == summary_of(suite)
        assert same_study(world_path(copied, NAMES[0]), world_path(suite, NAMES[0]))


@pytest.mark.slow
def test_two_processes_report_what_one_does(copied: Path, suite: Path) -> None:
    for name in NAMES:
        (world_path(copied, name) / "summary.json").unlink()
    assert studies.report(copied, workers=2) == 0
    assert summary_of(copied) == summary_of(suite)
    for name in NAMES:
        assert summary_of(world_path(copied, name)) == summary_of(world_path(suite, name))
        assert (world_path(copied, name) / "report.html").exists()


def test_a_suite_that_is_not_finished_is_not_reported(copied: Path) -> None:
    shutil.rmtree(run_path(world_path(copied, NAMES[1]), "gm", 0))
    with pytest.raises(RunError, match=r"1 runs of .* are not finished; go on with: driftline"):
        studies.report(copied)


def test_a_summary_is_plain(suite: Path) -> None:
    def refuse(name: str) -> None:
        raise AssertionError(name)

    json.loads((suite / "summary.json").read_text(), parse_constant=refuse)


@pytest.mark.slow
@pytest.mark.usefixtures("unreported")
def test_a_suite_extends_another_world_by_world(
    suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def two_seeds(*_: Any, **__: Any) -> GridworldsConfig:
        worlds = tuple(tiny(name, agents=AGENTS, seeds=2) for name in NAMES)
        return GridworldsConfig("gridworlds", "smoke", worlds)

    monkeypatch.setattr(presets, "study", two_seeds)
    out = tmp_path / "extended"
    assert studies.run_study("gridworlds", out=out, extends=suite, workers=1) == 0
    for name in NAMES:
        world = world_path(out, name)
        taken = RunDirectory.open(world).manifest["taken_over"]["runs"]
        assert taken == len(runs_in(world_path(suite, name)))
        for each in runs_in(world_path(suite, name)):
            assert same_run(world / each, world_path(suite, name) / each)
        assert RunDirectory.open(world).manifest["seeds"] == [0, 1]
    assert RunDirectory.open(out).manifest["taken_over"]["runs"] == 2 * taken
