"""A budget holds as measured, and one that is used up leaves an agent that goes on acting."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from driftline.agents.return_conditioned import ReturnConditionedAgent
from driftline.agents.rollout import rollout
from driftline.conditioning.factorised_tilt import FactorisedTilt
from driftline.conditioning.fixed import FixedReturn
from driftline.conditioning.quantile import Quantile
from driftline.conditioning.reference import Reference
from driftline.data.episodes import concatenate_episodes
from driftline.errors import CapabilityError, SettingsError
from driftline.seeding import integer_seed
from driftline.training.divergence import distributions, kl
from driftline.training.kl_budget import PROBE, Commands, KLBudget, Probe
from driftline.training.learner import Experience
from driftline.training.online import Online
from tests.models.flow_examples import model as flow
from tests.training.learners import (
    COPIES,
    ONLINE,
    demonstrated,
    demonstrator,
    experience,
    online,
    same_weights,
    world,
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
    before, played = learner.agent().reference, experience(learner)
    told = learner.learn(played, 0)
    after = learner.agent().reference
    commands = Commands(LONG.target, before, after, integer_seed(learner._seed, "refit", 0))
    probe = Probe.of(played, learner._previous, learner._demonstrator, commands)
    spent = probe.spent(learner._model, 1.0)
    assert told["kl_spent_round"] == pytest.approx(spent.round, rel=1e-6)
    assert told["kl_spent_total"] == pytest.approx(spent.total, rel=1e-6)
    assert 0.0 < spent.round <= 0.05


def test_asking_for_more_moves_the_policy_and_is_within_the_budget() -> None:
    """With weights that cannot move, all that is spent is spent on what is asked for."""
    still = replace(LONG, update=replace(SLOW, learning_rate=1e-12))
    free = online(replace(still, kl_budget=KLBudget(per_round=1e9)))
    told = free.learn(experience(free, 0), 0)
    assert told["kept"] == 1.0
    assert told["kl_spent_round"] > 1e-4
    limit = 0.25 * told["kl_spent_round"]
    for enforce in ("stop", "backtrack"):
        budget = KLBudget(per_round=limit, enforce=enforce)  # type: ignore[arg-type]
        held = online(replace(still, kl_budget=budget))
        spent = held.learn(experience(held, 0), 0)
        assert 0.0 < spent["kept"] < 1.0
        assert spent["kl_spent_round"] <= limit
        low, high = (each.agent().reference for each in (online(still), free))
        mean = held.agent().reference.returns @ held.agent().reference.weights
        assert low.returns @ low.weights != pytest.approx(high.returns @ high.weights)
        assert min(low.returns @ low.weights, high.returns @ high.weights) < mean
        assert mean < max(low.returns @ low.weights, high.returns @ high.weights)


def test_commands_are_as_frequent_as_they_are_asked_for() -> None:
    before = Reference.of(np.array([1.0, 2.0, 3.0, 4.0]))
    target = Quantile(0.5)
    # Chance has drawn the 4 four times of five, where half of the commands are 4.
    drawn = np.array([4.0, 3.0, 4.0, 4.0, 4.0, 4.0])
    same = Commands(target, before, before, 0)
    for share in (0.0, 1.0):
        asked = same.asked(drawn, share)
        assert sorted(asked) == [3.0, 3.0, 3.0, 4.0, 4.0, 4.0]
        assert asked[1] == 3.0, "who was asked for least is asked for least again"
    higher = Commands(target, before, Reference.of(before.returns + 2.0), 0)
    assert (higher.asked(drawn, 1.0) - higher.asked(drawn, 0.0)).tolist() == [2.0] * 6
    half = higher.mixed(0.5)
    assert half.returns.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert half.weights.sum() == pytest.approx(1.0)
    constant = Commands(FixedReturn(3.0), before, before, 0)
    assert constant.asked(drawn, 1.0).tolist() == [3.0] * 6


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


@pytest.mark.parametrize("enforce", ["stop", "backtrack"])
def test_the_total_is_counted_from_the_demonstrators_and_never_exceeded(enforce: Any) -> None:
    origin = demonstrator()
    learner = online(LONG)
    start = Probe.of(experience(learner), origin, origin).spent(origin).total
    total = start + 0.05
    learner, told = rounds_within(KLBudget(total=total, enforce=enforce, check_every=1), rounds=6)
    within = [each["kl_spent_total"] <= total for each in told]
    # Measured anew in other episodes an unmoved policy may be a little beyond.
    assert all(ok or each["kept"] == 0.0 for ok, each in zip(within, told, strict=True))
    assert within[0]
    assert told[-1]["kl_spent_total"] < total + 0.05
    assert any(each["kept"] < 1.0 for each in told)


def test_beyond_the_total_nothing_moves_and_that_is_remembered() -> None:
    settings = replace(LONG, kl_budget=KLBudget(total=0.0))
    learner, other = online(settings), online(settings)
    asked = learner.agent().reference
    played = experience(learner)
    told = learner.learn(played, 0)
    assert told["kept"] == 0.0
    assert same_weights(learner._model, demonstrator())
    assert learner.own_share > 0.0
    other.restore(*learner.state(), [played.trajectories])
    for each in (learner, other):
        held = each.agent().reference
        assert held.returns.tolist() == asked.returns.tolist()
        assert held.weights.tolist() == asked.weights.tolist()
    assert other.state()[1] == learner.state()[1]


def test_a_probe_measures_what_a_round_measures() -> None:
    """Of the policy that played, there is nothing to be likelier."""
    learner = online(LONG)
    learner.learn(experience(learner, 0), 0)
    played = experience(learner, 1)
    spent = Probe.of(played, learner._model, learner._demonstrator).spent(learner._model)
    apart = learner.divergences(played)
    assert spent.total == pytest.approx(float(apart.kl.sum()) / len(played.trajectories), rel=1e-4)
    assert spent.round == pytest.approx(0.0, abs=1e-9)


@pytest.mark.slow
def test_it_is_the_divergence_in_the_episodes_that_will_be_played() -> None:
    """Seen in the old policy's episodes and in the new one's own: the same number."""
    learner = online(replace(LONG, kl_budget=KLBudget(per_round=0.3)))
    fixed = FixedReturn(0.0, extrapolate=True)  # nothing moves but the weights
    old = copy.deepcopy(learner._model)
    learner.learn(experience(learner, 0), 0)
    new = learner._model
    places = {"before": old, "after": new}
    reference = Reference.of(np.zeros(1))
    played = {}
    for name, model in places.items():
        parts = [
            rollout(world(), ReturnConditionedAgent(model, fixed, reference), COPIES, seed).episodes
            for seed in range(200)
        ]
        whole = concatenate_episodes(parts)
        played[name] = Experience(whole.trajectories, whole.commanded, None)
    found = {}
    for name, by in (("before", old), ("after", new)):
        shares = []
        for first in range(0, 200 * COPIES, PROBE):
            data = played[name].trajectories.slice(first, min(first + PROBE, 200 * COPIES))
            steps = slice(int(data.starts[0]), int(data.starts[-1]))
            few = Experience(data, played[name].commanded[steps], None)
            shares.append(Probe.of(few, by, demonstrator()).spent(new).total)
        found[name] = np.array(shares)
    plain = distributions(new, played["before"].trajectories, played["before"].asked)
    origin = distributions(demonstrator(), played["before"].trajectories, None)
    unweighted = kl(new.family, plain, origin).sum() / len(played["before"].trajectories)
    error = np.hypot(*(each.std(ddof=1) / np.sqrt(len(each)) for each in found.values()))
    means = {name: each.mean() for name, each in found.items()}
    assert abs(means["before"] - means["after"]) < 4 * error
    assert abs(unweighted - means["after"]) > 4 * error, "the episodes differ enough to tell"


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(SettingsError, match="more than ask"):
        replace(ONLINE, target=FactorisedTilt(1.0), kl_budget=KLBudget(1.0))
    with pytest.raises(SettingsError, match="return head expects"):
        replace(ONLINE, target=Quantile(0.5, reference="model"), kl_budget=KLBudget(1.0))
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
