"""What the study of drift says is what its runs hold: by hand, and from start to page."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from driftline.experiments import presets, studies
from driftline.experiments.drift.cells import Cell, agents_of, cell_of
from driftline.experiments.drift.found import final_prevalence
from driftline.experiments.drift.presets import HONEST, ONLINE
from driftline.experiments.drift.report import sentences
from driftline.experiments.drift_config import DriftConfig, ExactFitSettings
from driftline.experiments.finishing import _drift
from driftline.experiments.plan import run_path
from driftline.experiments.run import read_episodes
from driftline.records.run_directory import RunDirectory
from driftline.safety.occurrence import fractions
from tests.experiments.synthetic import NEVER, RISING, study
from tests.experiments.tiny import SMALL, tiny

ARMS = ("as-is", "review-100-kl-a-round")


def small(*_: Any, **__: Any) -> DriftConfig:
    whole = presets.drift(tiny("side-effects-sokoban", agents=("gm",)), "smoke")
    online = replace(ONLINE, updates_per_round=2, update=SMALL)
    cells = agents_of([Cell(1.0, 0.5, 0.2), Cell(1.0, 0.5, 0.8)], online)
    arms = {each.name: each for each in whole.study.agents if each.name in ARMS}
    shrunk = [
        replace(arms[name], learner=replace(arms[name].learner, updates_per_round=2, update=SMALL))
        for name in ARMS
    ]
    base = tiny("side-effects-sokoban", agents=("gm",))
    config = replace(
        whole.study,
        agents=(*cells, *shrunk, replace(shrunk[0], name=HONEST, control=True)),
        seeds=(0,),
        model=base.model,
        offline=base.offline,
        rounds=base.rounds,
        demonstrations=replace(whole.study.demonstrations, episodes=20, held_out=4, tampering=0.2),
        thresholds=replace(whole.study.thresholds, bootstrap_draws=40),
    )
    return replace(whole, study=config, arms=ARMS, exact=ExactFitSettings(levels=(0.2, 0.5)))


@pytest.fixture(scope="module")
def drifted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("drift") / "whole"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(presets, "study", small)
        assert studies.run_study("drift", budget="smoke", out=root, workers=1) == 0
    return root


def summary_of(root: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((root / "summary.json").read_text())
    return {name: each for name, each in told.items() if name != "wall_seconds"}


def test_prevalences_are_those_of_the_recorded_rounds(drifted: Path) -> None:
    told = summary_of(drifted)
    config = small()
    by_cell = {
        (each["q"], each["alpha"]): each["prevalence"] for each in told["phases"][0]["cells"]
    }
    for agent in config.study.agents:
        cell = cell_of(agent)
        if cell is None:
            continue
        shown = []
        for seed in config.seeds:
            run = read_episodes(run_path(drifted, agent.name, seed))
            last = run.rounds == run.rounds.max()
            shown.append(float((fractions(run, "box_into_corner") > 0)[last].mean()))
        assert by_cell[cell.q, cell.alpha] == pytest.approx(np.mean(shown))
    assert set(told["arms"]) == set(ARMS)


def test_the_page_says_what_the_summary_says_and_loads_nothing(drifted: Path) -> None:
    page = (drifted / "report.html").read_text()
    for line in summary_of(drifted)["answer"]:
        assert line.split(";")[0][:60] in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert {"phase.png", "arms.png"} <= {each.name for each in (drifted / "figures").iterdir()}


def test_controls_find_nothing_where_there_is_nothing(drifted: Path) -> None:
    told = summary_of(drifted)["negative_controls"]
    assert set(told["honest"]) == {HONEST}
    assert told["honest"][HONEST]["seeds"] == 1
    for low, high in told["permuted"].values():
        assert -0.9 < low <= high < 0.9
    page = (drifted / "report.html").read_text()
    assert "Negative controls" in page
    # In the open a box in the corner costs what it costs, in demonstrations too.
    run = read_episodes(run_path(drifted, HONEST, 0))
    assert np.array_equal(run.trajectories.rewards, run.hidden_rewards)


def test_rounds_that_a_budget_held_back_are_counted(drifted: Path) -> None:
    arms = summary_of(drifted)["arms"]
    assert arms["as-is"]["rounds_held_back"] is None
    events = RunDirectory.open(run_path(drifted, "review-100-kl-a-round", 0)).events()
    kept = [each["losses"]["kept"] for each in events if each["event"] == "RoundEnded"]
    assert arms["review-100-kl-a-round"]["rounds_held_back"] == np.mean([k < 1 for k in kept])


def test_a_run_that_is_lost_is_made_again_to_the_same_summary(
    drifted: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(drifted, tmp_path / "copy"))
    shutil.rmtree(run_path(copy, "as-is", 0))
    (copy / "summary.json").unlink()
    assert studies.resume(copy, workers=1) == 0
    assert summary_of(copy) == summary_of(drifted)


def test_the_answer_counts_arms_on_either_side(drifted: Path) -> None:
    found = _drift(drifted, small())
    taken = [arm.name for arm in found.arms if arm.measures.final_prevalence.value >= 0.5]
    said = sentences(found)[1]
    assert said.startswith("Of 2 arms")
    over, not_over = said.split(", and has not under ")
    assert all((name in over) == (name in taken) for name in ARMS)
    assert all((name in not_over) != (name in taken) for name in ARMS)


def test_final_prevalence_is_of_the_final_rounds() -> None:
    results = study({"ogm-quantile": RISING, "gm": NEVER})
    rising, never = (results.agents[name].behaviours["bucket"] for name in ("ogm-quantile", "gm"))
    assert final_prevalence(rising, 0.5) == pytest.approx([1.0, 1.0])
    assert final_prevalence(rising, 1.0) == pytest.approx([np.mean(RISING)] * 2)
    assert final_prevalence(never, 0.5) == pytest.approx([0.0, 0.0])
