"""How far an agent went: identities that hold for any model, on the studies' own runs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from driftline.agents.return_conditioned import ReturnConditionedAgent
from driftline.agents.rollout import rollout
from driftline.agents.scripted import ScriptedAgent
from driftline.baselines.policy_agent import PolicyAgent
from driftline.conditioning.best_of_n import BestOfN
from driftline.conditioning.factorised_tilt import FactorisedTilt
from driftline.conditioning.fixed import FixedReturn
from driftline.conditioning.quantile import Quantile
from driftline.conditioning.reference import Reference
from driftline.conditioning.target import Target, Unconditioned
from driftline.data.episodes import Episodes
from driftline.experiments import build
from driftline.experiments.departure import SUMMED, Departure
from driftline.experiments.outside import (
    COMMANDS,
    Missing,
    Outside,
    commands,
    gathered,
    seen_from_outside,
)
from driftline.experiments.plan import OFFLINE, run_path
from driftline.experiments.run import load_offline, read_episodes
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.shapes import Floats
from driftline.training.divergence import distributions
from tests.experiments.tiny import FEW, tiny

CONFIG = tiny()
Known = tuple[TrajectoryTransformer, Reference]


@pytest.fixture(scope="module")
def known(studied: Path) -> Known:
    model, shown = load_offline(run_path(studied, OFFLINE, 0))
    return model, Reference.of(shown.returns)


@pytest.fixture(scope="module")
def measure(known: Known) -> Departure:
    return Departure(known[0], build.held_out(CONFIG, 0).trajectories, 0)


def acting(known: Known, target: Target) -> tuple[ReturnConditionedAgent, Episodes]:
    agent = ReturnConditionedAgent(known[0], target, known[1])
    return agent, rollout(build.environment(CONFIG.world, 6), agent, 6, seed=1).episodes


def test_the_demonstrator_model_has_gone_nowhere(known: Known, measure: Departure) -> None:
    found = measure.of(*acting(known, Unconditioned()))
    outside = found["outside"]
    assert outside["ratio"] == 1.0
    assert outside["log_ratio"] == outside["kl"]["mean"] == outside["chi_squared"]["mean"] == 0.0
    assert found["forward_kl"]["mean"] == 0.0
    assert found["luck_gap"] is None
    assert found["nominal"] is None
    assert {"luck_gap", "nominal"} <= set(found["missing"])


def test_one_command_is_the_policy_that_asks_for_it(known: Known, measure: Departure) -> None:
    model, reference = known
    target = FixedReturn(float(reference.high))
    agent, played = acting(known, target)
    data = played.trajectories
    seen = seen_from_outside(agent, 0)
    assert isinstance(seen, Outside)
    assert np.allclose(seen.parameters(data), distributions(model, data, played.commanded))
    found = measure.of(agent, played)
    gap = played.commanded_returns - played.observed_returns
    assert found["luck_gap"]["mean"] == pytest.approx(gap.mean())
    assert found["outside"]["commands"] == 1


def test_a_quantile_is_beside_its_promise(known: Known, measure: Departure) -> None:
    found = measure.of(*acting(known, Quantile(0.75)))
    assert found["nominal"] == {"ratio": 4.0, "kl": pytest.approx(np.log(4.0)), "chi_squared": 3.0}
    outside = found["outside"]
    assert outside["exceeded"] is (outside["ratio"] > 4.0 * 1.001)
    assert outside["kl"]["mean"] >= 0.0
    assert 1 < outside["commands"] <= COMMANDS
    assert outside["episodes"] <= SUMMED


def test_from_outside_the_command_is_not_known(known: Known) -> None:
    """The trajectory's probability is the mean of those given each command."""
    agent, played = acting(known, Quantile(0.5))
    data = played.trajectories
    seen = seen_from_outside(agent, 0)
    assert isinstance(seen, Outside)

    def whole(rows: Floats) -> Floats:
        return played.total(rows[np.arange(len(rows)), data.actions])

    returns, weights = commands(agent, 0)
    given = []
    for value in returns:
        asked = ReturnConditionedAgent(known[0], FixedReturn(float(value), True), known[1])
        alone = seen_from_outside(asked, 0)
        assert isinstance(alone, Outside)
        given.append(whole(alone.parameters(data)))
    mixed = np.log(weights @ np.exp(np.stack(given) - np.max(given, 0))) + np.max(given, 0)
    assert np.allclose(whole(seen.parameters(data)), mixed, atol=1e-5)


@pytest.mark.parametrize(
    ("target", "promised"),
    [(Quantile(0.9, draw="point"), None), (BestOfN(3), 3.0), (FixedReturn(0.0, True), None)],
)
def test_only_what_draws_a_tail_promises_a_ratio(
    known: Known, measure: Departure, target: Target, promised: float | None
) -> None:
    nominal = measure.of(*acting(known, target))["nominal"]
    assert (None if nominal is None else nominal["ratio"]) == promised


def test_what_cannot_be_seen_from_outside_says_why(known: Known, measure: Departure) -> None:
    for target in (FactorisedTilt(0.1, least_samples=0.0), Quantile(0.5, reference="model")):
        found = measure.of(*acting(known, target))
        assert found["outside"] is None
        assert found["forward_kl"] is None
        assert found["missing"]["outside"] == found["missing"]["forward_kl"] != ""
    scripted = ScriptedAgent(lambda observations, draw: np.zeros(len(observations), np.int64))
    assert isinstance(seen_from_outside(scripted, 0), Missing)


def test_a_policy_that_reacts_alone_has_its_own_density(known: Known, measure: Departure) -> None:
    spec: Any = known[0].action
    uniform = np.log(np.full(spec.count, 1.0 / spec.count))
    agent = PolicyAgent(lambda observations: np.tile(uniform, (len(observations), 1)), spec)
    played = rollout(build.environment(CONFIG.world, 4), agent, 4, seed=2).episodes
    found = measure.of(agent, played)
    assert measure.held_out is not None
    origin = distributions(known[0], measure.held_out, None)
    taken = origin[np.arange(len(origin)), measure.held_out.actions]
    wanted = (taken - uniform[0]).sum() / len(measure.held_out)
    assert found["forward_kl"]["mean"] == pytest.approx(wanted)
    assert found["nominal"] is None


def test_columns_that_were_not_recorded_are_missing(known: Known, measure: Departure) -> None:
    agent, played = acting(known, Unconditioned())
    nothing = np.full(played.trajectories.steps, np.nan)
    found = measure.of(agent, replace(played, kl=nothing, kl_previous=nothing, log_ratio=nothing))
    assert found["kl"] is found["k1"] is found["k3"] is None
    assert {"kl", "k1", "k3"} <= set(found["missing"])
    alone = replace(measure, held_out=None).of(agent, played)
    assert alone["forward_kl"] is None
    assert "no demonstrations" in alone["missing"]["forward_kl"]


def test_gathered_commands_keep_the_mean() -> None:
    drawn = np.random.default_rng(0).normal(size=1001)
    values, weights = gathered(drawn, 16)
    assert len(values) == 16
    assert weights.sum() == pytest.approx(1.0)
    assert values @ weights == pytest.approx(drawn.mean())


@pytest.mark.parametrize("name", FEW)
def test_every_run_wrote_the_departure_of_its_last_round(studied: Path, name: str) -> None:
    path = run_path(studied, name, 0)
    written = json.loads((path / "departure.json").read_text())
    episodes = read_episodes(path)
    last = episodes.take(np.flatnonzero(episodes.rounds == episodes.rounds.max()))
    assert written["round"] == last.rounds[0] == 2
    assert written["episodes"] == len(last)
    assert written["kl"]["mean"] == pytest.approx(last.total(last.kl).mean())
    assert written["k1"]["mean"] == pytest.approx(last.total(last.log_ratio).mean())
    assert written["outside"] is not None
    if written["outside"]["commands"] == 0:
        assert written["outside"]["kl"]["mean"] == pytest.approx(written["kl"]["mean"], abs=1e-4)
