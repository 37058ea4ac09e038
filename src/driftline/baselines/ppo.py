"""`PPOLearner`: stable-baselines3's PPO from scratch, as one more learner of the round loop.

Knows no environment. The library loads when a learner is made, not before.
"""

from __future__ import annotations

from typing import Any

from gymnasium.vector import VectorEnv

from driftline.baselines.from_scratch import FromScratch
from driftline.baselines.installed import require_stable_baselines3
from driftline.baselines.ppo_settings import PPOSettings
from driftline.models.trainable import TrainableModel
from driftline.seeding import integer_seed


class PPOLearner(FromScratch):
    """Proximal policy optimisation; acts by sampling from the policy it improves."""

    method = "ppo"

    def __init__(
        self,
        settings: PPOSettings,
        environment: VectorEnv[Any, Any, Any],
        demonstrator: TrainableModel,
        *,
        rounds: int,
        seed: int,
    ) -> None:
        require_stable_baselines3()
        from driftline.baselines.algorithm import Algorithm

        algorithm = Algorithm(environment, settings, rounds, integer_seed(seed, self.method))
        super().__init__(algorithm, demonstrator, seed=seed)
