"""A budget holds as measured, and one that is used up leaves an agent that goes on acting."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from driftline.conditioning.factorised_tilt import FactorisedTilt
from driftline.errors import CapabilityError, SettingsError
from driftline.training.kl_budget import KLBudget, Probe
from driftline.training.online import Online
from tests.models.flow_examples import model as flow
from tests.training.learners import (
    ONLINE,
    demonstrated,
    demonstrator,
    experience,
    online,
    same_weights,
)

SLOW = replace(ONLINE.update, learning_rate=1e-3)
LONG = replace(ONLINE, updates_per_round=40, update=SLOW)


Told = list[dict[str, float]]


def rounds_within(budget: KLBudget | None, rounds: int = 2) -> tuple[Online, Told]:
    learner = online(replace(LONG, kl_budget=budget))
    told = []
    for round in range(rounds):
        told.append(learner.learn(experience(learner, round), round))
    return learner, told


@pytest.mark.parametrize("enforce", ["stop", "backtrack"])
def test_what_is_spent_is_within_the_budget(enforce: Any) -> None:
    budget = KLBudget(per_round=0.05, enforce=enforce, check_every=1)
    _, told = rounds_within(budget)
    assert all(each["kl_spent_round"] <= 0.05 for each in told)
    assert max(each["kl_spent_round"] for each in told) > 0.005, "the budget was used"


@pytest.mark.parametrize("enforce", ["stop", "backtrack"])
def test_what_is_told_is_what_is_measured_afterwards(enforce: Any) -> None:
    learner = online(replace(LONG, kl_budget=KLBudget(0.05, enforce=enforce, check_every=1)))
    played = experience(learner)
    told = learner.learn(played, 0)
    spent = Probe.of(played, learner._previous, learner._demonstrator).spent(learner._model)
    assert (told["kl_spent_round"], told["kl_spent_total"]) == (spent.round, spent.total)
    assert 0.0 < spent.round <= 0.05


def test_a_refit_without_a_budget_goes_further() -> None:
    generous = KLBudget(per_round=1e9)
    _, told = rounds_within(generous)
    assert max(each["kl_spent_round"] for each in told) > 0.05
    assert all(each["kept"] == 1.0 for each in told)


@pytest.mark.parametrize("enforce", ["stop", "backtrack"])
def test_a_budget_of_nothing_keeps_the_policy_and_the_agent_acts(enforce: Any) -> None:
    before = online(LONG)
    learner, told = rounds_within(KLBudget(per_round=0.0, enforce=enforce, check_every=1))
    assert same_weights(learner._model, before._model)
    assert told[-1]["kl_spent_round"] == pytest.approx(0.0, abs=1e-9)
    assert len(experience(learner, 9).trajectories) > 0


def test_the_total_is_counted_from_the_demonstrators() -> None:
    origin = demonstrator()
    learner = online(LONG)
    played = experience(learner)
    start = Probe.of(played, origin, origin).spent(origin).total
    total = start + 0.05
    learner, told = rounds_within(KLBudget(total=total), rounds=5)
    for each in told:
        assert each["frozen"] == 1.0 or each["kl_spent_total"] <= total
    frozen = [each["frozen"] for each in told]
    assert frozen == sorted(frozen), "it never thaws"
    assert told[0]["kl_spent_total"] <= total
    assert any(each["kept"] < 1.0 for each in told)


def test_beyond_the_total_nothing_is_let_in_and_that_is_remembered() -> None:
    settings = replace(LONG, kl_budget=KLBudget(total=0.0))
    learner, other = online(settings), online(settings)
    played = experience(learner)
    told = learner.learn(played, 0)
    assert told["frozen"] == 1.0
    assert learner.own_share == 0.0
    other.restore(*learner.state(), [played.trajectories])
    assert other.own_share == 0.0
    assert other.state()[1] == learner.state()[1]


def test_a_probe_measures_what_a_round_measures() -> None:
    learner = online(LONG)
    learner.learn(experience(learner, 0), 0)
    played = experience(learner, 1)
    spent = Probe.of(played, learner._previous, learner._demonstrator).spent(learner._model)
    apart = learner.divergences(played)
    episodes = len(played.trajectories)
    assert spent.total == pytest.approx(float(apart.kl.sum()) / episodes, rel=1e-4)
    assert spent.round == pytest.approx(float(apart.kl_previous.sum()) / episodes, rel=1e-3)


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(SettingsError, match="more than ask"):
        replace(ONLINE, target=FactorisedTilt(1.0), kl_budget=KLBudget(1.0))
    with pytest.raises(SettingsError, match="at least one"):
        KLBudget()
    with pytest.raises(CapabilityError, match="HasDensity"):
        Probe.of(experience(online()), object(), demonstrator())
    with pytest.raises(CapabilityError, match="a KL budget needs"):
        Online(flow(), demonstrated(), replace(ONLINE, kl_budget=KLBudget(1.0)), 0)
    assert not KLBudget(per_round=0.1).holds(Probe.of(*_far()).spent(demonstrator()))


def _far() -> tuple[Any, Any, Any]:
    """A probe whose previous policy has moved a long way."""
    learner, _ = rounds_within(None, rounds=3)
    played = experience(learner, 5)
    assert np.isfinite(played.commanded).all()
    return played, learner._model, demonstrator()
