"""`PPOLearner`: stable-baselines3's PPO from scratch, as one more learner of the round loop.

Knows no environment. The library loads when a learner is made, not before.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv
from torch import Tensor

from driftline.baselines.policy_agent import PolicyAgent
from driftline.baselines.ppo_settings import PPOSettings
from driftline.data.trajectories import Trajectories
from driftline.errors import CapabilityError
from driftline.models.model import HasDensity
from driftline.models.trainable import TrainableModel
from driftline.seeding import integer_seed
from driftline.shapes import Integers
from driftline.training.divergence import Divergences, distributions
from driftline.training.learner import Experience


def require_stable_baselines3() -> None:
    """Raises `CapabilityError` where the library that trains is not installed."""
    if find_spec("stable_baselines3") is None:
        raise CapabilityError(
            "PPO is trained by stable-baselines3, which is not installed; "
            "pip install driftline[baselines]"
        )


class PPOLearner:
    """Knows nothing of demonstrations; ``demonstrator`` only measures how far it is from them.

    It learns in ``environment``, its own copies of the world, for as many steps
    as the recorded round has, rounded up to a whole number for each copy.
    """

    own_share = 1.0

    def __init__(
        self,
        settings: PPOSettings,
        environment: VectorEnv[Any, Any, Any],
        demonstrator: TrainableModel,
        *,
        seed: int,
    ) -> None:
        require_stable_baselines3()
        from driftline.baselines.algorithm import Algorithm

        self._algorithm = Algorithm(environment, settings, integer_seed(seed, "ppo"))
        self._demonstrator = demonstrator.eval()
        self._seed = seed

    @property
    def gradient_updates(self) -> int:
        """Steps of the optimiser so far."""
        return self._algorithm.gradient_updates

    def agent(self) -> PolicyAgent:
        """Samples from the current policy."""
        return PolicyAgent(self._algorithm.log_probabilities)

    def divergences(self, experience: Experience) -> Divergences:
        """Of the acting policy from the demonstrator model and from last round's policy."""
        data, model = experience.trajectories, self._demonstrator
        origin = distributions(model, data, None) if isinstance(model, HasDensity) else None
        before = self._algorithm.previous_log_probabilities(data.observations[acted_upon(data)])
        acting = experience.distributions
        return Divergences.of(model.action, acting, origin, before, data.actions)

    def learn(self, experience: Experience, round: int) -> dict[str, float]:
        """One iteration of PPO on as many steps of its own as ``experience`` has."""
        seed = integer_seed(self._seed, "ppo", round)
        return self._algorithm.improve(experience.trajectories.steps, seed)

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Weights now and a round ago, and the optimiser."""
        return self._algorithm.state()

    def restore(
        self, tensors: dict[str, Tensor], values: dict[str, Any], history: list[Trajectories]
    ) -> None:
        """Load what `state` gave; the rounds' trajectories are not needed."""
        self._algorithm.restore(tensors, values)


def acted_upon(trajectories: Trajectories) -> Integers:
    """Rows of the observations at which an action was taken, ``[S]``: all but each last.

    >>> data = Trajectories(
    ...     observations=np.zeros((5, 1)), actions=np.zeros(3), rewards=np.zeros(3),
    ...     starts=np.array([0, 2, 3]), terminated=np.ones(2, bool), truncated=np.zeros(2, bool),
    ... )
    >>> acted_upon(data)
    array([0, 1, 3])
    """
    return np.arange(trajectories.steps) + np.repeat(
        np.arange(len(trajectories)), trajectories.lengths
    )
