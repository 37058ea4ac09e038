"""A longer study goes on with the runs of a shorter one, to the numbers of one that was long."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from driftline.baselines.dqn_settings import DQNSettings
from driftline.experiments import presets, studies
from driftline.experiments.config import RunConfig, StudyConfig
from driftline.experiments.extending import shared_runs
from driftline.experiments.lengthening import LENGTHENED, scheduled, shorter
from driftline.experiments.places import DEPARTURE
from driftline.experiments.plan import OFFLINE, plan, run_path
from driftline.experiments.run import finished, read_episodes
from driftline.records.run_directory import RunDirectory
from driftline.training.judging import Judging
from tests.experiments.tiny import agent_of, identical, runs_in, tiny_arena

AGENTS = ("gm", "ogm-quantile", "finetune", "ppo", "dqn")


def short() -> StudyConfig:
    return replace(
        tiny_arena("cartpole", AGENTS),
        rounds=replace(tiny_arena().rounds, judging=Judging(steps=100, episodes=2)),
    )


def long() -> StudyConfig:
    return replace(
        short(),
        budget="full",
        rounds=replace(short().rounds, steps=320, judging=Judging(steps=100, episodes=2)),
    )


def said(name: str, budget: str, *given: Any) -> StudyConfig:
    """An imitator's short one, for the steps that were asked for."""
    plain = tiny_arena("cartpole", ("gm",))
    return replace(plain, rounds=replace(plain.rounds, steps=given[3] or 150))


def judgements(path: Path) -> list[dict[str, Any]]:
    events = RunDirectory.open(path).events()
    return [{**each, "seconds": None} for each in events if each["event"] == "Judged"]


@pytest.fixture(autouse=True)
def tiny_studies(monkeypatch: pytest.MonkeyPatch, unreported: None) -> None:
    def study(name: str, budget: str, *_: Any) -> StudyConfig:
        return short() if budget == "smoke" else long()

    monkeypatch.setattr(presets, "study", study)


def test_a_longer_study_goes_on_where_the_shorter_had_ended(tmp_path: Path) -> None:
    earlier, out, whole = (tmp_path / name for name in ("earlier", "longer", "whole"))
    options: dict[str, Any] = {"workers": 1}
    assert studies.run_study("cartpole", budget="smoke", out=earlier, **options) == 0
    assert studies.run_study("cartpole", budget="full", out=whole, **options) == 0
    assert studies.run_study("cartpole", budget="full", out=out, extends=earlier, **options) == 0
    assert runs_in(out) == runs_in(whole)
    for agent in (*AGENTS, OFFLINE):
        one, other = run_path(out, agent, 0), run_path(whole, agent, 0)
        assert identical(read_episodes(one), read_episodes(other)), agent
        assert finished(run_path(earlier, agent, 0))
        assert judgements(one) == judgements(other), agent
    taken = RunDirectory.open(out).manifest["taken_over"]
    assert (taken["runs"], taken["longer"]) == (5, 4)  # all but DQN, and offline as it is
    lengthened = RunDirectory.open(run_path(out, "ogm-quantile", 0)).manifest
    assert [each["steps"] for each in lengthened[LENGTHENED]] == [150]
    assert lengthened["configuration"]["study"]["rounds"]["steps"] == 320
    first, last = (RunDirectory.open(run_path(each, "gm", 0)).events() for each in (earlier, out))
    assert [each["event"] for each in first].count("RunFinished") == 1
    assert [each["event"] for each in last].count("RunFinished") == 1
    assert judgements(run_path(out, "gm", 0))[-1]["environment_steps"] >= 320


def test_a_finished_study_can_be_gone_on_with_to_any_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presets, "study", said)
    earlier, out = tmp_path / "earlier", tmp_path / "longer"
    assert studies.run_study("cartpole", out=earlier, workers=1) == 0
    assert studies.run_study("cartpole", out=out, extends=earlier, workers=1, steps=200) == 0
    taken = RunDirectory.open(out).manifest["taken_over"]
    assert (taken["runs"], taken["longer"]) == (2, 1)
    assert judgements(run_path(out, "gm", 0))[-1]["environment_steps"] >= 200


def test_a_run_that_went_past_the_new_end_as_well_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presets, "study", said)
    earlier, out, whole = (tmp_path / name for name in ("earlier", "longer", "whole"))
    assert studies.run_study("cartpole", out=earlier, workers=1) == 0
    reached = judgements(run_path(earlier, "gm", 0))[-1]["environment_steps"]
    assert reached > 151  # the last round went past the 150 steps that were asked for
    steps = reached - 1
    assert studies.run_study("cartpole", out=out, extends=earlier, workers=1, steps=steps) == 0
    assert studies.run_study("cartpole", out=whole, workers=1, steps=steps) == 0
    one, other = run_path(out, "gm", 0), run_path(whole, "gm", 0)
    assert judgements(one) == judgements(other)
    assert finished(one)
    assert (one / DEPARTURE).read_bytes() == (other / DEPARTURE).read_bytes()
    assert RunDirectory.open(one).manifest["configuration"]["study"]["rounds"]["steps"] == steps


def test_the_most_rounds_that_it_might_play_are_no_difference() -> None:
    study: dict[str, Any] = {"rounds": {"rounds": 9, "steps": 150}}
    longer: dict[str, Any] = {"rounds": {"rounds": 30, "steps": 320}}
    assert shorter({"study": study}, {"study": longer})
    assert not shorter({"study": longer}, {"study": study})
    judged = {"rounds": {**study["rounds"], "judging": None}}
    assert not shorter({"study": judged}, {"study": longer})


def test_what_is_scheduled_over_all_steps_is_done_again(tmp_path: Path) -> None:
    earlier = tmp_path / "earlier"
    assert studies.run_study("cartpole", budget="smoke", out=earlier, workers=1) == 0
    shared = shared_runs(earlier, tmp_path, plan(tmp_path, long()))
    taken = {task.agent for _, task in shared.runs}
    assert taken == {*AGENTS, OFFLINE} - {"dqn"}
    fewer = replace(short(), rounds=replace(short().rounds, steps=70))
    back = shared_runs(earlier, tmp_path, plan(tmp_path, fewer))
    assert {task.agent for _, task in back.runs} == {OFFLINE}


def test_which_agents_have_a_schedule() -> None:
    config = short()
    named = {name: RunConfig(config, agent_of(config, name), 0, "../offline") for name in AGENTS}
    assert {name for name, each in named.items() if scheduled(each)} == {"dqn"}
    ppo: Any = named["ppo"].agent.learner
    falling = replace(ppo, first_entropy=1.0, last_entropy=0.0)
    assert scheduled(replace(named["ppo"], agent=replace(named["ppo"].agent, learner=falling)))
    assert isinstance(named["dqn"].agent.learner, DQNSettings)
