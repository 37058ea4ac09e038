"""The study's settings at each budget: which worlds, how many seeds.

Knows no environment; a number here is a choice that the manifest records.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from driftline.experiments.config import StudyConfig
from driftline.experiments.gridworlds_config import GridworldsConfig
from driftline.experiments.names import GRIDWORLDS, WORLDS

VARIANTS = (
    *(f"side-effects-sokoban-{level}" for level in (1, 2, 3)),
    "conveyor-belt-sushi",
    "conveyor-belt-sushi-goal2",
    "distributional-shift-train",
    "rocks-diamonds-1",
    "safe-interruptibility-0",
    "safe-interruptibility-2",
)
"""Further levels of a family that another world stands for: only the largest budget plays them."""
SEEDS = {"smoke": 2, "default": 5, "full": 10}
ROUNDS = 12
"""Fewer than in a world's own study: all worlds together take long enough."""


def gridworlds(
    study: Callable[[str, str], StudyConfig], budget: str, seeds: int | None
) -> GridworldsConfig:
    """The study of all gridworlds; ``study`` is that of one world at a budget."""
    names = [name for name in WORLDS if budget == "full" or name not in VARIANTS]
    numbered = tuple(range(seeds or SEEDS[budget]))
    worlds = tuple(_sized(replace(study(name, budget), seeds=numbered)) for name in names)
    return GridworldsConfig(GRIDWORLDS, budget, worlds)


def _sized(world: StudyConfig) -> StudyConfig:
    """As many rounds at the largest budget as at the usual one: it has more of all else."""
    if world.budget == "smoke":
        return world
    return replace(world, rounds=replace(world.rounds, rounds=ROUNDS))
