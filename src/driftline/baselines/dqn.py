"""`DQNLearner`: stable-baselines3's DQN from scratch, as one more learner of the round loop.

Knows no environment. The library loads when a learner is made, not before.
"""

from __future__ import annotations

from typing import Any

from gymnasium.vector import VectorEnv

from driftline.baselines.dqn_settings import DQNSettings
from driftline.baselines.from_scratch import FromScratch
from driftline.baselines.installed import require_stable_baselines3
from driftline.models.trainable import TrainableModel
from driftline.seeding import integer_seed


class DQNLearner(FromScratch):
    """Deep Q-learning; explores in the recorded rounds too, as much as it does by then.

    The policy that acts, and whose divergences are measured, is epsilon-greedy
    with the epsilon that its schedule over ``rounds`` rounds has reached: the
    first recorded round is all chance, as its own first steps are.
    """

    method = "dqn"

    def __init__(
        self,
        settings: DQNSettings,
        environment: VectorEnv[Any, Any, Any],
        demonstrator: TrainableModel,
        *,
        rounds: int,
        seed: int,
    ) -> None:
        require_stable_baselines3()
        from driftline.baselines.dqn_algorithm import DQNAlgorithm

        algorithm = DQNAlgorithm(environment, settings, rounds, integer_seed(seed, self.method))
        super().__init__(algorithm, demonstrator, seed=seed)
