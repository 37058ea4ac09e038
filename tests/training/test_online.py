"""An OGM agent: what it is asked for, what it trains on, from which weights."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from driftline.conditioning.quantile import Quantile
from driftline.conditioning.reference import Recent
from driftline.conditioning.target import Unconditioned
from driftline.data.mixture import MixtureSettings
from driftline.errors import SettingsError
from driftline.training.divergence import distributions, kl
from driftline.training.learner import Experience
from driftline.training.online import Online
from driftline.training.online_settings import OnlineSettings
from driftline.training.pace import ReviewPace
from tests.agents.tabular import one_step, plain_model
from tests.training.learners import (
    ONLINE,
    SMALL,
    demonstrator,
    experience,
    online,
    play,
    same_tensors,
)


def achieved(returns: Any) -> Experience:
    """A round of one-step episodes that brought these returns."""
    data = one_step(returns)
    known = np.log(np.full((data.steps, 2), 0.5))
    return Experience(data, np.full(data.steps, np.nan), known)


def modest(level: float, reference: Any, share: float = 0.25, rate: float = 1.0) -> Online:
    """Its demonstrations all brought 1; it asks for a point of the reference."""
    settings = OnlineSettings(
        Quantile(level, draw="point", reference=reference), updates_per_round=1, update=SMALL,
        mixture=MixtureSettings(share, rate, 4),
    )  # fmt: skip
    return Online(plain_model([0.5, 0.5]), one_step([1.0, 1.0]), settings, seed=0)


def asked(learner: Online) -> float:
    agent = learner.agent()
    agent.begin(3, seed=0)
    agent.act(np.zeros(3, np.int64))
    assert len(set(agent.commanded.tolist())) == 1
    return float(agent.commanded[0])


def test_the_own_share_grows_by_its_rate_up_to_what_demonstrations_leave() -> None:
    learner = modest(0.5, "mixture", share=0.2, rate=0.25)
    shares = [learner.own_share]
    for round in range(6):
        learner.learn(achieved([5.0] * 8), round)
        shares.append(learner.own_share)
    assert shares == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8, 0.8, 0.8])


def test_rounds_report_the_share_as_it_is_after_learning() -> None:
    events = play(online(), 3)
    assert [each.own_share for each in events[1::2]] == pytest.approx([0.375, 0.75, 0.75])


@pytest.mark.parametrize(
    ("reference", "level", "wanted"),
    [
        # Own episodes (5, then 9) are three quarters of the mixture, demonstrations (1) a quarter.
        ("mixture", 0.2, [1.0, 1.0, 1.0]),
        ("mixture", 0.5, [1.0, 5.0, 9.0]),
        ("demonstrations", 0.5, [1.0, 1.0, 1.0]),
        (Recent(1), 0.0, [1.0, 5.0, 9.0]),
        (Recent(1), 0.9, [1.0, 5.0, 9.0]),
        (Recent(2), 0.0, [1.0, 5.0, 5.0]),
    ],
)
def test_the_threshold_is_of_the_reference_as_it_is_now(
    reference: Any, level: float, wanted: list[float]
) -> None:
    learner = modest(level, reference)
    seen = [asked(learner)]
    for round, value in enumerate((5.0, 9.0)):
        learner.learn(achieved([value] * 4), round)
        seen.append(asked(learner))
    assert seen == wanted


def test_recent_means_the_whole_last_round_admitted_or_not() -> None:
    learner = modest(0.99, Recent(1), rate=0.25)
    learner.learn(achieved([2.0] * 15 + [8.0]), 0)
    assert asked(learner) == 8.0
    learner.learn(achieved([3.0] * 16), 1)
    assert asked(learner) == 3.0


def test_it_learns_what_it_did_and_not_what_it_was_asked_for() -> None:
    """Own episodes of action 1 replace demonstrations of action 0, whatever was commanded."""
    settings = OnlineSettings(
        Unconditioned(), updates_per_round=60, update=replace(SMALL, learning_rate=3e-2),
        mixture=MixtureSettings(0.0, 1.0, 4),
    )  # fmt: skip
    learner = Online(plain_model([0.5, 0.5]), one_step([1.0] * 4), settings, seed=0)
    own = achieved([6.0] * 4)
    own = replace(own, trajectories=replace(own.trajectories, actions=np.ones(4, np.int64)))
    learner.learn(own, 0)
    agent = learner.agent()
    agent.begin(1, 0)
    agent.act(np.zeros(1, np.int64))
    assert np.exp(agent.distributions)[0, 1] > 0.9


def last_weights(settings: OnlineSettings, first: int) -> Any:
    """The state after round 1, whose data are demonstrations alone, after another round 0."""
    learner = online(replace(settings, mixture=MixtureSettings(1.0, 0.5, 10)))
    learner.learn(experience(online(), seed=first), round=first)
    learner.learn(experience(online(), seed=9), round=9)
    tensors, _ = learner.state()
    return {name: each for name, each in tensors.items() if not name.startswith("previous")}


def test_a_refit_from_the_offline_weights_forgets_the_rounds_before() -> None:
    offline = replace(ONLINE, refit_from="offline")
    assert same_tensors(last_weights(offline, 0), last_weights(offline, 1))
    assert not same_tensors(last_weights(ONLINE, 0), last_weights(ONLINE, 1))


def test_an_unconditioned_target_asks_for_nothing_and_still_learns() -> None:
    learner = online(replace(ONLINE, target=Unconditioned()))
    events = play(learner, 2)
    assert all(each.commanded_return is None for each in events[::2])
    assert np.isnan(events[0].episodes.commanded).all()
    assert learner.gradient_updates == 2 * ONLINE.updates_per_round
    # Unasked, the first round is acted by the demonstrator model itself.
    assert events[0].episodes.kl.max() < 1e-6
    assert events[2].episodes.kl.max() > 1e-3


def test_divergences_are_of_the_acting_policy_from_the_demonstrator_and_from_last_round_s() -> None:
    learner = online()
    seen = experience(learner, 0)
    apart = learner.divergences(seen)
    unasked = distributions(demonstrator(), seen.trajectories, None)
    spec, actions = demonstrator().action, seen.trajectories.actions
    assert apart.kl == pytest.approx(kl(spec, seen.distributions, unasked), abs=1e-9)
    taken = np.arange(len(actions)), actions
    assert apart.log_ratio == pytest.approx(seen.distributions[taken] - unasked[taken], abs=1e-9)
    assert apart.kl_previous.max() < 1e-6, "nothing was learnt before the first round"
    learner.learn(seen, 0)
    assert learner.divergences(experience(learner, 1)).kl_previous.mean() > 1e-4
    # The policy of the first round is the previous one now: where it acted, it is no distance away.
    assert learner.divergences(seen).kl_previous.max() < 1e-6


def test_what_last_round_s_policy_would_do_is_not_claimed_where_commands_do_not_say_it() -> None:
    learner = online(replace(ONLINE, target=Quantile(0.5, per="step")))
    apart = learner.divergences(experience(learner))
    assert np.isfinite(apart.kl).all()
    assert np.isfinite(apart.log_ratio).all()
    assert np.isnan(apart.kl_previous).all()


def test_the_demonstrator_model_is_left_as_it_was() -> None:
    model, before = demonstrator(), demonstrator()
    learner = Online(model, one_step([1.0]), replace(ONLINE, target=Unconditioned()), 0)
    learner.learn(experience(online()), 0)
    assert same_tensors(model.state_dict(), before.state_dict())


def test_the_seed_decides_the_refit() -> None:
    def learnt(seed: int) -> Any:
        learner = online(seed=seed)
        learner.learn(experience(online()), 0)
        return learner.state()[0]

    assert same_tensors(learnt(0), learnt(0))
    assert not same_tensors(learnt(0), learnt(1))


def test_updates_may_follow_the_steps_that_were_recorded() -> None:
    settings = OnlineSettings(target=Quantile(0.9), updates_per_round=3, updates_per_step=0.1)
    assert [settings.updates(steps) for steps in (0, 40, 1000)] == [3, 7, 103]
    learner = online(replace(ONLINE, updates_per_round=0, updates_per_step=0.1))
    seen = experience(learner)
    learner.learn(seen, 0)
    assert learner.gradient_updates == round(0.1 * seen.trajectories.steps) > 0
    with pytest.raises(SettingsError, match="updates_per_round and updates_per_step"):
        OnlineSettings(target=Quantile(0.9), updates_per_step=-1.0)


def test_an_agent_begins_with_the_best_demonstrations_and_calls_none_of_them_its_own() -> None:
    settings = replace(ONLINE, begins_with="best", mixture=MixtureSettings(0.0, 0.25, 8))
    learner = online(settings)
    best = np.sort(learner._mixture.demonstrations.returns)[-8:]
    assert learner._mixture.own is not None
    assert learner._mixture.own.returns.tolist() == best.tolist()
    assert learner.own_share == 0.0
    for round in range(3):
        learner.learn(experience(learner), round)
        slots, lent = learner._mixture.own, 6 - 2 * round
        assert slots is not None
        assert learner.own_share == pytest.approx(slots.lengths[lent:].sum() / slots.steps)
    with pytest.raises(SettingsError, match='eviction="oldest"'):
        replace(settings, mixture=MixtureSettings(eviction="worst"))
    with pytest.raises(SettingsError, match="warm_up and warmed are at least 0"):
        replace(settings, warm_up=-1)
    many = replace(settings, mixture=MixtureSettings(capacity=1000), pace=ReviewPace())
    with pytest.raises(SettingsError, match="than people can review; give a capacity of"):
        online(many)
