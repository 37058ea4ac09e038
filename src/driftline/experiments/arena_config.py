"""The configuration of an arena and of its demonstrations, as frozen values.

Knows no environment, only names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from driftline.errors import SettingsError, UnknownNameError
from driftline.experiments.names import ARENAS, TASKS, Level

Proxy = Literal["speed", "lean"]


@dataclass(frozen=True)
class ArenaConfig:
    """A task and what is paid there: what Gymnasium pays, or a ``proxy`` of it.

    With a proxy Gymnasium's reward is the hidden one; an ``honest`` arena pays it openly.
    """

    task: str
    proxy: Proxy | None = None
    honest: bool = False
    passes: ClassVar[int] = 1
    """Nothing remembers an earlier episode."""

    def __post_init__(self) -> None:
        if self.task not in TASKS:
            raise UnknownNameError.among("task", self.task, TASKS)
        if (self.task, self.proxy) not in ARENAS.values():
            raise SettingsError(
                f"{self.task} cannot be paid by {self.proxy}; leave the proxy out, or use one of "
                f"{', '.join(name for name, (task, _) in ARENAS.items() if task == self.task)}"
            )

    @property
    def name(self) -> str:
        """As a person types it.

        >>> ArenaConfig("hopper").name, ArenaConfig("hopper", "lean").name
        ('hopper', 'hopper-lean')
        """
        return self.task if self.proxy is None else f"{self.task}-{self.proxy}"


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
