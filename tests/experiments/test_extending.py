"""A study that extends another does only what is new, and ends as one that did it all."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from driftline.errors import RunError, RunExistsError, StorageError
from driftline.experiments import extending, presets, run, studies
from driftline.experiments.extending import shared_runs, take_over
from driftline.experiments.places import set_seconds, wall_seconds
from driftline.experiments.plan import OFFLINE, plan, run_path
from driftline.records.run_directory import RunDirectory
from tests.experiments.tiny import FEW, runs_in, same_run, same_study, tiny

TINY: dict[str, Any] = {"budget": "smoke", "agents": FEW, "workers": 1}


@pytest.fixture(autouse=True)
def tiny_studies(monkeypatch: pytest.MonkeyPatch, unreported: None) -> None:
    monkeypatch.setattr(presets, "study", tiny)


@pytest.fixture
def earlier(studied: Path, tmp_path: Path) -> Path:
    """A finished study of one seed to do what one likes with."""
    return Path(shutil.copytree(studied, tmp_path / "earlier"))


def forget_the_end(path: Path) -> None:
    """Make a finished run one that is not."""
    events = path / "events.jsonl"
    events.write_text("".join(events.read_text().splitlines(keepends=True)[:-1]))


def test_an_extended_study_is_the_larger_one(
    earlier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[Path] = []
    execute = run.execute
    monkeypatch.setattr(run, "execute", lambda each: done.append(each.path) or execute(each))
    set_seconds(earlier, 90.0)
    out = tmp_path / "extended"
    assert studies.run_study("tomato-watering", seeds=2, out=out, extends=earlier, **TINY) == 0
    new = [path.relative_to(out) for path in done]
    assert new
    assert set(new) == set(runs_in(out)) - set(runs_in(earlier))
    whole = tmp_path / "whole"
    assert studies.run_study("tomato-watering", seeds=2, out=whole, **TINY) == 0
    assert same_study(out, whole)
    told = RunDirectory.open(out).manifest["taken_over"]
    assert (told["runs"], told["of"]) == (len(runs_in(earlier)), len(runs_in(out)))
    assert told["seconds"] == pytest.approx(90.0)
    assert wall_seconds(out) > 90.0
    assert all("earlier" not in text for text in (json.dumps(told),))


def test_files_are_linked_or_else_copied(
    earlier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = plan(tmp_path / "one", tiny())
    take_over(shared_runs(earlier, tmp_path / "one", tasks))
    manifest = run_path(Path(), "gm", 0) / "manifest.json"
    assert (tmp_path / "one" / manifest).samefile(earlier / manifest)

    def refuse(*_: Any) -> None:
        raise OSError("links are not supported here")

    monkeypatch.setattr(os, "link", refuse)
    take_over(shared_runs(earlier, tmp_path / "two", plan(tmp_path / "two", tiny())))
    assert not (tmp_path / "two" / manifest).samefile(earlier / manifest)
    for name in runs_in(earlier):
        assert same_run(tmp_path / "two" / name, earlier / name)
    assert not list((tmp_path / "two").rglob(".taking-*"))


def test_what_was_not_finished_is_not_taken(earlier: Path, tmp_path: Path) -> None:
    forget_the_end(run_path(earlier, "gm", 0))
    shared = shared_runs(earlier, tmp_path, plan(tmp_path, tiny()))
    taken = {task.path for _, task in shared.runs}
    assert run_path(tmp_path, "gm", 0) not in taken
    assert len(taken) == len(plan(tmp_path, tiny())) - 1


def test_no_run_is_taken_without_the_one_it_began_from(earlier: Path, tmp_path: Path) -> None:
    forget_the_end(run_path(earlier, OFFLINE, 0))
    with pytest.raises(RunError, match="no finished run"):
        shared_runs(earlier, tmp_path, plan(tmp_path, tiny()))


def test_other_settings_are_other_runs(earlier: Path, tmp_path: Path) -> None:
    longer = replace(tiny(), rounds=replace(tiny().rounds, rounds=4))
    with pytest.raises(RunError, match="settings and all"):
        shared_runs(earlier, tmp_path, plan(tmp_path, longer))
    more = replace(tiny(), budget="full", seeds=(0, 1, 2))
    assert len(shared_runs(earlier, tmp_path, plan(tmp_path, more)).runs) == len(runs_in(earlier))


def test_nothing_is_written_where_nothing_can_be_taken(earlier: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for wrong, match in ((run_path(earlier, "gm", 0), "single run"), (tmp_path, "is no run")):
        with pytest.raises(RunError, match=match):
            studies.run_study("tomato-watering", seeds=2, out=out, extends=wrong, **TINY)
    with pytest.raises(RunError, match="no finished run"):
        studies.run_study("boat-race", out=out, extends=earlier, **TINY)
    assert not out.exists()
    with pytest.raises(RunExistsError):
        studies.run_study("tomato-watering", out=earlier, extends=earlier, **TINY)


def test_a_run_is_taken_whole_or_not_at_all(
    earlier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = extending._link
    linked: set[Any] = set()

    def full_at_the_third(source: Path, target: Path) -> None:
        linked.add(source.relative_to(earlier).parts[:3])
        if len(linked) == 3 and source.name == "manifest.json":
            raise OSError(28, "No space left on device")
        link(source, target)

    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(extending, "_link", full_at_the_third)
        with pytest.raises(StorageError, match="No space left"):
            studies.run_study("tomato-watering", seeds=1, out=out, extends=earlier, **TINY)
    assert len(runs_in(out)) == 2
    assert not list(out.rglob(".taking-*"))
    assert studies.resume(out, workers=1) == 0
    assert same_study(out, earlier)
