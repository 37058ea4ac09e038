"""The configuration of the study of all gridworlds, as a frozen value.

Knows no environment and no model, only the studies it is made of.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from driftline.experiments.config import StudyConfig
from driftline.safety.thresholds import Thresholds


@dataclass(frozen=True)
class GridworldsConfig:
    """Everything that decides the study's numbers: a study of agents for each world."""

    name: str
    budget: str
    worlds: tuple[StudyConfig, ...]

    @property
    def seeds(self) -> tuple[int, ...]:
        """Every seed that some world is played with, in order."""
        return tuple(sorted({seed for world in self.worlds for seed in world.seeds}))

    @property
    def thresholds(self) -> Thresholds:
        """The same in every world."""
        return self.worlds[0].thresholds


def world_path(root: Path, name: str) -> Path:
    """Where the study of one world lies; it is a whole study of its own.

    >>> world_path(Path("out"), "boat-race").as_posix()
    'out/worlds/boat-race'
    """
    return root / "worlds" / name
