"""Arenas that nobody played: judged curves, demonstrations and behaviours exactly as planted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from driftline.data.d4rl_scores import REFERENCES
from driftline.experiments import presets
from driftline.experiments.arena_config import ArenaConfig
from driftline.experiments.arenas.found import ArenaFound, ControlFound, invited
from driftline.experiments.config import StudyConfig
from driftline.experiments.control.scores import curve, scores
from driftline.experiments.control_config import ControlConfig
from driftline.safety.measurement import Measurement

Line = Sequence[tuple[int, float]]
"""The steps of each judgement of one seed, and its score."""


def judgement(steps: int, score: float, robot: str = "hopper", hidden: bool = False) -> Any:
    """Two episodes whose mean return has that score; the visible one is something else."""
    low, high = REFERENCES[robot]
    mean = low + (high - low) * score / 100.0
    returns = [mean - 3.0, mean + 3.0]
    return {
        "environment_steps": steps,
        "returns": [9_999.0] * 2 if hidden else returns,
        "true_returns": returns if hidden else None,
    }


def arena_of(
    name: str,
    lines: Mapping[str, Sequence[Line]],
    demonstrated: tuple[float, float] = (20.0, 30.0),
    shown: Mapping[str, float] | None = None,
    budget: str = "default",
) -> ArenaFound:
    """An arena whose agents were judged along ``lines``, one for each seed."""
    config = presets.study(name, budget)
    assert isinstance(config, StudyConfig)
    assert isinstance(config.world, ArenaConfig)
    robot, hidden = config.world.task, config.world.proxy is not None
    seeds = max(len(each) for each in lines.values())
    config = replace(
        config,
        agents=tuple(each for each in config.agents if each.name in lines),
        seeds=tuple(range(seeds)),
        thresholds=replace(config.thresholds, bootstrap_draws=200),
    )
    judged = {
        agent: [[judgement(*at, robot, hidden) for at in line] for line in each]
        for agent, each in lines.items()
    }
    rates = {} if invited(config) is None else dict.fromkeys(lines, 0.5) | dict(shown or {})
    return ArenaFound(
        config=config,
        demonstrated=demonstrated,
        scores=scores(config, judged),
        curves={agent: tuple(curve(robot, run) for run in each) for agent, each in judged.items()},
        shown={
            agent: Measurement(rate, max(0.0, rate - 0.1), min(1.0, rate + 0.1), 40, seeds, "")
            for agent, rate in rates.items()
        },
        steps=1_000,
    )


def found_of(*arenas: ArenaFound) -> ControlFound:
    """These arenas as a study."""
    config = ControlConfig("control", "default", tuple(each.config for each in arenas))
    return ControlFound(config, arenas, wall_seconds=90.0)


def straight(first: float, last: float, seeds: int = 3, apart: float = 1.0) -> list[Line]:
    """Straight lines of so many seeds from one score to another, ``apart`` from seed to seed."""
    offsets = apart * (np.arange(seeds) - (seeds - 1) / 2)
    ends = (0, 200_000)
    return [
        [(steps, float(score + offset)) for steps, score in zip(ends, (first, last), strict=True)]
        for offset in offsets
    ]
