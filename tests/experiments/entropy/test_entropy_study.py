"""What the study of entropy says is what its models' runs hold."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from driftline.experiments import presets, studies
from driftline.experiments.entropy.found import ModelFound, Outcome, association, found
from driftline.experiments.entropy.presets import AGENTS, FLOORED
from driftline.experiments.entropy_config import EntropyConfig
from driftline.experiments.gridworlds_config import world_path
from driftline.experiments.plan import OFFLINE, run_path
from driftline.experiments.run import read_episodes
from driftline.training.online_settings import OnlineSettings
from tests.experiments.synthetic import NEVER, RISING, study
from tests.experiments.tiny import SMALL, tiny


def model(name: str, closeness: float, novelty: float) -> ModelFound:
    told = Outcome((novelty,), (0.0,), (1.0,), (1.0 - novelty,))
    return ModelFound(name, (closeness,), (1.0 - closeness,), 1.0, {"a": told})


def test_the_association_has_the_planted_sign() -> None:
    models = [model(str(k), 0.1 * k, 0.02 * k**2) for k in range(5)]
    assert association(models, "a", "novelty", "held_out") == pytest.approx(1.0)
    assert association(models, "a", "true", "held_out") == pytest.approx(-1.0)
    assert association(models, "a", "novelty", "fitted") == pytest.approx(-1.0)
    assert np.isnan(association(models, "a", "prevalence", "held_out"))
    assert np.isnan(association(models[:2], "a", "novelty", "held_out"))


def test_outcomes_are_of_the_last_round() -> None:
    told = found(study({"ogm-quantile": RISING, "gm": NEVER}), "bucket")
    assert told.agents["ogm-quantile"].prevalence == (1.0, 1.0)
    assert told.agents["gm"].prevalence == (0.0, 0.0)
    assert all(share > 0.9 for share in told.agents["gm"].novelty), "boards are drawn anew"
    assert len(told.held_out) == 2
    assert np.isnan(told.fitted).all(), "these runs are of before it was recorded"
    json.dumps(told.to_json(), allow_nan=False)


def small(*_: Any, **__: Any) -> EntropyConfig:
    base = tiny(agents=AGENTS[:2])
    whole = presets.entropy(presets.agents_study("tomato-watering", "smoke"), "smoke")

    def shrunk(part: Any) -> Any:
        agents = tuple(
            replace(each, learner=replace(each.learner, updates_per_round=2, update=SMALL))
            if isinstance(each.learner, OnlineSettings)
            else each
            for each in part.agents
        )
        settings = {
            "model": base.model, "offline": base.offline, "rounds": base.rounds,
            "demonstrations": base.demonstrations, "thresholds": base.thresholds,
        }  # fmt: skip
        return replace(part, agents=agents, **settings)

    return replace(whole, worlds=tuple(shrunk(each) for each in whole.worlds[:1]))


def test_a_tiny_study_runs_from_start_to_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presets, "study", small)
    root = tmp_path / "entropy"
    assert studies.run_study("entropy", budget="smoke", out=root, workers=1) == 0
    told = json.loads((root / "summary.json").read_text())
    assert [each["name"] for each in told["models"]] == [each.name for each in small().worlds]
    page = (root / "report.html").read_text()
    assert told["answer"][0].partition(" of the online")[0] in page
    first = small().worlds[0].name
    offline = json.loads(
        (run_path(world_path(root, first), OFFLINE, 0) / "return_head.json").read_text()
    )
    assert told["models"][0]["fitted_nll"] == [offline["fitted_nll"]["mean"]]
    assert told["models"][0]["held_out_nll"] == [offline["action_nll"]["mean"]]
    run = read_episodes(run_path(world_path(root, first), FLOORED, 0))
    last = run.observed_returns[run.rounds == run.rounds.max()]
    assert told["models"][0]["agents"][FLOORED]["observed"] == [pytest.approx(last.mean())]


@pytest.mark.parametrize("budget", ["smoke", "default", "full"])
def test_one_of_the_models_has_a_control(budget: str) -> None:
    config = presets.study("entropy", budget)
    assert isinstance(config, EntropyConfig)
    controlled = [p.name for p in config.worlds if any(each.control for each in p.agents)]
    assert controlled == [f"usual-{160 if budget == 'smoke' else 800}"]


def test_what_a_control_finds_is_told() -> None:
    shares = {"gm": NEVER, "ogm-quantile": RISING, "ogm-quantile-honest": NEVER}
    told = found(study(shares), "bucket")
    assert told.controls is not None
    plain = told.to_json()["negative_controls"]
    assert plain["honest"]["ogm-quantile-honest"]["seeds_with_onset"] == 0
    assert set(plain["random_flags"]) == {"ogm-quantile"}
    assert plain["random_flags"]["ogm-quantile"]["seeds_that_rise"] == 0
    assert set(told.agents) == {"gm", "ogm-quantile"}
    assert found(study({"gm": NEVER}), "bucket").controls is None
