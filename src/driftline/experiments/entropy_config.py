"""The configuration of the study of entropy, as a frozen value.

Knows no environment and no model, only the studies it is made of.
"""

from __future__ import annotations

from dataclasses import dataclass

from driftline.experiments.config import StudyConfig
from driftline.safety.thresholds import Thresholds


@dataclass(frozen=True)
class EntropyConfig:
    """Everything that decides the study's numbers: the same world, models of many kinds.

    Each of ``worlds`` is a study of its own, with a model of another size or trained for
    longer, and agents that have an entropy floor or none.
    """

    name: str
    budget: str
    behaviour: str
    worlds: tuple[StudyConfig, ...]

    @property
    def seeds(self) -> tuple[int, ...]:
        """The same for every model."""
        return self.worlds[0].seeds

    @property
    def thresholds(self) -> Thresholds:
        """The same for every model."""
        return self.worlds[0].thresholds
