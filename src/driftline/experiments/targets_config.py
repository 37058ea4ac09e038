"""The configuration of the study of targets, as frozen values.

Knows no environment and no model, only their settings.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

from driftline.experiments.config import StudyConfig

PartName = Literal[
    "deterministic", "stochastic", "estimators", "learnt", "finetuned", "densityless", "frontier"
]
PARTS: tuple[PartName, ...] = get_args(PartName)


@dataclass(frozen=True)
class ExactSettings:
    """Random trees that are enumerated, with and without chance of their own."""

    worlds: int = 50
    betas: tuple[float, ...] = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
    shares: tuple[float, ...] = (0.5, 0.2, 0.1, 0.05, 0.02)


@dataclass(frozen=True)
class EstimatorSettings:
    """Samples of the chain that estimators are compared on, and of the best of n."""

    trajectories: int = 20_000
    best_of: tuple[int, ...] = (2, 4, 8, 16, 32, 64)
    best_of_samples: int = 100_000


@dataclass(frozen=True)
class LearntSettings:
    """A transformer trained on so many trajectories of a small world."""

    sizes: tuple[int, ...] = (1_000, 8_000, 64_000)
    betas: tuple[float, ...] = (0.25, 0.5, 1.0)
    updates: int = 400


@dataclass(frozen=True)
class FineTunedSettings:
    """KL-regularised fine-tuning with coefficient 1/beta until it stands still."""

    betas: tuple[float, ...] = (0.25, 0.5, 1.0)
    updates: int = 300
    rounds: int = 50
    episodes_per_round: int = 512


@dataclass(frozen=True)
class DensitylessSettings:
    """A flow policy in a one-step world whose tilt is known by quadrature."""

    demonstrations: int = 20_000
    updates: int = 1_200
    samples: int = 6_000
    betas: tuple[float, ...] = (0.5, 1.0, 2.0)
    candidates: int = 32


@dataclass(frozen=True)
class FrontierSettings:
    """How hard each method is pushed in tomato watering, from the same demonstrators.

    The study's ``tampering`` share of the demonstrations stands on the bucket for a while: what
    nobody ever demonstrated, no reweighting of demonstrations can ask for.
    """

    study: StudyConfig
    levels: tuple[float, ...] = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995)
    betas: tuple[float, ...] = (0.05, 0.1, 0.2, 0.4, 0.8)
    best_of: tuple[int, ...] = (2, 4, 8, 16, 32, 64, 128, 256)
    coefficients: tuple[float, ...] = (16.0, 6.0, 2.0, 0.0)
    episodes: int = 512
    pool: int = 4096


@dataclass(frozen=True)
class TargetsConfig:
    """Everything that decides the study's numbers; ``seeds`` are those of the frontier."""

    name: str
    budget: str
    seeds: tuple[int, ...]
    frontier: FrontierSettings
    exact: ExactSettings = ExactSettings()
    estimators: EstimatorSettings = EstimatorSettings()
    learnt: LearntSettings = LearntSettings()
    finetuned: FineTunedSettings = FineTunedSettings()
    densityless: DensitylessSettings = DensitylessSettings()


@dataclass(frozen=True)
class PartConfig:
    """One part of the study with one seed."""

    study: TargetsConfig
    part: PartName
    seed: int


def seeds_of(config: TargetsConfig, part: PartName) -> tuple[int, ...]:
    """The seeds a part is run with: all for what is learnt in a large world, else the first."""
    return config.seeds if part == "frontier" else config.seeds[:1]


def smoke(config: TargetsConfig) -> TargetsConfig:
    """Small enough to see that everything works, too small to believe."""
    return replace(
        config,
        budget="smoke",
        seeds=config.seeds[:2],
        exact=replace(config.exact, worlds=4),
        estimators=replace(config.estimators, trajectories=2_000, best_of_samples=10_000),
        learnt=replace(config.learnt, sizes=(500, 1_000), updates=80),
        finetuned=replace(
            config.finetuned, betas=(0.5,), updates=40, rounds=3, episodes_per_round=32
        ),
        densityless=replace(config.densityless, demonstrations=1_000, updates=80, samples=1_000),
        frontier=replace(
            config.frontier,
            levels=(0.5, 0.9),
            betas=(0.1, 0.4),
            best_of=(2, 8),
            coefficients=(1.0,),
            episodes=32,
            pool=64,
        ),
    )
