"""Guided agents beside the published method: what is read, averaged and refused."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from driftline.data.d4rl_scores import normalised_score
from driftline.experiments import presets
from driftline.experiments.config import StudyConfig
from driftline.experiments.config_json import to_json
from driftline.experiments.plan import run_path
from driftline.records.events import Judged, RunFinished
from driftline.records.run_directory import RunDirectory

PLACE = Path(__file__).parents[2] / "reproductions" / "value_guidance"
if not PLACE.is_dir():
    pytest.skip("reproductions/ is not beside the tests", allow_module_level=True)
sys.path.insert(0, str(PLACE))
import guided_scores  # noqa: E402

STEPS = (0, 100, 151, 203)
"""After which runs of 200 are judged: the last two are in their last quarter."""


def study(
    root: Path,
    name: str,
    runs: dict[str, list[list[float]]],
    done: bool = True,
    steps: int = 200,
) -> Path:
    """A study's directory with the returns of each agent's seeds, as they were judged."""
    config: Any = presets.study(name, "smoke")
    if isinstance(config, StudyConfig):
        config = replace(config, rounds=replace(config.rounds, steps=steps))
    given = {"configuration": to_json(config), "seeds": [0, 1], "thresholds": {}}
    RunDirectory.create(root, {**given, "kind": "study"})
    for agent, seeds in runs.items():
        for seed, returns in enumerate(seeds):
            run = RunDirectory.create(run_path(root, agent, seed), given)
            for taken, each in zip(STEPS, returns, strict=True):
                run.append(Judged(0, taken, (each - 50.0, each + 50.0), None))
            if done:
                run.append(RunFinished(1.0))
    return root


def score(robot: str, returns: float) -> float:
    return float(normalised_score(robot, returns))


def test_the_last_quarter_is_averaged_over_judgements_seeds_and_robots(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    guided = {"ogm-guided": [[500.0, 0.0, 3000.0, 2000.0], [700.0, 0.0, 1000.0, 1000.0]]}
    published = {"odt": [[900.0, 5000.0, 1000.0, 500.0]], "gm": [[1.0, 1.0, 1.0, 1.0]]}
    studies = [
        study(tmp_path / "a", "hopper", guided),
        study(tmp_path / "b", "hopper-odt", published),
        study(tmp_path / "c", "walker2d", {"ogm-guided": [[1.0, 1.0, 1000.0, 1000.0]]}),
        study(tmp_path / "d", "walker2d-odt", {"odt": [[1.0, 1.0, 2000.0, 2000.0]]}),
    ]
    out = tmp_path / "out"
    given = ["guided_scores.py", *map(str, studies), "--out", str(out)]
    monkeypatch.setattr(sys, "argv", given)
    guided_scores.main()
    told = json.loads((out / "comparison.json").read_text())
    hopper = told["robots"]["hopper"]
    assert set(hopper) == {"ogm-guided", "odt"}
    assert hopper["ogm-guided"]["before"] == pytest.approx(
        [score("hopper", 500.0), score("hopper", 700.0)]
    )
    assert hopper["ogm-guided"]["after"] == pytest.approx(
        [score("hopper", 2500.0), score("hopper", 1000.0)]
    )
    means = told["means"]
    known = [(score("hopper", 1750.0), 1000.0), (score("hopper", 750.0), 2000.0)]
    for agent, (first, other) in zip(("ogm-guided", "odt"), known, strict=True):
        assert means[agent] == pytest.approx((first + score("walker2d", other)) / 2)
    assert told["times"]["ogm-guided"] == pytest.approx(means["ogm-guided"] / means["odt"])
    assert told["times"]["odt"] == 1.0
    assert f"{told['times']['ogm-guided']:.2f} times odt" in capsys.readouterr().out
    assert (out / "comparison.png").stat().st_size > 10_000
    assert "walker2d" in (out / "comparison.svg").read_text()


def test_runs_that_are_not_finished_are_left_out_and_said_to_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = study(tmp_path / "a", "hopper", {"ogm-guided": [[1.0] * 4]}, done=False)
    whole = study(tmp_path / "b", "hopper-odt", {"odt": [[1.0] * 4]})  # of two seeds
    found, steps = guided_scores.read([begun, whole], guided_scores.AGENTS)
    assert steps == 200.0
    assert set(found["hopper"]) == {"odt"}
    said = capsys.readouterr().out
    assert "0 of 2 seeds of ogm-guided are finished" in said
    assert "1 of 2 seeds of odt are finished" in said
    with pytest.raises(SystemExit, match="none of the studies has a finished run"):
        guided_scores.read([begun], guided_scores.AGENTS)


def test_studies_that_cannot_be_put_together_are_refused(tmp_path: Path) -> None:
    runs = {"ogm-guided": [[1.0] * 4]}
    twice = [study(tmp_path / name, "hopper", runs) for name in "ab"]
    with pytest.raises(SystemExit, match="ogm-guided on hopper is in two of the studies"):
        guided_scores.read(twice, guided_scores.AGENTS)
    for name in ("tomato-watering", "hopper-lean", "cartpole"):
        other = study(tmp_path / name, name, runs)
        with pytest.raises(SystemExit, match="is no study of a robot, paid as Gymnasium does"):
            guided_scores.read([other], guided_scores.AGENTS)
    several = study(tmp_path / "several", "control", {})
    with pytest.raises(SystemExit, match="of several arenas; give the directories below"):
        guided_scores.read([several], guided_scores.AGENTS)
    longer = study(tmp_path / "longer", "walker2d", runs, steps=9000)
    with pytest.raises(SystemExit, match=r"different lengths \(.*a 200, .*longer 9,000 steps\)"):
        guided_scores.read([twice[0], longer], guided_scores.AGENTS)


def test_agents_that_not_all_robots_have_get_no_mean(capsys: pytest.CaptureFixture[str]) -> None:
    steps = np.array(STEPS, np.float64)
    run = (steps, np.array([1.0, 2.0, 3.0, 5.0]))
    told = guided_scores.table(
        {"hopper": {"odt": [run], "ogm-guided": [run]}, "ant": {"odt": [run]}}, 200.0
    )
    assert told["means"] == {"odt": 4.0}
    assert told["times"] == {"odt": 1.0}
    guided_scores.tell(told)
    assert "no mean over all robots: ogm-guided" in capsys.readouterr().out


def test_nothing_is_told_in_times_of_a_score_that_is_not_above_chance() -> None:
    run = (np.array(STEPS, np.float64), np.array([1.0, 2.0, -3.0, 3.0]))
    told = guided_scores.table({"hopper": {"odt": [run], "ogm-guided": [run]}}, 200.0)
    assert told["means"] == {"odt": 0.0, "ogm-guided": 0.0}
    assert told["times"] == {}
