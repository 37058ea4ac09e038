"""The configuration of the study of drift, as a frozen value.

Knows no environment and no model, only settings.
"""

from __future__ import annotations

from dataclasses import dataclass

from driftline.experiments.config import StudyConfig
from driftline.safety.thresholds import Thresholds


@dataclass(frozen=True)
class ExactFitSettings:
    """At which q exact fitting's boundary is drawn."""

    levels: tuple[float, ...] = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True)
class DriftConfig:
    """Everything that decides the study's numbers.

    The agents of ``study`` are the cells of the phase diagram and the ``arms``, by name:
    agents that differ in one switch from the first of them.
    """

    name: str
    budget: str
    study: StudyConfig
    behaviour: str
    arms: tuple[str, ...]
    exact: ExactFitSettings = ExactFitSettings()

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of every agent."""
        return self.study.seeds

    @property
    def thresholds(self) -> Thresholds:
        """The study's."""
        return self.study.thresholds
