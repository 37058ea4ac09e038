"""The online decision transformer as published: its settings, and a study of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from driftline.errors import UnknownNameError
from driftline.experiments import presets
from driftline.experiments.config import StudyConfig
from driftline.experiments.config_json import from_json, to_json
from driftline.experiments.control.odt_paper import odt_paper
from driftline.experiments.names import ODT, ODT_AGENTS
from driftline.experiments.plan import run_path
from driftline.experiments.run import read_episodes
from driftline.experiments.studies import resume
from driftline.records.run_directory import RunDirectory
from driftline.training.offline import learning_rates
from driftline.training.online_settings import OnlineSettings
from tests.experiments.tiny import agent_of, begun, tiny_arena


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = tiny_arena("hopper-odt", ODT_AGENTS)
    root = begun(tmp_path_factory.mktemp("study") / "hopper-odt", config)
    assert resume(root, workers=1) == 0
    return root


def online(name: str, budget: str = "full") -> tuple[StudyConfig, OnlineSettings]:
    config = presets.study(name, budget)
    assert isinstance(config, StudyConfig)
    learner = agent_of(config, "odt").learner
    assert isinstance(learner, OnlineSettings)
    return config, learner


@pytest.mark.parametrize("name", ODT)
@pytest.mark.parametrize("budget", ["smoke", "default", "full"])
def test_every_robot_has_a_study_that_is_stored_and_read(name: str, budget: str) -> None:
    config, learner = online(name, budget)
    assert learner.warmed == config.offline.updates
    assert learner.warm_up == config.offline.warm_up
    assert config.name == name
    assert from_json(StudyConfig, json.loads(json.dumps(to_json(config)))) == config
    assert [each.name for each in config.agents] == list(ODT_AGENTS)


@pytest.mark.parametrize(
    ("robot", "evaluated", "explored", "rate", "decay", "pretraining", "context", "dimensions"),
    [
        ("hopper", 3600, 7200, 1e-4, 5e-4, 5000, 5, 3),
        ("walker2d", 5000, 10000, 1e-3, 1e-3, 10000, 5, 6),
        ("halfcheetah", 6000, 12000, 1e-4, 1e-4, 5000, 5, 6),
        ("ant", 6000, 12000, 1e-3, 1e-4, 5000, 1, 8),
    ],
)
def test_the_published_settings_are_those(
    robot: str, evaluated: float, explored: float, rate: float, decay: float, pretraining: int,
    context: int, dimensions: int,
) -> None:  # fmt: skip
    config, learner = online(f"{robot}-odt")
    model, update = config.model, learner.update
    assert (model.width, model.layers, model.heads, model.expansion) == (512, 4, 4, 4)
    assert (model.tokens, model.time, model.gaussian) == ("three", "none", "squashed")
    assert (model.context_length, model.acting_context, model.dropout) == (20, context, 0.1)
    assert (model.embeddings, model.weights, model.return_unit) == ("plain", "gpt2", 1000.0)
    assert (update.batch, update.window, update.overhang) == (256, 20, False)
    assert (update.optimiser, update.gradient_norm) == ("lamb", 0.25)
    assert (update.learning_rate, update.weight_decay) == (rate, decay)
    assert config.offline.update == update
    assert config.offline.updates == pretraining
    assert config.offline.entropy_floor == learner.entropy_floor
    floor = learner.entropy_floor
    assert floor is not None
    assert (floor.nats, floor.learning_rate, floor.first_multiplier) == (-dimensions, 1e-4, 0.1)
    assert learner.judged_by is not None
    assert getattr(learner.judged_by, "value", None) == evaluated
    assert getattr(learner.target, "value", None) == explored
    assert learner.mixture.capacity == 1000
    assert learner.mixture.admitted_per_round == config.rounds.episodes_per_round == 1
    assert (learner.updates_per_round, learner.begins_with) == (300, "best")
    assert config.rounds.steps == 200_000


@pytest.mark.parametrize("robot", ["hopper", "walker2d"])
def test_what_two_cores_can_train_is_smaller_and_learns_faster(robot: str) -> None:
    whole, published = online(f"{robot}-odt")
    config, learner = online(f"{robot}-odt", "default")
    update = learner.update
    assert (config.model.width, config.model.layers) == (128, 3)
    assert (update.batch, update.learning_rate, learner.updates_per_round) == (64, 1e-3, 30)
    assert config.offline.update == update
    assert replace(update, batch=256, learning_rate=published.update.learning_rate) == (
        published.update
    )
    assert replace(config.model, width=512, layers=4) == whole.model


def test_replayed_data_of_hopper_has_a_rate_of_its_own() -> None:
    rates = {}
    for level in ("medium", "medium-replay", "expert"):
        for budget in ("default", "full"):
            config = presets.study("hopper-odt", budget, level=level)
            learner = agent_of(config, "odt").learner
            assert isinstance(learner, OnlineSettings)
            assert config.offline.update == learner.update
            assert config.demonstrations.level == level
            rates[level, budget] = (learner.update.learning_rate, learner.update.weight_decay)
    assert rates["medium", "full"] == rates["expert", "full"] == (1e-4, 5e-4)
    assert rates["medium-replay", "full"] == rates["medium-replay", "default"] == (2e-3, 1e-4)
    assert rates["medium", "default"] == (1e-3, 5e-4)
    walker = odt_paper("walker2d", "medium-replay")
    assert walker == odt_paper("walker2d")
    with pytest.raises(UnknownNameError, match="unknown robot 'humanoid'; the robots are hopper"):
        odt_paper("humanoid")


def test_the_learning_rate_rises_through_both_phases() -> None:
    config, learner = online("hopper-odt")
    offline = learning_rates(config.offline)
    rates = offline + learner.rates(0, 300) + learner.rates(300, 6000)
    assert np.allclose(rates[:10_000], np.arange(1, 10_001) / 10_000)
    assert set(rates[10_000:]) == {1.0}


def test_it_explores_by_one_return_and_is_judged_by_another(studied: Path) -> None:
    played = read_episodes(run_path(studied, "odt", 0))
    assert set(played.commanded_returns) == {7200.0}
    events = RunDirectory.open(run_path(studied, "odt", 0)).events()
    judged = [each for each in events if each["event"] == "Judged"]
    assert len(judged) >= 2
    rounds = [each for each in events if each["event"] == "RoundEnded"]
    assert all(each["losses"]["entropy_multiplier"] > 0.0 for each in rounds)
    assert all(np.isfinite(each["losses"]["action_nll"]) for each in rounds)


def test_the_page_has_scores_and_how_far_it_went(studied: Path) -> None:
    summary = json.loads((studied / "summary.json").read_text())
    assert set(summary["scores"]) == set(ODT_AGENTS)
    assert "hopper-odt" in (studied / "report.html").read_text()
    departure = json.loads((run_path(studied, "odt", 0) / "departure.json").read_text())
    assert departure["kl"]["mean"] > 0.0
