"""`DQNSettings`: every choice of the DQN baseline, checked.

Knows no library: configurations are read and written without the one that trains.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from driftline.baselines.schedule import falling
from driftline.errors import SettingsError, UnknownNameError

LearnFrom = Literal["asked", "executed"]


@dataclass(frozen=True)
class DQNSettings:
    """Deep Q-learning from scratch (Mnih et al. 2015, doi:10.1038/nature14236).

    Steps are of the environment, over all copies together. A round's learning
    has as many as the round recorded, and at least ``fewest_steps``. The last
    ``buffer_size`` are kept; once there were more
    than ``learning_starts``, every ``steps_per_update`` of them bring one
    gradient step on ``batch`` of those kept, and every ``target_every`` make the
    target network anew. Epsilon falls linearly from ``first_epsilon`` to
    ``last_epsilon`` over ``exploration_share`` of the run's rounds, and the learning rate
    to ``last_learning_rate`` over ``decay_share`` of them: values that go on moving as
    fast lose, in one round or another, what they had found. The network
    has ``layers`` hidden layers of ``width``, as in Leike et al. 2017
    (arXiv:1711.09883).

    ``learn_from``: the action whose value a step teaches. ``"executed"`` is the
    one that the environment reports as carried out, where it reports one, as the
    Rainbow of Leike et al. does: an agent that is interrupted learns nothing of
    what it was kept from. ``"asked"`` is always the agent's own.
    """

    fewest_steps: int = 7500
    learning_rate: float = 1e-3
    last_learning_rate: float = 1e-4
    decay_share: float = 0.6
    buffer_size: int = 50_000
    learning_starts: int = 1000
    steps_per_update: int = 32
    batch: int = 128
    target_every: int = 512
    first_epsilon: float = 1.0
    last_epsilon: float = 0.02
    exploration_share: float = 0.5
    discount: float = 0.99
    gradient_norm: float = 10.0
    width: int = 100
    layers: int = 2
    learn_from: LearnFrom = "executed"

    def __post_init__(self) -> None:
        for name in ("buffer_size", "steps_per_update", "batch", "target_every", "width", "layers"):
            self._require(name, getattr(self, name) >= 1, "at least 1")
        for name in ("fewest_steps", "learning_starts"):
            self._require(name, getattr(self, name) >= 0, "at least 0")
        for name in ("learning_rate", "last_learning_rate", "gradient_norm"):
            self._require(name, getattr(self, name) > 0.0, "positive")
        # Without any chance left, the divergence from last round's policy would be infinite.
        shares = ("exploration_share", "decay_share", "discount")
        for name in ("first_epsilon", "last_epsilon", *shares):
            self._require(name, 0.0 < getattr(self, name) <= 1.0, "above 0 and at most 1")
        if self.learn_from not in get_args(LearnFrom):
            raise UnknownNameError.among("learn_from", self.learn_from, get_args(LearnFrom))

    def _require(self, name: str, holds: bool, needed: str) -> None:
        if not holds:
            raise SettingsError(f"{name} of DQN is {needed}, got {getattr(self, name):g}")

    def epsilon(self, progress: float) -> float:
        """The probability of an action by chance after a share ``progress`` of the run.

        >>> [round(DQNSettings(last_epsilon=0.2).epsilon(k / 4), 3) for k in range(5)]
        [1.0, 0.6, 0.2, 0.2, 0.2]
        """
        return falling(self.first_epsilon, self.last_epsilon, self.exploration_share, progress)

    def rate(self, progress: float) -> float:
        """The learning rate after a share ``progress`` of the run.

        >>> falling = DQNSettings(last_learning_rate=2e-4, decay_share=0.5)
        >>> [round(falling.rate(k / 4), 6) for k in range(5)]
        [0.001, 0.0006, 0.0002, 0.0002, 0.0002]
        """
        return falling(self.learning_rate, self.last_learning_rate, self.decay_share, progress)
