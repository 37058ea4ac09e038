"""Fine-tuning climbs the return, and with a penalty ends at the tilt that is the optimum."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from driftline.conditioning.factorised_tilt import FactorisedTilt
from driftline.conditioning.quantile import Quantile
from driftline.conditioning.target import Unconditioned
from driftline.errors import CapabilityError, SettingsError, TargetError
from driftline.training.divergence import distributions, kl
from driftline.training.finetune import FineTune, FineTuneSettings
from driftline.training.kl_penalty import AdaptivePenalty, FixedPenalty
from driftline.training.rounds import RoundSettings, run_rounds
from tests.agents.tabular import END, TabularWorld, bandit, one_step, plain_model
from tests.training.learners import TUNE, demonstrator, experience, play, same_tensors, tuned

FAST = FineTuneSettings(
    target=Unconditioned(), learning_rate=1e-2, critic_rate=1e-2, epochs=2,
    episodes_per_batch=128, gradient_norm=5.0,
)  # fmt: skip
COPIES = 128


def climbed(
    place: Any, probabilities: Any, settings: FineTuneSettings, rounds: int, states: int = 1
) -> tuple[list[Any], FineTune]:
    """The rounds' events, and the learner, in a world of a few states."""
    model = plain_model(probabilities, states)
    learner = FineTune(model, one_step([0.0]), settings, horizon=4, seed=3)
    return list(run_rounds(learner, place, RoundSettings(rounds, COPIES), 11))[::2], learner


def policy(events: list[Any], state: int, last: int) -> Any:
    """The distribution in ``state``, mean over the ``last`` rounds, from what was sampled."""
    data = [each.episodes.trajectories for each in events[-last:]]
    chosen = np.concatenate([
        each.actions[np.delete(each.observations, each.starts[1:] + np.arange(len(each))) == state]
        for each in data
    ])  # fmt: skip
    return np.bincount(chosen, minlength=2) / len(chosen)


def test_without_a_penalty_the_return_rises_to_the_best() -> None:
    events, _ = climbed(bandit([0.0, 1.0, 0.2], COPIES), [0.6, 0.2, 0.2], FAST, 16)
    returns = [each.observed_return for each in events]
    assert returns[0] == pytest.approx(0.24, abs=0.1)
    assert np.mean(returns[-3:]) > 0.9


def test_a_huge_penalty_keeps_the_policy_at_the_demonstrators() -> None:
    bound = replace(FAST, kl_penalty=FixedPenalty(1000.0))
    events, _ = climbed(bandit([0.0, 1.0, 0.2], COPIES), [0.6, 0.2, 0.2], bound, 12)
    assert max(each.episodes.kl.max() for each in events) < 1e-3
    assert np.mean([each.observed_return for each in events]) == pytest.approx(0.24, abs=0.05)


def test_a_penalised_bandit_ends_at_the_exponential_tilt() -> None:
    """argmax of E[R] - c KL is p_0(a) e^(r/c) / Z; total variation below 0.05 is asked for."""
    rewards, start, coefficient = np.array([0.0, 1.0, 2.0]), np.array([0.7, 0.2, 0.1]), 1.0
    tilt = start * np.exp(rewards / coefficient)
    tilt /= tilt.sum()
    settings = replace(FAST, kl_penalty=FixedPenalty(coefficient))
    events, _ = climbed(bandit(rewards, COPIES), start, settings, 60)
    known = np.mean([policy(events[: k + 1], 0, 1) for k in range(40, 60)], axis=0)
    assert np.abs(known - tilt).sum() / 2 < 0.05
    assert np.abs(start - tilt).sum() / 2 > 0.3
    wanted = float((tilt * np.log(tilt / start)).sum())
    reached = np.mean([each.episodes.kl.mean() for each in events[40:]])
    assert reached == pytest.approx(wanted, abs=0.06)


def test_a_first_step_pays_for_the_divergence_that_its_consequence_invites() -> None:
    """In state 1 a reward of 3 lures the policy away from p_0, in state 2 all is the same.

    The optimum weighs the states by c log E_0[e^(r/c)], 2.36 and 2.33: nearly evenly.
    Without the divergence to come it would weigh them by 2.86 and 2.33: 63 to 37.
    """
    following = [[1, 2], [END, END], [END, END]]
    rewards = [[0.0, 0.0], [0.0, 3.0], [2.33, 2.33]]
    place = TabularWorld(following, rewards, np.zeros(COPIES, np.int64))
    settings = replace(FAST, kl_penalty=FixedPenalty(1.0))
    events, _ = climbed(place, [0.5, 0.5], settings, 80, states=3)
    assert policy(events, 0, 30)[0] == pytest.approx(0.506, abs=0.04)
    assert policy(events, 1, 30)[1] == pytest.approx(1.0 / (1.0 + np.exp(-3.0)), abs=0.09)
    assert policy(events, 2, 30)[0] == pytest.approx(0.5, abs=0.04)


def test_divergences_are_of_the_acting_policy_from_the_demonstrator_and_from_last_round_s() -> None:
    learner = tuned()
    seen = experience(learner, 0)
    apart = learner.divergences(seen)
    unasked = distributions(demonstrator(), seen.trajectories, None)
    spec, actions = demonstrator().action, seen.trajectories.actions
    assert apart.kl == pytest.approx(kl(spec, seen.distributions, unasked), abs=1e-9)
    taken = np.arange(len(actions)), actions
    assert apart.log_ratio == pytest.approx(seen.distributions[taken] - unasked[taken], abs=1e-9)
    assert apart.kl_previous.max() < 1e-6, "nothing was learnt before the first round"
    learner.learn(seen, 0)
    assert learner.divergences(experience(learner, 1)).kl_previous.mean() > 1e-5
    assert learner.divergences(seen).kl_previous.max() < 1e-6


def test_every_epoch_takes_a_step_for_each_batch_of_episodes() -> None:
    learner = tuned()
    events = play(learner, 2)
    assert [each.gradient_updates for each in events] == [0, 4, 4, 8]
    assert all({"loss", "kl", "critic"} <= set(each.losses) for each in events[1::2])


def test_the_seed_decides_what_is_learnt() -> None:
    def learnt(seed: int) -> Any:
        learner = tuned(seed=seed)
        learner.learn(experience(tuned()), 0)
        return learner.state()[0]

    assert same_tensors(learnt(0), learnt(0))
    assert not same_tensors(learnt(0), learnt(1))


def test_the_demonstrator_model_is_left_as_it_was() -> None:
    model, before = demonstrator(), demonstrator()
    learner = FineTune(model, one_step([1.0]), TUNE, horizon=9, seed=0)
    learner.learn(experience(learner), 0)
    assert same_tensors(model.state_dict(), before.state_dict())


def test_rates_out_of_range_are_refused() -> None:
    for wrong in ({"learning_rate": 0.0}, {"rate_decay": -1.0}):
        with pytest.raises(SettingsError, match="rate_decay at least 0"):
            FineTuneSettings(**wrong)


@pytest.mark.parametrize("target", [FactorisedTilt(1.0), Quantile(0.9, per="step")], ids=repr)
def test_a_target_that_weighs_actions_is_refused(target: Any) -> None:
    """Its policy is not the model's own, so that its gradient is not the one that is followed."""
    with pytest.raises(TargetError, match="use a target that asks for a return"):
        FineTuneSettings(target=target)


class Blind:
    """All of a model but its density, or but its features."""

    def __init__(self, model: Any, hidden: tuple[str, ...]) -> None:
        kept = set(dir(model)) - set(hidden) - {"__class__"}
        self.__dict__ |= {n: getattr(model, n) for n in kept if not n.startswith("__")}


@pytest.mark.parametrize(
    ("hidden", "lacks"),
    [
        (("distribution", "window_distributions"), "Blind lacks HasDensity"),
        (("window_hidden",), "Blind lacks HasFeatures"),
    ],
)
def test_a_model_that_cannot_be_fine_tuned_is_refused_by_what_it_lacks(
    hidden: tuple[str, ...], lacks: str
) -> None:
    with pytest.raises(CapabilityError, match=f"{lacks}, .*; go online with it instead"):
        FineTune(Blind(demonstrator(), hidden), one_step([1.0]), TUNE, horizon=9, seed=0)


def test_episodes_of_unknown_distributions_are_refused() -> None:
    learner = tuned()
    unknown = replace(experience(learner), distributions=None)
    with pytest.raises(CapabilityError, match="without the distributions that acted"):
        learner.learn(unknown, 0)


def test_the_learning_rate_falls_as_it_is_told_to() -> None:
    learner = tuned(replace(TUNE, rate_decay=0.5))
    rates = []
    for round in range(3):
        learner.learn(experience(learner, round), round)
        rates.append(learner.state()[1]["optimiser"]["groups"][0]["lr"])
    assert rates == pytest.approx([TUNE.learning_rate / (1.0 + 0.5 * each) for each in range(3)])


def test_the_coefficient_adapts_to_the_divergence_that_is_reported() -> None:
    penalty = AdaptivePenalty(0.3, initial=0.1, gain=0.5, clip=0.5)
    learner = tuned(replace(TUNE, kl_penalty=penalty))
    expected = 0.1
    for round in range(3):
        seen = experience(learner, round)
        apart = learner.divergences(seen).kl
        losses = learner.learn(seen, round)
        reached = np.add.reduceat(apart, seen.trajectories.starts[:-1]).mean()
        assert losses["trajectory_kl"] == pytest.approx(reached)
        assert losses["kl_coefficient"] == pytest.approx(expected)
        expected *= 1.0 + 0.5 * np.clip(reached / 0.3 - 1.0, -0.5, 0.5)
    assert expected != 0.1
