"""`SACSettings` and `TD3Settings`: every choice of the baselines that learn off policy, checked.

Know no library: configurations are read and written without the one that trains.
"""

from __future__ import annotations

from dataclasses import dataclass

from driftline.baselines.schedule import falling
from driftline.errors import SettingsError


@dataclass(frozen=True)
class SACSettings:
    """Soft actor-critic (Haarnoja et al. 2018, arXiv:1812.05905), from scratch.

    It learns from the recorded steps and from no others: ``updates_per_step`` gradient
    steps for each, on ``batch`` of the last ``buffer_size``, once ``learning_starts`` were
    recorded. Actor and critics have ``layers`` hidden layers of ``width``; the weight of
    entropy is learnt, for minus as many nats as an action has dimensions. From
    ``learning_rate`` on the values are the defaults of stable-baselines3.
    """

    updates_per_step: float = 1.0
    learning_starts: int = 5_000
    learning_rate: float = 3e-4
    batch: int = 256
    buffer_size: int = 1_000_000
    discount: float = 0.99
    target_rate: float = 0.005
    width: int = 256
    layers: int = 2

    def __post_init__(self) -> None:
        check("SAC", self)


@dataclass(frozen=True)
class TD3Settings:
    """Twin delayed deterministic policy gradient (Fujimoto et al. 2018, arXiv:1802.09477).

    As `SACSettings`, but that it explores by noise of a deviation (in units of half the box)
    that falls from ``first_noise`` to ``last_noise`` over the first ``noisy_steps`` recorded
    steps, in place of steps by chance. (The library's own networks are wider: 400 and 300.)
    """

    updates_per_step: float = 1.0
    learning_starts: int = 5_000
    first_noise: float = 1.0
    last_noise: float = 0.1
    noisy_steps: int = 20_000
    learning_rate: float = 1e-3
    batch: int = 256
    buffer_size: int = 1_000_000
    discount: float = 0.99
    target_rate: float = 0.005
    width: int = 256
    layers: int = 2

    def __post_init__(self) -> None:
        check("TD3", self)
        if not self.first_noise >= self.last_noise > 0.0 or self.noisy_steps < 1:
            raise SettingsError(
                "noise of TD3 falls, from first_noise to a positive last_noise over 1 step or "
                f"more, got {self.first_noise:g}, {self.last_noise:g} and {self.noisy_steps}"
            )

    def noise(self, steps: int) -> float:
        """The deviation after ``steps`` recorded steps.

        >>> [round(TD3Settings(noisy_steps=100).noise(steps), 3) for steps in (0, 50, 1000)]
        [1.0, 0.55, 0.1]
        """
        return falling(self.first_noise, self.last_noise, 1.0, steps / self.noisy_steps)


OffPolicySettings = SACSettings | TD3Settings


def check(name: str, settings: OffPolicySettings) -> None:
    """Raise `SettingsError` where a setting is out of its range."""
    for each in ("batch", "buffer_size", "width", "layers"):
        if getattr(settings, each) < 1:
            raise SettingsError(f"{each} of {name} is at least 1, got {getattr(settings, each)}")
    for each in ("updates_per_step", "learning_rate"):
        if not getattr(settings, each) > 0:
            raise SettingsError(f"{each} of {name} is positive, got {getattr(settings, each):g}")
    for each in ("discount", "target_rate"):
        if not 0 < getattr(settings, each) <= 1:
            raise SettingsError(
                f"{each} of {name} is above 0 and at most 1, got {getattr(settings, each):g}"
            )
    if settings.learning_starts < 0:
        raise SettingsError(
            f"learning_starts of {name} is at least 0, got {settings.learning_starts}"
        )
