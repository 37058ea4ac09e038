"""`Frozen`: the GM agent, which never learns from what it does.

Knows no environment; the row every other agent is compared with.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from driftline.agents.return_conditioned import ReturnConditionedAgent
from driftline.conditioning.reference import Reference
from driftline.conditioning.target import Target, Unconditioned
from driftline.data.trajectories import Trajectories
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.shapes import Floats
from driftline.training.divergence import distributions, kl
from driftline.training.learner import Experience


class Frozen:
    """The demonstrator model under ``target``, chosen against the demonstrations."""

    own_share = 0.0
    gradient_updates = 0

    def __init__(
        self, model: TrajectoryTransformer, target: Target, demonstrations: Trajectories
    ) -> None:
        self._model = model
        self._target = target
        self._reference = Reference.of(demonstrations.returns)

    def agent(self) -> ReturnConditionedAgent:
        """The same agent every round."""
        return ReturnConditionedAgent(self._model, self._target, self._reference)

    def divergences(self, experience: Experience) -> tuple[Floats, Floats]:
        """To the unconditioned model; zero to last round's policy, which is the same."""
        if isinstance(self._target, Unconditioned):
            nothing = np.zeros(experience.trajectories.steps)
            return nothing, nothing.copy()
        reference = distributions(self._model, experience.trajectories, None)
        here = kl(experience.distributions, reference)
        return here, np.zeros(len(here))

    def learn(self, experience: Experience, round: int) -> dict[str, float]:
        """Nothing is learnt."""
        return {}

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Nothing changes, so there is nothing to store."""
        return {}, {}

    def restore(
        self, tensors: dict[str, Tensor], values: dict[str, Any], history: list[Trajectories]
    ) -> None:
        """There is nothing to restore."""
