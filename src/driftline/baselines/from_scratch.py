"""`FromScratch`: what learners that know nothing of demonstrations have in common.

Knows no environment and no library; what trains is handed to it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Protocol

from torch import Tensor

from driftline.baselines.policy_agent import PolicyAgent
from driftline.data.trajectories import Trajectories, acted_upon
from driftline.models.action_distributions import Family
from driftline.models.model import HasDensity
from driftline.models.trainable import TrainableModel
from driftline.seeding import integer_seed
from driftline.shapes import Floats
from driftline.training.divergence import Divergences, distributions
from driftline.training.learner import Experience


class Trained(Protocol):
    """A policy, improved one round at a time."""

    @property
    def gradient_updates(self) -> int:
        """Steps of the optimiser so far."""
        ...

    @property
    def family(self) -> Family:
        """What kind of distribution its policy is."""
        ...

    def known(self, observations: Any) -> Floats:
        """Parameters of the policy as it acts now, ``float64 [B, P]``."""
        ...

    def previously_known(self, observations: Any) -> Floats:
        """Those of the policy before the last `improve`."""
        ...

    def improve(self, recorded: Trajectories, seed: int) -> dict[str, float]:
        """Learn from the round's steps, or from as many of its own; returns the losses."""
        ...

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Everything that changes, as tensors and plain values."""
        ...

    def restore(
        self, tensors: dict[str, Tensor], values: dict[str, Any], history: list[Trajectories]
    ) -> None:
        """Load what `state` gave; the rounds' trajectories are ``history``."""
        ...


class FromScratch(ABC):
    """Knows nothing of demonstrations; ``demonstrator`` only measures how far it is from them."""

    own_share = 1.0

    def __init__(self, trained: Trained, demonstrator: TrainableModel, *, seed: int) -> None:
        self._trained = trained
        self._demonstrator = demonstrator.eval()
        self._seed = seed

    @property
    @abstractmethod
    def method(self) -> str:
        """How it learns, after which its draws are named."""

    @property
    def gradient_updates(self) -> int:
        """Steps of the optimiser so far."""
        return self._trained.gradient_updates

    def agent(self) -> PolicyAgent:
        """Samples from the current policy."""
        return PolicyAgent(self._trained.known, self._trained.family)

    def judged(self) -> PolicyAgent:
        """The current policy's likeliest actions."""
        return PolicyAgent(self._trained.known, self._trained.family, likeliest=True)

    def divergences(self, experience: Experience) -> Divergences:
        """Of the acting policy from the demonstrator model and from last round's policy."""
        before = self._trained.previously_known
        return apart(self._trained.family, before, self._demonstrator, experience)

    def learn(self, experience: Experience, round: int) -> dict[str, float]:
        """Improve on the steps of ``experience``, or on as many of its own."""
        seed = integer_seed(self._seed, self.method, round)
        return self._trained.improve(experience.trajectories, seed)

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Everything that changes."""
        return self._trained.state()

    def restore(
        self, tensors: dict[str, Tensor], values: dict[str, Any], history: list[Trajectories]
    ) -> None:
        """Load what `state` gave; the rounds' trajectories are ``history``."""
        self._trained.restore(tensors, values, history)


def apart(
    family: Family,
    before: Callable[[Any], Floats],
    demonstrator: TrainableModel,
    experience: Experience,
) -> Divergences:
    """Of an acting policy of ``family`` from the demonstrator model and from ``before``.

    From a demonstrator model of another family nothing is measured: the edges of a clipped
    Gaussian have a probability of their own, which a squashed one never has.
    """
    data, origin = experience.trajectories, None
    if isinstance(demonstrator, HasDensity) and demonstrator.family == family:
        origin = distributions(demonstrator, data, None)
    earlier = before(data.observations[acted_upon(data)])
    return Divergences.of(family, experience.distributions, origin, earlier, data.actions)
