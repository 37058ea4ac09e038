"""`PPOSettings`: every choice of the PPO baseline, checked.

Knows no library: configurations are read and written without the one that trains.
"""

from __future__ import annotations

from dataclasses import dataclass

from driftline.baselines.schedule import falling
from driftline.errors import SettingsError


@dataclass(frozen=True)
class PPOSettings:
    """Proximal policy optimisation from scratch (Schulman et al. 2017, arXiv:1707.06347).

    Steps are of the environment, over all copies together. A round's learning
    has as many as the round recorded, and at least ``fewest_steps``; they are cut
    evenly into iterations of about ``iteration_steps``, each played by the policy
    that the last one left. An iteration makes ``epochs`` passes over its steps,
    each in ``minibatches`` gradient steps of ``smallest_batch`` or more. It
    stops early once it has moved the policy by 1.5 times ``target_kl``
    (estimated, in nats; None: never).

    A nat of entropy is worth ``first_entropy`` standardised advantages at first
    and linearly less, down to ``last_entropy`` after ``exploration_share`` of the
    run's rounds: a policy that settles early settles on the nearest reward.
    ``trace`` is the lambda of generalised advantage estimation
    (arXiv:1506.02438). Policy and value have a network each, ``layers`` hidden
    layers of ``width``. From ``discount`` on the values are the defaults of
    stable-baselines3.
    """

    learning_rate: float = 1e-3
    fewest_steps: int = 7500
    iteration_steps: int = 1600
    epochs: int = 4
    minibatches: int = 4
    smallest_batch: int = 64
    target_kl: float | None = 0.02
    first_entropy: float = 1.0
    last_entropy: float = 0.0
    exploration_share: float = 0.8
    discount: float = 0.99
    trace: float = 0.95
    clip: float = 0.2
    value_coefficient: float = 0.5
    gradient_norm: float = 0.5
    width: int = 64
    layers: int = 2

    def __post_init__(self) -> None:
        for name in ("iteration_steps", "epochs", "minibatches", "width", "layers"):
            self._require(name, getattr(self, name) >= 1, "at least 1")
        self._require("fewest_steps", self.fewest_steps >= 0, "at least 0")
        # Advantages are standardised within a batch, and one number has no spread.
        self._require("smallest_batch", self.smallest_batch >= 2, "at least 2")
        self._require("target_kl", self.target_kl is None or self.target_kl > 0.0, "positive")
        for name in ("learning_rate", "clip", "gradient_norm"):
            self._require(name, getattr(self, name) > 0.0, "positive")
        for name in ("first_entropy", "last_entropy", "value_coefficient"):
            self._require(name, getattr(self, name) >= 0.0, "at least 0")
        for name in ("exploration_share", "discount"):
            self._require(name, 0.0 < getattr(self, name) <= 1.0, "above 0 and at most 1")
        self._require("trace", 0.0 <= self.trace <= 1.0, "from 0 to 1")

    def _require(self, name: str, holds: bool, needed: str) -> None:
        if not holds:
            raise SettingsError(f"{name} of PPO is {needed}, got {getattr(self, name):g}")

    def entropy_coefficient(self, progress: float) -> float:
        """What a nat of entropy is worth after a share ``progress`` of the run.

        >>> [round(PPOSettings(last_entropy=0.2).entropy_coefficient(k / 4), 3) for k in range(5)]
        [1.0, 0.75, 0.5, 0.25, 0.2]
        """
        return falling(self.first_entropy, self.last_entropy, self.exploration_share, progress)
