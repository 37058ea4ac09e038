"""`IQLLearner`: implicit Q-learning as one more learner of the round loop.

Knows no environment: it learns from demonstrations, then from recorded steps as well.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from torch import Tensor

from driftline.baselines.encoding import encode
from driftline.baselines.from_scratch import apart
from driftline.baselines.iql_networks import Networks, Policy
from driftline.baselines.iql_settings import IQLSettings
from driftline.baselines.policy_agent import PolicyAgent
from driftline.baselines.steps import Steps
from driftline.data.trajectories import Trajectories
from driftline.errors import SpaceError
from driftline.models.trainable import TrainableModel
from driftline.seeding import generator, integer_seed
from driftline.shapes import Floats
from driftline.spaces.codecs import VectorCodec
from driftline.spaces.specs import ContinuousActionSpec, VectorSpec
from driftline.training.checkpoint import part
from driftline.training.divergence import Divergences
from driftline.training.learner import Experience
from driftline.training.update import mean_parts

KEPT = 2_000_000
"""Steps that are kept at most, demonstrations and recorded ones together."""


class IQLLearner:
    """Of the ``demonstrator`` model it uses nothing but its spaces: it is measured from it."""

    def __init__(
        self,
        settings: IQLSettings,
        demonstrator: TrainableModel,
        demonstrations: Trajectories,
        *,
        seed: int,
    ) -> None:
        observation, action = demonstrator.observation, demonstrator.action
        if not (isinstance(action, ContinuousActionSpec) and isinstance(observation, VectorSpec)):
            raise SpaceError(
                f"IQL needs vectors and continuous actions, got {observation} and {action}; use "
                "another learner"
            )
        codec = VectorCodec.fit(demonstrations.observations)
        self._settings, self._seed = settings, seed
        self._demonstrator, self._demonstrations = demonstrator.eval(), demonstrations
        self._observation, self._action = observation, action
        self._networks = Networks(settings, codec, action, integer_seed(seed, "iql weights"))
        self._before = copy.deepcopy(self._networks.policy)
        span = float(np.ptp(demonstrations.returns))
        # Where all return the same there is no span to size rewards by: they stay as they are.
        self._reward_scale = 1000.0 / span if span > 0.0 else 1.0
        self._fill([])

    def _fill(self, history: list[Trajectories]) -> None:
        self._steps = Steps(KEPT, self._observation, self._action)
        for each in (self._demonstrations, *history):
            self._steps.add(each)

    @property
    def own_share(self) -> float:
        """The share of the steps that are its own."""
        return 1.0 - self._demonstrations.steps / self._steps.added

    @property
    def gradient_updates(self) -> int:
        """Updates so far, those on demonstrations alone among them."""
        return self._networks.updates

    def agent(self) -> PolicyAgent:
        """Samples from the current policy, once it has learnt from the demonstrations."""
        if self._networks.updates < self._settings.offline_updates:
            rest = self._settings.offline_updates - self._networks.updates
            self._improve(rest, integer_seed(self._seed, "iql offline"))
            self._before.load_state_dict(self._networks.policy.state_dict())
        return PolicyAgent(self._known, self._action)

    def judged(self) -> PolicyAgent:
        """The current policy without its noise."""
        return PolicyAgent(self._known, self._action, likeliest=True)

    def _known(self, observations: Any) -> Floats:
        return self._of(self._networks.policy, observations)

    def _previously(self, observations: Any) -> Floats:
        return self._of(self._before, observations)

    def _of(self, policy: Policy, observations: Any) -> Floats:
        encoded = torch.from_numpy(encode(self._observation, observations))
        with torch.inference_mode():
            return np.asarray(policy(encoded).double().numpy())

    def divergences(self, experience: Experience) -> Divergences:
        """Of the acting policy from the demonstrator model and from last round's policy."""
        return apart(self._action, self._previously, self._demonstrator, experience)

    def learn(self, experience: Experience, round: int) -> dict[str, float]:
        """Learn from the round's steps, those before them and the demonstrations."""
        self._before.load_state_dict(self._networks.policy.state_dict())
        self._steps.add(experience.trajectories)
        updates = whole(self._settings.updates_per_step * experience.trajectories.steps)
        return self._improve(updates, integer_seed(self._seed, "iql", round))

    def _improve(self, updates: int, seed: int) -> dict[str, float]:
        draw, batch = generator(seed, "batches"), self._settings.batch
        drawn = (self._steps.draw(batch, draw) for _ in range(updates))
        return mean_parts([self._networks.update(each, self._reward_scale) for each in drawn])

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Everything that changes, but for the recorded steps."""
        tensors, values = self._networks.state()
        before = {f"before.{name}": each for name, each in self._before.state_dict().items()}
        return {**tensors, **before}, values

    def restore(
        self, tensors: dict[str, Tensor], values: dict[str, Any], history: list[Trajectories]
    ) -> None:
        """Load what `state` gave; the recorded steps are those of ``history``."""
        self._networks.restore(tensors, values)
        self._before.load_state_dict(part(tensors, "before."))
        self._fill(history)


def whole(updates: float) -> int:
    """A whole number of updates, at least one where there are any.

    >>> whole(0.0), whole(0.2), whole(2.6)
    (0, 1, 3)
    """
    return 0 if updates == 0 else max(1, round(updates))
