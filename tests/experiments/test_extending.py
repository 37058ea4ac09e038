"""A study that extends another does only what is new, and ends as one that did it all."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from driftline.baselines.ppo_settings import PPOSettings
from driftline.conditioning.fixed import FixedReturn
from driftline.errors import RunError, RunExistsError, StorageError
from driftline.experiments import extending, presets, run, studies
from driftline.experiments.arena_config import LevelConfig
from driftline.experiments.config import AgentConfig, StudyConfig
from driftline.experiments.extending import shared_runs, take_over
from driftline.experiments.plan import OFFLINE, plan, run_path
from driftline.experiments.report_page.taken import taken_over
from driftline.records.manifest import sealed, versions
from driftline.records.run_directory import EVENTS, RunDirectory
from tests.experiments.tiny import FEW, runs_in, same_run, same_study, tiny, tiny_arena

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
    out = tmp_path / "extended"
    assert studies.run_study("tomato-watering", seeds=2, out=out, extends=earlier, **TINY) == 0
    new = [path.relative_to(out) for path in done]
    assert new
    shared = set(runs_in(out)) & set(runs_in(earlier))
    assert shared == set(runs_in(earlier))
    assert set(new) == set(runs_in(out)) - shared
    whole = tmp_path / "whole"
    assert studies.run_study("tomato-watering", seeds=2, out=whole, **TINY) == 0
    assert same_study(out, whole)
    manifest = RunDirectory.open(out).manifest
    told = manifest["taken_over"]
    assert told["runs"] == len(shared)
    assert told["seconds"] == pytest.approx(sum(run.seconds_of(earlier / r) for r in shared))
    assert "earlier" not in json.dumps(told)
    assert f"{told['runs']} runs of an earlier study" in taken_over(manifest)["Taken over"]


@pytest.mark.slow
def test_an_extension_can_be_extended_and_made_smaller(earlier: Path, tmp_path: Path) -> None:
    names = ("extended", "whole", "again", "less")
    out, whole, again, less = (tmp_path / name for name in names)
    assert studies.run_study("tomato-watering", seeds=2, out=out, extends=earlier, **TINY) == 0
    assert studies.run_study("tomato-watering", seeds=2, out=whole, **TINY) == 0
    assert studies.run_study("tomato-watering", seeds=2, out=again, extends=out, **TINY) == 0
    assert same_study(again, whole)
    assert studies.run_study("tomato-watering", seeds=1, out=less, extends=out, **TINY) == 0
    assert same_study(less, earlier)


def test_files_are_linked_or_else_copied(
    earlier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(name: str) -> Path:
        planned = tmp_path / "planned"
        take_over(shared_runs(earlier, planned, plan(planned, tiny())), planned, tmp_path / name)
        return tmp_path / name

    manifest, events = (run_path(Path(), "gm", 0) / each for each in ("manifest.json", EVENTS))
    assert (taken("one") / manifest).samefile(earlier / manifest)
    assert not (tmp_path / "one" / events).samefile(earlier / events)

    def refuse(*_: Any) -> None:
        raise OSError("links are not supported here")

    monkeypatch.setattr(os, "link", refuse)
    assert not (taken("two") / manifest).samefile(earlier / manifest)
    for name in runs_in(earlier):
        assert same_run(tmp_path / "two" / name, earlier / name)


def test_what_was_not_finished_is_not_taken(earlier: Path, tmp_path: Path) -> None:
    forget_the_end(run_path(earlier, "gm", 0))
    shared = shared_runs(earlier, tmp_path, plan(tmp_path, tiny()))
    taken = {task.path for _, task in shared.runs}
    assert run_path(tmp_path, "gm", 0) not in taken
    assert len(taken) == len(plan(tmp_path, tiny())) - 1


def test_no_run_is_taken_without_the_one_it_began_from(earlier: Path, tmp_path: Path) -> None:
    forget_the_end(run_path(earlier, OFFLINE, 0))
    with pytest.raises(RunError, match="it has none of the same agent and seed"):
        shared_runs(earlier, tmp_path, plan(tmp_path, tiny()))


def test_other_settings_are_other_runs(earlier: Path, tmp_path: Path) -> None:
    other = replace(tiny(), model=replace(tiny().model, layers=2))
    with pytest.raises(RunError, match="differ in the study's model"):
        shared_runs(earlier, tmp_path, plan(tmp_path, other))
    longer = replace(tiny(), rounds=replace(tiny().rounds, rounds=4))
    shared = shared_runs(earlier, tmp_path, plan(tmp_path, longer))
    assert {task.agent for _, task in shared.runs} == {OFFLINE}
    assert not shared.longer
    more = replace(tiny(), budget="full", seeds=(0, 1, 2))
    assert len(shared_runs(earlier, tmp_path, plan(tmp_path, more)).runs) == len(runs_in(earlier))


def test_another_agent_with_other_settings_is_no_reason_to_do_the_rest_again(
    earlier: Path, tmp_path: Path
) -> None:
    tuned = next(each for each in tiny().agents if each.name == "finetune-kl")
    faster: Any = replace(tuned.learner, learning_rate=5e-3)  # type: ignore[type-var]
    changed = replace(tuned, learner=faster)
    agents = tuple(changed if each.name == tuned.name else each for each in tiny().agents)
    tasks = plan(tmp_path, replace(tiny(), agents=agents))
    taken = {task.path for _, task in shared_runs(earlier, tmp_path, tasks).runs}
    assert {task.path for task in tasks} - taken == {run_path(tmp_path, "finetune-kl", 0)}


def test_agents_can_be_left_out_but_their_targets_not_be_changed(
    earlier: Path, tmp_path: Path
) -> None:
    less = replace(tiny(), agents=tiny().agents[1:])
    taken = {task.agent for _, task in shared_runs(earlier, tmp_path, plan(tmp_path, less)).runs}
    assert taken == {OFFLINE, *(each.name for each in less.agents)}
    first = replace(
        less.agents[0], learner=replace(less.agents[0].learner, target=FixedReturn(1.0))
    )  # type: ignore[type-var]
    other = plan(tmp_path, replace(less, agents=(first, *less.agents[1:])))
    with pytest.raises(RunError, match="differ in the study's targets"):
        shared_runs(earlier, tmp_path, other)
    more = plan(tmp_path, replace(tiny(), agents=(*tiny().agents, replace(first, name="more"))))
    with pytest.raises(RunError, match="differ in the study's targets"):
        shared_runs(earlier, tmp_path, more)


def test_agents_that_are_asked_for_nothing_can_be_added(earlier: Path, tmp_path: Path) -> None:
    scratch = AgentConfig("ppo", PPOSettings())
    more = plan(tmp_path, replace(tiny(), agents=(*tiny().agents, scratch)))
    taken = {task.path for _, task in shared_runs(earlier, tmp_path, more).runs}
    assert {task.path for task in more} - taken == {run_path(tmp_path, "ppo", 0)}


def test_a_study_of_before_a_setting_was_there_has_its_default(
    earlier: Path, tmp_path: Path
) -> None:
    for path in earlier.glob("**/manifest.json"):
        told = json.loads(path.read_text())
        del told["configuration"].get("study", told["configuration"])["device"]
        path.write_text(json.dumps(sealed(told)))
    taken = shared_runs(earlier, tmp_path, plan(tmp_path, tiny())).runs
    assert len(taken) == len(runs_in(earlier))
    moved = plan(tmp_path, replace(tiny(), device="cuda"))
    with pytest.raises(RunError, match="differ in the study's device"):
        shared_runs(earlier, tmp_path, moved)


def test_other_versions_are_other_runs(
    earlier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extending, "versions", lambda: {**versions(), "torch": "0.1"})
    with pytest.raises(RunError, match="differ in the version of torch"):
        shared_runs(earlier, tmp_path, plan(tmp_path, tiny()))


def test_a_package_that_was_not_there_is_no_other_version(
    earlier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was installed since then has no part in numbers from before."""
    monkeypatch.setattr(extending, "COMPUTING", (*extending.COMPUTING, "newer"))
    monkeypatch.setattr(extending, "versions", lambda: {**versions(), "newer": "1.0"})
    assert len(shared_runs(earlier, tmp_path, plan(tmp_path, tiny())).runs) > 1


def test_nothing_is_written_where_nothing_can_be_taken(earlier: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for wrong, match in ((run_path(earlier, "gm", 0), "single run"), (tmp_path, "is no run")):
        with pytest.raises(RunError, match=match):
            studies.run_study("tomato-watering", seeds=2, out=out, extends=wrong, **TINY)
    with pytest.raises(RunError, match="no finished run"):
        studies.run_study("boat-race", out=out, extends=earlier, **TINY)
    assert {path.name for path in tmp_path.iterdir()} == {"earlier"}
    with pytest.raises(RunExistsError):
        studies.run_study("tomato-watering", out=earlier, extends=earlier, **TINY)


def test_a_disk_that_is_full_leaves_nothing_behind(
    earlier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, linked = extending._link, []

    def full_later(source: Path, target: Path) -> None:
        linked.append(source)
        if len(linked) > 10:
            raise OSError(28, "No space left on device")
        link(source, target)

    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(extending, "_link", full_later)
        with pytest.raises(StorageError, match="No space left"):
            studies.run_study("tomato-watering", seeds=1, out=out, extends=earlier, **TINY)
    assert {path.name for path in tmp_path.iterdir()} == {"earlier"}
    out.mkdir()
    assert studies.run_study("tomato-watering", seeds=1, out=out, extends=earlier, **TINY) == 0
    assert same_study(out, earlier)


def test_runs_of_another_level_are_not_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def study(*given: Any) -> StudyConfig:
        shown = LevelConfig(given[4] or "random", steps=200, held_out=60)
        return replace(tiny_arena("pendulum", ("gm",)), demonstrations=shown)

    monkeypatch.setattr(presets, "study", study)
    monkeypatch.setattr("driftline.experiments.levels.COPIES", 2)
    earlier, out, again = (tmp_path / name for name in ("earlier", "out", "again"))
    assert studies.run_study("pendulum", out=earlier, workers=1) == 0
    with pytest.raises(RunError, match="differ in the study's demonstrations"):
        studies.run_study("pendulum", out=out, extends=earlier, workers=1, level="expert")
    assert not out.exists()
    assert studies.run_study("pendulum", out=again, extends=earlier, workers=1) == 0
    assert same_study(again, earlier)
