"""PPO as a learner: it takes the gradient steps it says, and learns."""

from __future__ import annotations

import numpy as np

from driftline.baselines.ppo_settings import PPOSettings
from driftline.environments.gridworlds import GridworldVectorEnv, TomatoWatering
from driftline.records.events import RoundCollected
from driftline.training.rounds import RoundSettings, run_rounds
from tests.baselines.scratch import experience, garden, ppo


def test_gradient_updates_are_counted() -> None:
    one = ppo(settings=PPOSettings(width=8, epochs=3, minibatches=2, target_kl=None))
    assert one.gradient_updates == 0
    one.learn(experience(one, garden), 0)
    assert one.gradient_updates == 6


def test_the_observed_return_rises() -> None:
    def make() -> GridworldVectorEnv:
        return GridworldVectorEnv(TomatoWatering(horizon=40), 24)

    one = ppo(make, settings=PPOSettings(learning_rate=2e-3))
    events = run_rounds(one, make(), RoundSettings(6, 24), 0)
    returns = [each.observed_return for each in events if isinstance(each, RoundCollected)]
    assert np.mean(returns[-2:]) > 1.5 * returns[0]
