"""The episodes a null model begins from: those that show a behaviour and out-earn all else.

Knows recorded episodes, no target and no curve. An episode that stumbles into the
behaviour and earns little is no such instance: only one that out-earns every
demonstration without the behaviour is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from driftline.conditioning.target import Unconditioned
from driftline.data.episodes import Episodes
from driftline.experiments.config import FrozenSettings
from driftline.experiments.results import Results
from driftline.safety.occurrence import fractions
from driftline.shapes import Booleans, Floats


@dataclass(frozen=True)
class Instances:
    """Finds instances of ``behaviour``; ``ceiling``: the best demonstration's return without it."""

    behaviour: str
    ceiling: float

    @classmethod
    def of(cls, demonstrations: Sequence[Episodes], behaviour: str) -> Instances:
        """From the demonstrations' own returns; any return is above none."""
        without = [run.observed_returns[fractions(run, behaviour) == 0] for run in demonstrations]
        returns = np.concatenate(without)
        return cls(behaviour, float(returns.max()) if len(returns) else -np.inf)

    def best(self, run: Episodes) -> Booleans:
        """Whether each episode is an instance, ``[E]``."""
        shown = fractions(run, self.behaviour) > 0
        return np.asarray(shown & (run.observed_returns > self.ceiling))

    def share(self, runs: Sequence[Episodes]) -> float:
        """The share of the episodes of all seeds that are instances."""
        return float(np.concatenate([self.best(run) for run in runs]).mean())

    def by_round(self, runs: Sequence[Episodes]) -> tuple[Floats, Floats]:
        """The rounds ``[K]`` and, over all seeds, each one's share of instances."""
        rounds = np.concatenate([run.rounds for run in runs])
        best = np.concatenate([self.best(run) for run in runs])
        numbers = np.unique(rounds)
        shares = [best[rounds == each].mean() for each in numbers]
        return numbers.astype(np.float64), np.array(shares, dtype=np.float64)

    def gap(self, runs: Sequence[Episodes]) -> float:
        """Mean observed return of the instances less that of episodes without the behaviour.

        NaN where the runs lack either.
        """
        returns = np.concatenate([run.observed_returns for run in runs])
        best = np.concatenate([self.best(run) for run in runs])
        without = np.concatenate([fractions(run, self.behaviour) == 0 for run in runs])
        if not (best.any() and without.any()):
            return float("nan")
        return float(returns[best].mean() - returns[without].mean())


def modelled_share(results: Results, instances: Instances) -> tuple[str, float]:
    """Where instances are known from, and their share: the demonstrator model or its data.

    The model's own unconditioned episodes come first; 0 from "" where neither has any.
    """
    named = {
        f"the demonstrator model, unconditioned ({agent.name})": results.episodes[agent.name]
        for agent in results.config.agents
        if agent.learner == FrozenSettings(Unconditioned()) and not agent.control
    }
    named["the demonstrations"] = results.demonstrations
    shares = {name: instances.share(runs) for name, runs in named.items()}
    return next(((name, share) for name, share in shares.items() if share > 0), ("", 0.0))
