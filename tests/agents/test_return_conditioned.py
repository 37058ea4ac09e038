"""The agent asks for less by what it received, and acts as the whole-episode model says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from driftline.agents.return_conditioned import ReturnConditionedAgent
from driftline.agents.rollout import Rollout, rollout
from driftline.conditioning.fixed import FixedReturn
from driftline.conditioning.quantile import Quantile
from driftline.conditioning.reference import Reference
from driftline.conditioning.target import Target, Unconditioned
from driftline.errors import TargetError
from driftline.training.divergence import distributions
from tests.agents.tabular import bandit, plain_model, random_world, tabular_model

REFERENCE = Reference.of(np.array([-1.0, 0.0, 2.0, 3.0]))


def played(target: Target, episodes: int = 24, **settings: Any) -> tuple[Any, Rollout]:
    model = tabular_model(10, 3, **settings)
    agent = ReturnConditionedAgent(model, target, REFERENCE)
    return model, rollout(random_world(2, 12), agent, episodes, seed=1)


@pytest.mark.parametrize("target", [FixedReturn(2.0), Quantile(0.5, draw="tail")])
def test_the_command_falls_by_every_reward_received(target: Target) -> None:
    _, done = played(target)
    episodes = done.episodes
    for index in range(len(episodes)):
        one = episodes.episode(index)
        before = np.concatenate([[0.0], np.cumsum(one.trajectory.rewards)[:-1]])
        assert np.allclose(one.commanded, one.commanded[0] - before, rtol=0, atol=1e-12)


def test_each_episode_is_asked_for_a_return_of_the_target_s() -> None:
    _, fixed = played(FixedReturn(2.0))
    assert (fixed.episodes.commanded_returns == 2.0).all()
    _, tail = played(Quantile(0.5, draw="tail"), episodes=48)
    assert set(tail.episodes.commanded_returns.tolist()) == {2.0, 3.0}
    _, point = played(Quantile(0.5, draw="point"))
    assert (point.episodes.commanded_returns == 0.0).all()


def test_nothing_is_asked_of_an_unconditioned_agent() -> None:
    _, done = played(Unconditioned())
    assert np.isnan(done.episodes.commanded).all()


@pytest.mark.parametrize("tokens", ["fused", "three"])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("target", [Quantile(0.5), Unconditioned()], ids=["asked", "unasked"])
def test_what_is_recorded_is_the_banded_forward_over_the_whole_episode(
    tokens: str, layers: int, target: Target
) -> None:
    model, done = played(target, tokens=tokens, layers=layers, time="elapsed")
    data = done.episodes.trajectories
    assert data.lengths.max() > 2 * model.config.context_length
    assert data.lengths.min() < model.config.context_length
    asked = None if isinstance(target, Unconditioned) else done.episodes.commanded
    forward = distributions(model, data, asked)
    assert done.distributions == pytest.approx(forward, abs=1e-5)
    assert np.std(np.exp(forward), axis=0).max() > 0.05, "the policy hardly depends on anything"


def test_a_return_that_was_asked_for_changes_what_is_done() -> None:
    model, done = played(Quantile(0.5))
    unasked = distributions(model, done.episodes.trajectories, None)
    assert np.abs(np.exp(done.distributions) - np.exp(unasked)).max() > 0.05


def test_actions_are_drawn_from_the_distributions_that_are_recorded() -> None:
    wanted = np.array([0.6, 0.3, 0.1])
    agent = ReturnConditionedAgent(plain_model(wanted), Unconditioned(), REFERENCE)
    done = rollout(bandit([0.0, 0.0, 0.0], 2000), agent, 4000, seed=0)
    share = np.bincount(done.episodes.trajectories.actions, minlength=3) / 4000
    assert np.exp(done.distributions) == pytest.approx(np.tile(wanted, (4000, 1)), abs=1e-6)
    assert share == pytest.approx(wanted, abs=0.025)


def test_a_return_without_support_is_refused_before_anything_is_played() -> None:
    with pytest.raises(TargetError, match="outside the data's range"):
        played(FixedReturn(9.0))
    _, done = played(FixedReturn(9.0, extrapolate=True))
    assert (done.episodes.commanded_returns == 9.0).all()
