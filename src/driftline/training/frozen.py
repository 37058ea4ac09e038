"""`Frozen`: the GM agent, which never learns from what it does.

Knows no environment; the row every other agent is compared with.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
from torch import Tensor

from driftline.agents.return_conditioned import ReturnConditionedAgent
from driftline.conditioning.reference import Reference
from driftline.conditioning.target import Target, Unconditioned
from driftline.data.trajectories import Trajectories
from driftline.models.model import HasDensity, family_of
from driftline.models.trainable import TrainableModel
from driftline.training.divergence import Divergences, distributions
from driftline.training.learner import Experience


class Frozen:
    """The demonstrator model under ``target``, chosen against the demonstrations."""

    own_share = 0.0
    gradient_updates = 0

    def __init__(self, model: TrainableModel, target: Target, demonstrations: Trajectories) -> None:
        self._model = model
        self._target = target
        self._reference = Reference.of(demonstrations.returns)

    def agent(self) -> ReturnConditionedAgent:
        """The same agent every round."""
        return ReturnConditionedAgent(self._model, self._target, self._reference)

    def judged(self) -> ReturnConditionedAgent:
        """The same agent by its likeliest actions."""
        return ReturnConditionedAgent(self._model, self._target, self._reference, likeliest=True)

    def divergences(self, experience: Experience) -> Divergences:
        """From the unconditioned model; none from last round's policy, which is the same."""
        data, nothing = experience.trajectories, np.zeros(experience.trajectories.steps)
        if isinstance(self._target, Unconditioned):
            return Divergences(*(nothing.copy() for _ in fields(Divergences)))
        model, origin = self._model, None
        if isinstance(model, HasDensity):
            origin = distributions(model, data, None)
        acting = experience.distributions
        measured = Divergences.of(family_of(self._model), acting, origin, None, data.actions)
        return replace(measured, kl_previous=nothing)

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
