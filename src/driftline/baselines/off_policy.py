"""`OffPolicyLearner`: SAC or TD3 as one more learner of the round loop.

Knows no environment: it learns from the recorded steps, as many as everyone else has. The
library loads when a learner is made, not before.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from driftline.baselines.from_scratch import apart
from driftline.baselines.installed import require_stable_baselines3
from driftline.baselines.off_policy_settings import OffPolicySettings
from driftline.baselines.policy_agent import PolicyAgent
from driftline.data.trajectories import Trajectories
from driftline.errors import SpaceError
from driftline.models.trainable import TrainableModel
from driftline.seeding import integer_seed
from driftline.spaces.specs import ContinuousActionSpec
from driftline.training.divergence import Divergences
from driftline.training.learner import Experience


class OffPolicyLearner:
    """Knows nothing of demonstrations; ``demonstrator`` only measures how far it is from them."""

    own_share = 1.0

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

        path = integer_seed(seed, "off policy")
        self._trained = OffPolicyAlgorithm(settings, demonstrator.observation, action, path)
        self._demonstrator, self._seed = demonstrator.eval(), seed

    @property
    def gradient_updates(self) -> int:
        """Updates of the critics so far."""
        return self._trained.gradient_updates

    def agent(self) -> PolicyAgent:
        """Samples from the current policy."""
        return PolicyAgent(self._trained.known, self._trained.family)

    def judged(self) -> PolicyAgent:
        """The current policy without its noise."""
        return PolicyAgent(self._trained.known, self._trained.family, likeliest=True)

    def divergences(self, experience: Experience) -> Divergences:
        """Of the acting policy from the demonstrator model and from last round's policy."""
        before = self._trained.previously_known
        return apart(self._trained.family, before, self._demonstrator, experience)

    def learn(self, experience: Experience, round: int) -> dict[str, float]:
        """Learn from the round's steps and those before them."""
        seed = integer_seed(self._seed, "off policy", round)
        return self._trained.improve(experience.trajectories, seed)

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Everything that changes, but for the recorded steps."""
        return self._trained.state()

    def restore(
        self, tensors: dict[str, Tensor], values: dict[str, Any], history: list[Trajectories]
    ) -> None:
        """Load what `state` gave; the steps are those of ``history``."""
        self._trained.restore(tensors, values, history)
