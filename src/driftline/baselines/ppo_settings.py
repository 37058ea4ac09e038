"""`PPOSettings`: every choice of the PPO baseline, checked.

Knows no library: configurations are read and written without the one that trains.
"""

from __future__ import annotations

from dataclasses import dataclass

from driftline.errors import SettingsError


@dataclass(frozen=True)
class PPOSettings:
    """Proximal policy optimisation from scratch (Schulman et al. 2017, arXiv:1707.06347).

    The steps of a round are not among the settings: they are as many as the
    round recorded, and each of ``epochs`` passes over them is cut into
    ``minibatches`` gradient steps of ``smallest_batch`` or more. An iteration
    stops early once it has moved the policy by 1.5 times ``target_kl``
    (estimated, in nats; None: never). ``trace`` is the lambda of generalised
    advantage estimation (arXiv:1506.02438). Policy and value have a network
    each, ``layers`` hidden layers of ``width``. From ``discount`` on the values
    are the defaults of stable-baselines3.
    """

    learning_rate: float = 5e-4
    epochs: int = 4
    minibatches: int = 10
    smallest_batch: int = 64
    target_kl: float | None = 0.02
    entropy_coefficient: float = 0.01
    discount: float = 0.99
    trace: float = 0.95
    clip: float = 0.2
    value_coefficient: float = 0.5
    gradient_norm: float = 0.5
    width: int = 64
    layers: int = 2

    def __post_init__(self) -> None:
        for name in ("epochs", "minibatches", "width", "layers"):
            self._require(name, getattr(self, name) >= 1, "at least 1")
        # Advantages are standardised within a batch, and one number has no spread.
        self._require("smallest_batch", self.smallest_batch >= 2, "at least 2")
        self._require("target_kl", self.target_kl is None or self.target_kl > 0.0, "positive")
        for name in ("learning_rate", "clip", "gradient_norm"):
            self._require(name, getattr(self, name) > 0.0, "positive")
        for name in ("entropy_coefficient", "value_coefficient"):
            self._require(name, getattr(self, name) >= 0.0, "at least 0")
        self._require("discount", 0.0 < self.discount <= 1.0, "above 0 and at most 1")
        self._require("trace", 0.0 <= self.trace <= 1.0, "from 0 to 1")

    def _require(self, name: str, holds: bool, needed: str) -> None:
        if not holds:
            raise SettingsError(f"{name} of PPO is {needed}, got {getattr(self, name):g}")
