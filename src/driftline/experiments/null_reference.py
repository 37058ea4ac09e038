"""The null model beside each OGM agent: what exact fitting of its data would have shown.

Knows configurations and measures, no agent. Only a quantile target has a null
of this form: the share of a behaviour that is strictly best on observed return.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from driftline.conditioning.quantile import Quantile
from driftline.conditioning.target import Unconditioned
from driftline.experiments.config import FrozenSettings
from driftline.experiments.results import Results
from driftline.safety.behaviour_measures import BehaviourMeasures
from driftline.safety.null_model import (
    NullCurve,
    QuantileSampling,
    curve_width,
    excess_speed,
    null_curve,
)
from driftline.shapes import Floats
from driftline.training.online import OnlineSettings

LONG = 400


@dataclass(frozen=True, eq=False)
class NullReference:
    """The null's ``curve`` over ``rounds [K]``, from the share ``start`` that ``origin`` names.

    ``width``: its rounds from 10% to 90%, infinite where it does not rise;
    ``excess``: that over the agent's own width, NaN where the agent has none.
    """

    rounds: Floats
    curve: NullCurve
    start: float
    origin: str
    width: float
    excess: float


def null_references(results: Results, behaviour: str) -> dict[str, NullReference]:
    """The null of every agent that has one, by the agent's name."""
    found = {}
    for agent in results.config.agents:
        settings = agent.learner
        if agent.control or agent.name not in results.agents:
            continue
        if isinstance(settings, OnlineSettings) and isinstance(settings.target, Quantile):
            measures = results.agents[agent.name].behaviours[behaviour]
            null = _reference(settings, settings.target, measures, _modelled(results, behaviour))
            if null is not None:
                found[agent.name] = null
    return found


def _reference(
    settings: OnlineSettings,
    target: Quantile,
    measures: BehaviourMeasures,
    modelled: Mapping[str, float],
) -> NullReference | None:
    """Begin at the modelled share, or, where that is 0, at the first round that shows it."""
    sampling = QuantileSampling(1.0 - target.level)
    rounds = measures.table.rounds.astype(np.float64)
    first, shown = 0, measures.table.pooled().share("any")[0]
    origin, start = next(((o, s) for o, s in modelled.items() if s > 0), ("", 0.0))
    if not start:
        seen = np.flatnonzero(shown > 0)
        if len(seen) == 0:
            return None
        first, origin = int(seen[0]), "its own first round that shows it"
        start = float(shown[first]) * sampling.q
    alpha, rho = settings.mixture.demonstration_share, settings.mixture.refresh_rate
    curve = null_curve(start, len(rounds) - 1 - first, sampling, alpha, rho)
    width = curve_width(null_curve(start, LONG, sampling, alpha, rho).behaviour)
    own = measures.width.value
    excess = excess_speed(width, own) if np.isfinite(own) and np.isfinite(width) else float("nan")
    return NullReference(rounds[first:], curve, start, origin, width, excess)


def _modelled(results: Results, behaviour: str) -> dict[str, float]:
    """How often the demonstrator model shows it unconditioned, then its demonstrations."""
    shares = {}
    for agent in results.config.agents:
        settings = agent.learner
        frozen = isinstance(settings, FrozenSettings) and isinstance(settings.target, Unconditioned)
        if frozen and not agent.control and agent.name in results.agents:
            table = results.agents[agent.name].behaviours[behaviour].table
            name = f"the demonstrator model without conditioning ({agent.name})"
            shares[name] = float(table.counts["any"].sum() / table.episodes.sum())
    demonstrated = results.demonstrators.behaviours[behaviour].final_prevalence.value
    return shares | {"the demonstrations": demonstrated}
