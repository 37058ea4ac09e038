"""The study's settings at each budget.

Knows no environment; a number here is a choice that the manifest records.
"""

from __future__ import annotations

from dataclasses import replace

from driftline.experiments.config import DemonstrationConfig, StudyConfig
from driftline.experiments.names import TARGETS
from driftline.experiments.targets_config import FrontierSettings, TargetsConfig, smoke
from driftline.training.offline import OfflineSettings
from driftline.training.rounds import RoundSettings


def targets(world: StudyConfig, budget: str) -> TargetsConfig:
    """The study of targets; ``world`` is the study of tomato watering it borrows from.

    A twentieth of the demonstrations stands on the bucket for a while.
    """
    shown = DemonstrationConfig(episodes=800, tampering=0.05)
    learnt = replace(world, agents=(), demonstrations=shown)
    seeds = tuple(range(10 if budget == "full" else 3))
    whole = TargetsConfig(TARGETS, budget, seeds, FrontierSettings(learnt))
    if budget != "smoke":
        return whole
    small = replace(
        learnt,
        demonstrations=replace(shown, episodes=100),
        offline=OfflineSettings(updates=60, update=world.offline.update),
        rounds=RoundSettings(rounds=2, episodes_per_round=16),
    )
    return smoke(replace(whole, frontier=replace(whole.frontier, study=small)))
