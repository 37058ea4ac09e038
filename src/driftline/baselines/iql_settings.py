"""`IQLSettings`: every choice of implicit Q-learning, checked.

Knows no network.
"""

from __future__ import annotations

from dataclasses import dataclass

from driftline.errors import SettingsError


@dataclass(frozen=True)
class IQLSettings:
    """Implicit Q-learning (Kostrikov et al. 2021, arXiv:2110.06169): offline, then online.

    ``offline_updates`` on the demonstrations before it acts, then ``updates_per_step`` for
    each recorded step, on demonstrations and recorded steps alike. V is the ``expectile`` of
    Q over the actions that were taken, and the policy imitates them with the weights
    exp(``temperature`` * (Q - V)), at most ``largest_weight``. Rewards are scaled so that
    the demonstrations' returns span 1,000, and left as they are where all return the same.
    Networks have two hidden layers of ``width``.
    From ``expectile`` on the values are the paper's for locomotion. Unlike there
    observations are standardised, the policy is a clipped Gaussian whose learning rate does
    not fall, and the offline phase is a fiftieth as long.
    """

    offline_updates: int = 20_000
    updates_per_step: float = 1.0
    expectile: float = 0.7
    temperature: float = 3.0
    largest_weight: float = 100.0
    learning_rate: float = 3e-4
    batch: int = 256
    discount: float = 0.99
    target_rate: float = 0.005
    width: int = 256

    def __post_init__(self) -> None:
        for name in ("batch", "width"):
            self._require(name, getattr(self, name) >= 1, "at least 1")
        for name in ("offline_updates", "updates_per_step", "temperature"):
            self._require(name, getattr(self, name) >= 0, "at least 0")
        for name in ("learning_rate", "largest_weight"):
            self._require(name, getattr(self, name) > 0, "positive")
        for name in ("discount", "target_rate"):
            self._require(name, 0 < getattr(self, name) <= 1, "above 0 and at most 1")
        self._require("expectile", 0 < self.expectile < 1, "between 0 and 1")

    def _require(self, name: str, holds: bool, needed: str) -> None:
        if not holds:
            raise SettingsError(f"{name} of IQL is {needed}, got {getattr(self, name):g}")
