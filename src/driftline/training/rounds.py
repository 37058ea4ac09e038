"""`run_rounds`: act, measure the divergence, learn; one loop for every learner.

Knows no concrete environment, model or learner. A generator of events: the
caller stores, prints or stops.
"""

from __future__ import annotations

import math
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
from driftline.training.judging import Judging, judge
from driftline.training.learner import Experience, Learner


@dataclass(frozen=True)
class RoundSettings:
    """How many rounds of how many episodes each.

    A round that has fewer than ``steps_per_round`` steps plays on, as many episodes at a time
    as there are copies. With ``steps`` a run is over once it has made so many, and ``rounds``
    is the most it may play.
    """

    rounds: int = 30
    episodes_per_round: int = 64
    steps_per_round: int = 0
    steps: int | None = None
    judging: Judging | None = None

    def __post_init__(self) -> None:
        if self.steps_per_round < 0 or (self.steps is not None and self.steps < 1):
            raise SettingsError(
                "steps_per_round is at least 0 and steps at least 1 or None, got "
                f"{self.steps_per_round} and {self.steps}"
            )
        if self.rounds < 1 or self.episodes_per_round < 1:
            raise SettingsError(
                "rounds and episodes_per_round are at least 1, got "
                f"{self.rounds} and {self.episodes_per_round}"
            )

    @property
    def most(self) -> int:
        """How many rounds there can be, as far as settings tell: what schedules run over.

        >>> RoundSettings(20).most, RoundSettings(999, steps_per_round=100, steps=1000).most
        (20, 10)
        """
        if self.steps is None or not self.steps_per_round:
            return self.rounds
        return min(self.rounds, math.ceil(self.steps / self.steps_per_round))


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

    Between them `Judged`, where the settings have the agent judged then.
    ``steps_before`` are the environment steps of the rounds before ``start``.
    """
    steps = steps_before
    for round in range(start, settings.rounds):
        if settings.steps is not None and steps >= settings.steps:
            return
        began = time.perf_counter()
        played = rollout(
            environment,
            learner.agent(),
            settings.episodes_per_round,
            integer_seed(seed, "rollout", round),
            round=round,
            steps=settings.steps_per_round,
        )
        played_steps = played.episodes.trajectories.steps
        steps += played_steps
        episodes = played.episodes
        experience = Experience(episodes.trajectories, episodes.commanded, played.distributions)
        apart = learner.divergences(experience)
        episodes = episodes.with_divergences(**apart.columns)
        commanded, rounds = episodes.commanded_returns, expected(settings, round, steps)
        yield RoundCollected(
            round=round,
            rounds=rounds,
            episode_count=len(episodes),
            environment_steps=steps,
            gradient_updates=learner.gradient_updates,
            observed_return=float(episodes.observed_returns.mean()),
            commanded_return=None if np.isnan(commanded).any() else float(commanded.mean()),
            seconds=time.perf_counter() - began,
            episodes=episodes,
        )
        judging = settings.judging
        if judging is not None and round == 0:
            yield judge(learner, environment, judging, seed, round, 0)
        began = time.perf_counter()
        losses = learner.learn(experience, round)
        took = time.perf_counter() - began
        if judging is not None and judging.due(steps - played_steps, steps, round + 1 == rounds):
            yield judge(learner, environment, judging, seed, round, steps)
        yield RoundEnded(
            round=round,
            rounds=rounds,
            environment_steps=steps,
            gradient_updates=learner.gradient_updates,
            losses=losses,
            own_share=learner.own_share,
            seconds=took,
        )


def expected(settings: RoundSettings, round: int, steps: int) -> int:
    """How many rounds there will be, as far as is known after ``round`` and ``steps`` steps.

    Of the last round it is right: ``round + 1``.

    >>> half = RoundSettings(rounds=100, steps=1000)
    >>> expected(half, 0, 250), expected(half, 3, 999), expected(half, 4, 1003)
    (4, 5, 5)
    """
    if settings.steps is None:
        return settings.rounds
    if steps >= settings.steps:
        return round + 1
    likely = math.ceil(settings.steps * (round + 1) / max(1, steps))
    return min(settings.rounds, max(round + 2, likely))
