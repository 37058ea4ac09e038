"""`Cloned`: behaviour cloning of the best demonstrations alone: %BC, which never goes on learning.

Knows no environment. What conditioning on a high return is worth beyond leaving the worse
demonstrations out (Chen et al. 2021, arXiv:2106.01345, section 5.1).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from torch import Tensor

from driftline.agents.return_conditioned import ReturnConditionedAgent
from driftline.conditioning.reference import Reference
from driftline.conditioning.target import Unconditioned
from driftline.data.trajectories import Trajectories
from driftline.errors import SettingsError
from driftline.models.model import HasDensity, family_of
from driftline.models.trainable import TrainableModel
from driftline.seeding import integer_seed
from driftline.training.divergence import Divergences, distributions
from driftline.training.learner import Experience
from driftline.training.offline import OfflineSettings, train_offline


@dataclass(frozen=True)
class CloneSettings:
    """Fit a model of its own to the ``best`` share of the demonstrations, by their return."""

    best: float = 0.1
    offline: OfflineSettings = OfflineSettings()

    def __post_init__(self) -> None:
        if not 0.0 < self.best <= 1.0:
            raise SettingsError(f"best is a share above 0 and at most 1, got {self.best:g}")


class Cloned:
    """Acts unasked, as the best demonstrators did.

    ``untrained`` is fitted when it first has to act; ``demonstrator``, which was fitted to all
    demonstrations, only measures how far it is from them.
    """

    own_share = 0.0

    def __init__(
        self,
        settings: CloneSettings,
        untrained: TrainableModel,
        demonstrator: TrainableModel,
        demonstrations: Trajectories,
        *,
        seed: int,
    ) -> None:
        self._settings, self._seed = settings, seed
        self._model, self._demonstrator = untrained, demonstrator.eval()
        self._shown = best(demonstrations, settings.best)
        self.gradient_updates = 0

    def agent(self) -> ReturnConditionedAgent:
        """The same agent every round."""
        return self._acting(likeliest=False)

    def judged(self) -> ReturnConditionedAgent:
        """The same by its likeliest actions."""
        return self._acting(likeliest=True)

    def _acting(self, likeliest: bool) -> ReturnConditionedAgent:
        updates = self._settings.offline.updates
        if self.gradient_updates < updates:
            seed = integer_seed(self._seed, "cloning")
            for _ in train_offline(self._model, self._shown, self._settings.offline, seed):
                pass
            self.gradient_updates = updates
        reference = Reference.of(self._shown.returns)
        return ReturnConditionedAgent(self._model.eval(), Unconditioned(), reference, likeliest)

    def divergences(self, experience: Experience) -> Divergences:
        """From the demonstrator model; none from last round's policy, which is the same."""
        data, origin = experience.trajectories, None
        if isinstance(self._demonstrator, HasDensity):
            origin = distributions(self._demonstrator, data, None)
        acting = experience.distributions
        measured = Divergences.of(family_of(self._model), acting, origin, None, data.actions)
        return replace(measured, kl_previous=np.zeros(data.steps))

    def learn(self, experience: Experience, round: int) -> dict[str, float]:
        """Nothing is learnt."""
        return {}

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """The fitted weights."""
        return dict(self._model.state_dict()), {"gradient_updates": self.gradient_updates}

    def restore(
        self, tensors: dict[str, Tensor], values: dict[str, Any], history: list[Trajectories]
    ) -> None:
        """Load what `state` gave."""
        self._model.load_state_dict(tensors)
        self.gradient_updates = values["gradient_updates"]


def best(demonstrations: Trajectories, share: float) -> Trajectories:
    """The ``share`` of the trajectories with the highest returns, at least one, in their order.

    >>> from driftline.data.trajectory import Trajectory
    >>> def worth(reward: float) -> Trajectory:
    ...     return Trajectory(np.zeros((2, 1)), np.zeros(1, int), np.array([reward]), True, False)
    >>> best(Trajectories.of([worth(3.0), worth(1.0), worth(2.0)]), 0.6).returns
    array([3., 2.])
    """
    count = max(1, round(share * len(demonstrations)))
    order = np.argsort(-demonstrations.returns, kind="stable")
    return demonstrations.take(np.sort(order[:count]))
