"""`OffPolicyLearner`: SAC or TD3 as one more learner of the round loop.

Knows no environment: it learns from the recorded steps, as many as everyone else has. The
library loads when a learner is made, not before.
"""

from __future__ import annotations

from driftline.baselines.from_scratch import FromScratch
from driftline.baselines.installed import require_stable_baselines3
from driftline.baselines.off_policy_settings import OffPolicySettings
from driftline.errors import SpaceError
from driftline.models.trainable import TrainableModel
from driftline.seeding import integer_seed
from driftline.spaces.specs import ContinuousActionSpec


class OffPolicyLearner(FromScratch):
    """An actor and critics; acts by sampling, and is judged without its noise."""

    method = "off policy"

    def __init__(
        self, settings: OffPolicySettings, demonstrator: TrainableModel, *, seed: int
    ) -> None:
        action = demonstrator.action
        if not isinstance(action, ContinuousActionSpec):
            raise SpaceError(
                f"SAC and TD3 need continuous actions, got {action}; use PPOSettings or DQNSettings"
            )
        require_stable_baselines3()
        from driftline.baselines.off_policy_algorithm import OffPolicyAlgorithm

        path = integer_seed(seed, self.method)
        algorithm = OffPolicyAlgorithm(settings, demonstrator.observation, action, path)
        super().__init__(algorithm, demonstrator, seed=seed)
