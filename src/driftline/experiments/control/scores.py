"""Scores: what agents earned where they were judged, from chance to an expert, over steps.

Know recorded events and settings, no agent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from driftline.data.episodes import Episodes
from driftline.experiments.arena_config import ArenaConfig
from driftline.experiments.config import StudyConfig
from driftline.experiments.stages import STAGES
from driftline.safety.measurement import finite, finite_list
from driftline.safety.statistics import Bootstrap
from driftline.safety.thresholds import Thresholds
from driftline.seeding import generator
from driftline.shapes import Floats

Judgements = Sequence[Mapping[str, Any]]
"""What was recorded of the judgements of one run, oldest first."""
Curve = tuple[Floats, Floats]
"""The steps of each judgement of one run, ``[J]``, and its mean score."""
POINTS = 21
"""On how many evenly spaced steps a curve is told."""


@dataclass(frozen=True, eq=False)
class Scores:
    """Of one agent: at ``steps [K]`` the score of each seed, ``seeds [S, K]``, with intervals.

    Seeds are judged at other steps than one another, for their episodes are of other
    lengths: between two judgements a score is a straight line.
    """

    steps: Floats
    seeds: Floats
    low: Floats
    high: Floats

    @property
    def mean(self) -> Floats:
        """The mean of the seeds, ``[K]``."""
        return np.asarray(self.seeds.mean(0))

    def to_json(self) -> dict[str, Any]:
        """Plain values; the last is that of the last judgement that every seed had."""
        return {
            "steps": self.steps.tolist(),
            "mean": finite_list(self.mean),
            "low": finite_list(self.low),
            "high": finite_list(self.high),
            "first": finite(float(self.mean[0])),
            "last": finite(float(self.mean[-1])),
            "seeds": [finite_list(each) for each in self.seeds],
        }


def scores(config: StudyConfig, judged: Mapping[str, Sequence[Judgements]]) -> dict[str, Scores]:
    """By agent, those that were ``judged`` in every seed; none where there is no arena."""
    if not isinstance(config.world, ArenaConfig):
        return {}
    task, thresholds = config.world.task, config.thresholds
    return {
        name: _over_seeds(task, runs, thresholds)
        for name, runs in judged.items()
        if runs and all(runs)
    }


def _over_seeds(task: str, runs: Sequence[Judgements], thresholds: Thresholds) -> Scores:
    curves = [curve(task, run) for run in runs]
    last = min(float(steps[-1]) for steps, _ in curves)
    steps = np.linspace(0.0, last, POINTS) if last else np.zeros(1)
    seeds = np.stack([np.interp(steps, *each) for each in curves])
    low, high = resampled(thresholds, len(seeds)).mean_interval(seeds)
    return Scores(steps, seeds, low, high)


def resampled(thresholds: Thresholds, seeds: int) -> Bootstrap:
    """The resamples of so many seeds that every interval of a score is of: seeds stay paired."""
    draws, confidence = thresholds.bootstrap_draws, thresholds.confidence
    return Bootstrap.drawn(generator(0, "scores"), draws, seeds, confidence)


def curve(task: str, run: Judgements) -> Curve:
    """What was judged of one run, scored: by true returns, where they are hidden."""
    steps = np.array([each["environment_steps"] for each in run], np.float64)
    returns = [each["true_returns"] or each["returns"] for each in run]
    means = np.array([float(np.mean(each)) for each in returns])
    return steps, scored(task, means)


def demonstrated(world: ArenaConfig, demonstrations: Sequence[Episodes]) -> tuple[float, float]:
    """The demonstrations' mean score and that of their best tenth."""
    returns = np.concatenate([run.true_returns for run in demonstrations])
    every = scored(world.task, returns)
    best = every[every >= np.quantile(every, 0.9)]
    return float(every.mean()), float(best.mean())


def scored(task: str, returns: Floats) -> Floats:
    """100 * (return - chance) / (expert - chance), like ``returns``.

    >>> scored("pendulum", np.array([-1236.0, -150.0]))
    array([  0., 100.])
    """
    low, high = STAGES[task].scale
    return np.asarray(100.0 * (returns - low) / (high - low))
