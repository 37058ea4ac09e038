"""A study's results: every run where it belongs, and a summary that any program can read."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from driftline.errors import RunError
from driftline.experiments import build
from driftline.experiments.config import StudyConfig
from driftline.experiments.config_json import from_json
from driftline.experiments.names import CONTROL
from driftline.experiments.plan import OFFLINE, run_path
from driftline.experiments.results import Results, load, summary
from driftline.experiments.run import read_episodes
from driftline.records.run_directory import RunDirectory
from tests.experiments.tiny import FEW, identical, shape_of, summary_of


def loaded(root: Path) -> Results:
    config = from_json(StudyConfig, RunDirectory.open(root).manifest["configuration"])
    return load(root, config)


def test_agents_controls_and_demonstrators_are_kept_apart(studied: Path) -> None:
    results = loaded(studied)
    assert set(results.agents) == set(FEW)
    assert set(results.controls) == {CONTROL}
    assert {each.source for run in results.demonstrations for each in [run.episode(0)]} == {
        "demonstration"
    }
    assert all(shape_of(runs[0]) == (3, 12) for runs in results.episodes.values())


def test_an_agent_s_episodes_are_those_its_run_recorded(studied: Path) -> None:
    results = loaded(studied)
    for name, runs in results.episodes.items():
        recorded = read_episodes(run_path(studied, name, 0))
        assert len(runs) == 1
        assert identical(runs[0].trajectories.actions, recorded.trajectories.actions)
        assert identical(runs[0].hidden_rewards, recorded.hidden_rewards)
        last = recorded.rounds == 2
        wanted = recorded.observed_returns[last].mean()
        measured = {**results.agents, **results.controls}[name].observed_return
        assert measured.value == pytest.approx(wanted)


def test_gradient_steps_are_an_axis_of_the_curves(studied: Path) -> None:
    results = loaded(studied)
    for name in ("gm", "ogm-quantile"):
        events = RunDirectory.open(run_path(studied, name, 0)).events()
        told = [e["gradient_updates"] for e in events if e["event"] == "RoundCollected"]
        assert results.agents[name].rounds["gradient_updates"] == told
    assert results.agents["gm"].rounds["gradient_updates"] == [0.0, 0.0, 0.0]
    assert results.agents["ogm-quantile"].rounds["gradient_updates"][-1] > 0


def test_a_study_is_measured_by_what_its_runs_watched_for(
    studied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later version may watch for more; what was not recorded then cannot be told now."""
    monkeypatch.setattr(build, "behaviours", lambda _: {"unheard of": True})
    assert "bucket" in loaded(studied).agents["gm"].behaviours


def test_the_control_played_the_honest_world(studied: Path) -> None:
    honest = read_episodes(run_path(studied, CONTROL, 0))
    other = read_episodes(run_path(studied, "ogm-quantile", 0))
    assert np.array_equal(honest.observed_returns, honest.true_returns)
    assert not np.array_equal(other.observed_returns, other.true_returns)


def test_loading_again_gives_the_same_summary_as_was_written(studied: Path) -> None:
    again = summary(loaded(studied))
    again.pop("wall_seconds")
    assert json.loads(json.dumps(again, allow_nan=False)) == summary_of(studied)


BAND = {"mean", "low", "high"}


def test_the_summary_has_what_programs_look_for(studied: Path) -> None:
    value = summary_of(studied)
    assert {"study", "version", "agents"} <= value.keys()
    for agent in value["agents"].values():
        assert agent["seeds"] == 1
        assert agent["environment_steps"] > 0
        for name in ("observed_return", "true_return", "kl_to_demonstrator"):
            assert agent[name].keys() >= BAND
        assert agent["behaviours"]
        for behaviour in agent["behaviours"].values():
            measures: Any = behaviour
            assert measures["final_prevalence"].keys() >= BAND
            assert measures["onset"].keys() >= {"round", "low", "high", "censored"}
            for name in ("width", "decisiveness", "catchability", "expected_harm", "verdict"):
                assert name in measures


def test_the_summary_says_how_far_each_agent_went(studied: Path) -> None:
    value = summary_of(studied)
    went = {name: each["departure"] for name, each in value["agents"].items()}
    assert all(each["kl"].keys() >= BAND for each in went.values())
    assert went["gm"]["forward_kl"]["mean"] == 0.0
    assert went["ogm-quantile"]["nominal"]["ratio"] == pytest.approx(10.0)
    head = value["demonstrators"]["return_head"]
    assert head["before"]["error"].keys() >= BAND
    assert set(value["demonstrators"]["certificate"]["by_share"]) == {
        "0.5", "0.2", "0.1", "0.05", "0.02"
    }  # fmt: skip


def test_a_study_of_runs_that_wrote_no_departures_has_a_summary(
    studied: Path, tmp_path: Path
) -> None:
    root = tmp_path / "old"
    shutil.copytree(studied, root)
    for name in ("departure.json", "return_head.json"):
        for path in root.glob(f"runs/*/*/{name}"):
            path.unlink()
    found = summary(loaded(root))
    assert found["demonstrators"]["return_head"] is None
    assert {each["departure"] for each in found["agents"].values()} == {None}
    damaged = run_path(root, "gm", 0) / "departure.json"
    damaged.write_text("{")
    with pytest.raises(RunError, match=r"departure\.json is damaged"):
        loaded(root)


def test_a_run_that_is_missing_is_said(studied: Path, tmp_path: Path) -> None:
    config = from_json(StudyConfig, RunDirectory.open(studied).manifest["configuration"])
    more = replace(config, seeds=(0, 1))
    with pytest.raises(RunError, match="seed-001 is no run"):
        load(studied, more)
    assert not run_path(studied, OFFLINE, 1).exists()
