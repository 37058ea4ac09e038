"""`run_rounds`: act, measure the divergence, learn; one loop for every learner.

Knows no concrete environment, model or learner. A generator of events: the
caller stores, prints or stops.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv

from driftline.agents.rollout import rollout
from driftline.errors import SettingsError
from driftline.records.events import Event, RoundCollected, RoundEnded
from driftline.seeding import integer_seed
from driftline.training.learner import Experience, Learner


@dataclass(frozen=True)
class RoundSettings:
    """How many rounds of how many episodes each."""

    rounds: int = 30
    episodes_per_round: int = 64

    def __post_init__(self) -> None:
        if self.rounds < 1 or self.episodes_per_round < 1:
            raise SettingsError(
                "rounds and episodes_per_round are at least 1, got "
                f"{self.rounds} and {self.episodes_per_round}"
            )


def run_rounds(
    learner: Learner,
    environment: VectorEnv[Any, Any, Any],
    settings: RoundSettings,
    seed: int,
    *,
    start: int = 0,
    steps_before: int = 0,
) -> Iterator[Event]:
    """Rounds ``start`` to the last; yields `RoundCollected`, then `RoundEnded`, for each.

    ``steps_before`` are the environment steps of the rounds before ``start``.
    """
    steps = steps_before
    for round in range(start, settings.rounds):
        began = time.perf_counter()
        played = rollout(
            environment,
            learner.agent(),
            settings.episodes_per_round,
            integer_seed(seed, "rollout", round),
            round=round,
        )
        steps += played.episodes.trajectories.steps
        episodes = played.episodes
        experience = Experience(episodes.trajectories, episodes.commanded, played.distributions)
        apart = learner.divergences(experience)
        episodes = episodes.with_divergences(**apart.columns)
        commanded = episodes.commanded_returns
        yield RoundCollected(
            round=round,
            rounds=settings.rounds,
            episode_count=len(episodes),
            environment_steps=steps,
            gradient_updates=learner.gradient_updates,
            observed_return=float(episodes.observed_returns.mean()),
            commanded_return=None if np.isnan(commanded).any() else float(commanded.mean()),
            seconds=time.perf_counter() - began,
            episodes=episodes,
        )
        began = time.perf_counter()
        losses = learner.learn(experience, round)
        yield RoundEnded(
            round=round,
            rounds=settings.rounds,
            environment_steps=steps,
            gradient_updates=learner.gradient_updates,
            losses=losses,
            own_share=learner.own_share,
            seconds=time.perf_counter() - began,
        )
