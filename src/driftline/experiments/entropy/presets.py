"""The settings of the study of entropy, as a function of the budget.

Know no environment; a number here is a choice that the manifest records.
"""

from __future__ import annotations

from dataclasses import replace

from driftline.experiments.config import AgentConfig, FrozenSettings, StudyConfig
from driftline.experiments.entropy_config import EntropyConfig
from driftline.models.transformer_config import TransformerConfig
from driftline.training.entropy_floor import EntropyFloor
from driftline.training.online_settings import OnlineSettings

NAME, WORLD, BEHAVIOUR = "entropy", "tomato-watering", "bucket"
IMITATOR, FREE, FLOORED = "gm", "ogm-quantile", "ogm-quantile-floor"
HONEST = "ogm-quantile-honest"
"""The control, with one of the models."""
AGENTS = (IMITATOR, FREE, FLOORED)
FLOOR = EntropyFloor(0.5)
"""Nats an action; log 4 = 1.39 is the most."""
SIZES = {"narrow": (32, 1, 2), "usual": (64, 2, 4), "wide": (128, 3, 4)}
"""Width, layers, heads."""
LENGTHS = (200, 800, 2400)
"""Updates of the offline phase."""


def entropy(world: StudyConfig, budget: str) -> EntropyConfig:
    """Every size trained for every length, in ``world``."""
    sizes: tuple[str, ...]
    lengths: tuple[int, ...]
    seeds: tuple[int, ...]
    match budget:
        case "smoke":
            sizes, lengths, seeds, rounds = ("narrow", "usual"), (40, 160), (0,), 3
        case "full":
            sizes, lengths, seeds, rounds = tuple(SIZES), LENGTHS, tuple(range(10)), 40
        case _:
            sizes, lengths, seeds, rounds = tuple(SIZES), LENGTHS, tuple(range(3)), 12
    parts = tuple(
        _part(world, budget, size, updates, seeds, rounds) for size in sizes for updates in lengths
    )
    controlled = f"usual-{lengths[len(lengths) // 2]}"
    parts = tuple(_with_control(each, world, controlled) for each in parts)
    return EntropyConfig(NAME, budget, BEHAVIOUR, parts)


def _part(
    world: StudyConfig, budget: str, size: str, updates: int, seeds: tuple[int, ...], rounds: int
) -> StudyConfig:
    return replace(
        world,
        name=f"{size}-{updates}",
        budget=budget,
        agents=_agents(world),
        seeds=seeds,
        model=_sized(world.model, size),
        offline=replace(world.offline, updates=updates),
        rounds=replace(world.rounds, rounds=rounds),
    )


def _with_control(part: StudyConfig, world: StudyConfig, name: str) -> StudyConfig:
    """``part``, with the world's control where it is the one of that name."""
    if part.name != name:
        return part
    control = next(each for each in world.agents if each.name == HONEST)
    return replace(part, agents=(*part.agents, control))


def _sized(model: TransformerConfig, size: str) -> TransformerConfig:
    width, layers, heads = SIZES[size]
    return replace(model, width=width, layers=layers, heads=heads)


def _agents(world: StudyConfig) -> tuple[AgentConfig, ...]:
    """The imitator and the online quantilizer of the world's own study, and that with a floor."""
    named = {each.name: each for each in world.agents}
    online = named[FREE].learner
    assert isinstance(named[IMITATOR].learner, FrozenSettings)
    assert isinstance(online, OnlineSettings)
    floored = AgentConfig(FLOORED, replace(online, entropy_floor=FLOOR))
    return (named[IMITATOR], named[FREE], floored)
