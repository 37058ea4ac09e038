"""PPO as a learner: it takes the gradient steps it says, and learns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from driftline.baselines.ppo_settings import PPOSettings
from driftline.environments.gridworlds import GridworldVectorEnv, TomatoWatering
from driftline.records.events import RoundCollected
from driftline.training.checkpoint import load_checkpoint, save_checkpoint
from driftline.training.rounds import RoundSettings, run_rounds
from tests.baselines.scratch import experience, garden, pendulum, ppo, rounds, same


def test_gradient_updates_are_counted() -> None:
    settings = PPOSettings(
        width=8, fewest_steps=0, epochs=3, minibatches=2, smallest_batch=8, target_kl=None
    )
    one = ppo(settings=settings)
    assert one.gradient_updates == 0
    one.learn(experience(one, garden), 0)
    assert one.gradient_updates == 6
    # 160 steps are four iterations of 40, each with epochs and minibatches of its own.
    one = ppo(settings=replace(settings, iteration_steps=40))
    one.learn(experience(one, garden), 0)
    assert one.gradient_updates == 24


def test_the_observed_return_rises() -> None:
    def make() -> GridworldVectorEnv:
        return GridworldVectorEnv(TomatoWatering(horizon=40), 24)

    one = ppo(make, settings=PPOSettings(learning_rate=2e-3))
    events = run_rounds(one, make(), RoundSettings(6, 24), 0)
    returns = [each.observed_return for each in events if isinstance(each, RoundCollected)]
    assert np.mean(returns[-2:]) > 1.5 * returns[0]


def test_continuous_actions_are_learnt_in_their_box_and_resumed(tmp_path: Path) -> None:
    whole = ppo(pendulum)
    expected = list(rounds(whole, pendulum, 0, 2))
    cut = ppo(pendulum)
    list(rounds(cut, pendulum, 0, 1))
    save_checkpoint(tmp_path, *cut.state())
    resumed = ppo(pendulum)
    resumed.restore(*load_checkpoint(tmp_path), history=[])
    (again,) = rounds(resumed, pendulum, 1, 2)
    assert same(resumed.state()[0], whole.state()[0])
    assert np.array_equal(again.episodes.kl, expected[1].episodes.kl)
    actions = again.episodes.trajectories.actions
    assert 1.0 < np.abs(actions).max() <= 2.0  # the box of the pendulum, not that of the learner
    assert np.isfinite(again.episodes.kl).all()
    assert (again.episodes.kl_previous > 0).all()
