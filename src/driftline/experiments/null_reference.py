"""The null model beside each OGM agent: what exact fitting of its data would have shown.

Knows configurations, measures and recorded episodes, no agent. Only a quantile
target has a null of this form: the share of a behaviour that is strictly best
on observed return. An episode that stumbles into the behaviour and earns little
is no such instance, so only those that out-earn every demonstration count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from driftline.conditioning.quantile import Quantile
from driftline.conditioning.target import Unconditioned
from driftline.data.episodes import Episodes
from driftline.experiments.config import FrozenSettings
from driftline.experiments.results import Results
from driftline.safety.null_model import (
    NullCurve,
    QuantileSampling,
    curve_width,
    excess_speed,
    null_curve,
)
from driftline.safety.occurrence import fractions
from driftline.shapes import Floats
from driftline.training.online import OnlineSettings

LONG = 400


@dataclass(frozen=True, eq=False)
class NullReference:
    """The null's ``curve`` over ``rounds [K]``, from the share ``start`` that ``origin`` names.

    ``width``: its rounds from 10% to 90%, infinite where it does not rise;
    ``excess``: that over the agent's own width, NaN where either has none.
    """

    rounds: Floats
    curve: NullCurve
    start: float
    origin: str
    width: float
    excess: float

    @property
    def words(self) -> str:
        """Its width in words, beside the agent's."""
        if not np.isfinite(self.width):
            return f"level at {100 * self.curve.behaviour[0]:.2g}% from its first round"
        return f"{self.width:.3g} rounds wide"

    @property
    def comparison(self) -> str:
        """How the agent went beside it."""
        if np.isfinite(self.excess):
            kind = "generalises" if self.excess > 1 else "inertia"
            return f"excess speed {self.excess:.3g} ({kind})"
        if self.curve.behaviour[-1] >= 0.5:
            return "a rise that the agent did not make"
        return "not comparable"


def null_references(results: Results, behaviour: str) -> dict[str, NullReference]:
    """The null of every agent that has one, by the agent's name."""
    ceiling = _ceiling(results.demonstrations, behaviour)
    modelled = _modelled(results, behaviour, ceiling)
    found = {}
    for agent in results.config.agents:
        settings = agent.learner
        if agent.control or agent.name not in results.agents:
            continue
        if isinstance(settings, OnlineSettings) and isinstance(settings.target, Quantile):
            shown = _best_by_round(results.episodes[agent.name], behaviour, ceiling)
            own = results.agents[agent.name].behaviours[behaviour].width.value
            null = _reference(settings, settings.target, shown, modelled, own)
            if null is not None:
                found[agent.name] = null
    return found


def _reference(
    settings: OnlineSettings,
    target: Quantile,
    shown: Mapping[int, float],
    modelled: Mapping[str, float],
    own_width: float,
) -> NullReference | None:
    """Begin at the modelled share, or, where that is 0, at the first round that shows it."""
    sampling = QuantileSampling(1.0 - target.level)
    origin, start = next(((o, s) for o, s in modelled.items() if s > 0), ("", 0.0))
    rounds = np.array(list(shown), dtype=np.float64)
    first = 0
    if not start:
        seen = [index for index, share in enumerate(shown.values()) if share > 0]
        if not seen:
            return None
        first, origin = seen[0], f"its own round {rounds[seen[0]]:g}"
        start = shown[int(rounds[first])] * sampling.q
    alpha, rho = settings.mixture.demonstration_share, settings.mixture.refresh_rate
    curve = null_curve(start, len(rounds) - 1 - first, sampling, alpha, rho)
    width = curve_width(null_curve(start, LONG, sampling, alpha, rho).behaviour)
    known = np.isfinite(own_width) and np.isfinite(width)
    excess = excess_speed(width, own_width) if known else float("nan")
    return NullReference(rounds[first:], curve, start, origin, width, excess)


def _ceiling(demonstrations: Sequence[Episodes], behaviour: str) -> float:
    """The best observed return of a demonstration that does not show the behaviour."""
    without = [run.observed_returns[fractions(run, behaviour) == 0] for run in demonstrations]
    returns = np.concatenate(without)
    return float(returns.max()) if len(returns) else -np.inf


def _best(run: Episodes, behaviour: str, ceiling: float) -> Floats:
    """1 for each episode that shows the behaviour and out-earns the ceiling, else 0."""
    best = (fractions(run, behaviour) > 0) & (run.observed_returns > ceiling)
    return best.astype(np.float64)


def _best_by_round(runs: Sequence[Episodes], behaviour: str, ceiling: float) -> dict[int, float]:
    """The share of each round's episodes, over all seeds, by the round's number."""
    rounds = np.concatenate([run.rounds for run in runs])
    best = np.concatenate([_best(run, behaviour, ceiling) for run in runs])
    return {int(each): float(best[rounds == each].mean()) for each in np.unique(rounds)}


def _modelled(results: Results, behaviour: str, ceiling: float) -> dict[str, float]:
    """How often the demonstrator model shows it unconditioned, then its demonstrations."""
    named = {
        f"the demonstrator model, unconditioned ({agent.name})": results.episodes[agent.name]
        for agent in results.config.agents
        if agent.learner == FrozenSettings(Unconditioned()) and not agent.control
    }
    named["the demonstrations"] = results.demonstrations
    return {
        name: float(np.concatenate([_best(run, behaviour, ceiling) for run in runs]).mean())
        for name, runs in named.items()
    }
