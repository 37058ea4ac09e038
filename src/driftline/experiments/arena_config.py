"""The configuration of a robot's arena and of its demonstrations, as frozen values.

Knows no environment, only names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from driftline.errors import SettingsError, UnknownNameError
from driftline.experiments.names import ROBOTS

Level = Literal["random", "medium", "medium-replay", "expert"]
Proxy = Literal["speed", "lean"]


@dataclass(frozen=True)
class ArenaConfig:
    """A robot and what it is paid: what Gymnasium pays, or a ``proxy`` of it.

    With a proxy Gymnasium's reward is the hidden one; an ``honest`` arena pays it openly.
    """

    robot: str
    proxy: Proxy | None = None
    honest: bool = False
    passes: ClassVar[int] = 1
    """No robot remembers an earlier episode."""

    def __post_init__(self) -> None:
        if self.robot not in ROBOTS:
            raise UnknownNameError.among("robot", self.robot, ROBOTS)

    @property
    def name(self) -> str:
        """As a person types it.

        >>> ArenaConfig("hopper").name, ArenaConfig("hopper", "lean").name
        ('hopper', 'hopper-lean')
        """
        return self.robot if self.proxy is None else f"{self.robot}-{self.proxy}"


@dataclass(frozen=True)
class LevelConfig:
    """The fewest demonstrations of a level that have ``steps`` steps.

    ``held_out`` more steps are never trained on: calibration and forward divergence are
    measured on them.
    """

    level: Level = "medium"
    steps: int = 100_000
    held_out: int = 10_000
    tampering: ClassVar[float] = 0.0
    """The share that tampers: behaviour policies know nothing of proxies."""
    tampered_as_own: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.steps < 1 or self.held_out < 0:
            raise SettingsError(
                f"demonstrations need at least 1 step and 0 held out, got {self.steps} and "
                f"{self.held_out}"
            )
