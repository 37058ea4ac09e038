"""PPO as a learner: it takes the gradient steps it says, and learns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from driftline.baselines.ppo_settings import PPOSettings
from driftline.environments.gridworlds import GridworldVectorEnv, TomatoWatering
from driftline.records.events import RoundCollected
from driftline.training.rounds import RoundSettings, run_rounds
from tests.baselines.scratch import experience, garden, ppo


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
