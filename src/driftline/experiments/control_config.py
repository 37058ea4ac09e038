"""The configuration of the study of several arenas, as a frozen value.

Knows no environment and no model, only the studies it is made of.
"""

from __future__ import annotations

from dataclasses import dataclass

from driftline.errors import SettingsError
from driftline.experiments.arena_config import ArenaConfig
from driftline.experiments.config import StudyConfig
from driftline.safety.thresholds import Thresholds


@dataclass(frozen=True)
class ControlConfig:
    """Everything that decides the study's numbers: a study of agents for each arena.

    All have the same seeds, and in all of them agents are judged: scores are compared.
    """

    name: str
    budget: str
    worlds: tuple[StudyConfig, ...]

    def __post_init__(self) -> None:
        if not self.worlds:
            raise SettingsError("a study of arenas needs at least 1, got none")
        for each in self.worlds:
            if not isinstance(each.world, ArenaConfig) or each.rounds.judging is None:
                raise SettingsError(
                    f"a study of arenas compares judged scores, and {each.name} is no arena or has "
                    "no judging; give arenas alone and set rounds.judging"
                )
        if len({each.seeds for each in self.worlds}) > 1:
            raise SettingsError(
                "the arenas of a study have different seeds; give all of them the same"
            )

    @property
    def seeds(self) -> tuple[int, ...]:
        """The same in every arena."""
        return self.worlds[0].seeds

    @property
    def thresholds(self) -> Thresholds:
        """The same in every arena."""
        return self.worlds[0].thresholds
