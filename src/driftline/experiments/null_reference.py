"""The null model beside each OGM agent: what exact fitting of its data would have shown.

Knows configurations, measures and recorded episodes, no agent. The share of a
behaviour that is strictly best on observed return is selected from by quantiles and
by tilts (see `null_selection`), from the first episodes that are such instances
(see `null_instances`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from driftline.experiments.null_instances import Instances, modelled_share
from driftline.experiments.null_selection import selection
from driftline.experiments.results import Results
from driftline.experiments.wording import MINUS
from driftline.safety.behaviour_measures import BehaviourMeasures
from driftline.safety.detection import Bounds
from driftline.safety.measurement import finite
from driftline.safety.null_model import (
    NullCurve,
    Sampling,
    curve_width,
    excess_onset,
    excess_speed,
    null_curve,
    onset_bounds,
    unsampled,
)
from driftline.safety.onset import median_onset
from driftline.safety.thresholds import Thresholds
from driftline.shapes import Floats
from driftline.training.online_settings import OnlineSettings
from driftline.training.pace import refresh_rate

LONG = 400
"""How many rounds a null model is followed, whatever the agent's run."""


@dataclass(frozen=True, eq=False)
class NullReference:
    """The null's ``curve`` over ``rounds [K]``, from the share ``start`` that ``origin`` names.

    ``width``: its rounds from 10% to 90%, infinite where it does not rise, NaN where it
    still rises after `LONG` rounds; ``excess``: that over the agent's own width, NaN where
    either has none. ``onset`` of the null and ``own_onset`` of the agent's median seed, at
    the standard setting of the thresholds: infinite where not reached in `LONG` rounds or
    in the run. ``excess_onset``: bounds of the agent's less the null's, below 0 where it
    came earlier than exact fitting predicts; open where either was not reached. A null
    that begins at one of the agent's own rounds cannot come earlier than that round.
    ``final``: the agent's own share at the end.
    """

    rounds: Floats
    curve: NullCurve
    start: float
    origin: str
    width: float
    excess: float
    onset: float
    own_onset: float
    excess_onset: Bounds
    final: float

    @property
    def words(self) -> str:
        """Its width in words, beside the agent's."""
        if np.isnan(self.width):
            return f"still rising after {LONG} rounds"
        if not np.isfinite(self.width):
            first, last = self.curve.behaviour[0], self.curve.behaviour[-1]
            if last < first:
                return f"falls from {100 * first:.2g}% to {100 * last:.2g}%"
            return f"level at {100 * first:.2g}% from its first round"
        return f"{self.width:.3g} rounds wide"

    @property
    def comparison(self) -> str:
        """How fast and how early the agent went beside it."""
        return f"{self._speed}; {self._start}"

    @property
    def _speed(self) -> str:
        if np.isfinite(self.excess) and np.isfinite(self.own_onset):
            kind = "generalises" if self.excess > 1 else "inertia"
            return f"excess speed {self.excess:.3g} ({kind})"
        first, last = self.curve.behaviour[0], self.curve.behaviour[-1]
        if last >= 0.5 > first and self.final < 0.5:
            return "a rise that the agent did not make"
        return "no speed to compare"

    @property
    def _start(self) -> str:
        low, high = self.excess_onset
        if low == high:
            kind = "as predicted" if low == 0 else "earlier" if low < 0 else "later"
            return f"excess onset {_signed(low)} ({kind})"
        if low > 0:
            return f"excess onset at least {_signed(low)} (later)"
        if high < 0:
            return f"excess onset at most {_signed(high)} (earlier)"
        return "neither began" if np.isinf(self.onset) else "the run ended before the null began"

    def to_json(self) -> dict[str, Any]:
        """Plain values, null where infinite or unknown; no curve."""
        return {
            "start": self.start,
            "origin": self.origin,
            "onset": finite(self.onset),
            "width": finite(self.width),
            "own_onset": finite(self.own_onset),
            "excess_speed": finite(self.excess),
            "excess_onset": {
                "low": finite(self.excess_onset[0]),
                "high": finite(self.excess_onset[1]),
            },
        }


def null_references(results: Results, behaviour: str) -> dict[str, NullReference]:
    """The null of every agent that has one, by the agent's name."""
    found = _attempted(results, behaviour)
    return {name: each for name, each in found.items() if isinstance(each, NullReference)}


def without_null(results: Results, behaviour: str) -> dict[str, str]:
    """Why each of the other OGM agents has no null, by the agent's name."""
    found = _attempted(results, behaviour)
    return {name: each for name, each in found.items() if isinstance(each, str)}


def _attempted(results: Results, behaviour: str) -> dict[str, NullReference | str]:
    instances = Instances.of(results.demonstrations, behaviour)
    modelled = modelled_share(results, instances)
    return {
        agent.name: _attempt(results, agent.name, agent.learner, behaviour, instances, modelled)
        for agent in results.config.agents
        if isinstance(agent.learner, OnlineSettings) and agent.name in results.agents
    }


def _attempt(
    results: Results,
    name: str,
    settings: OnlineSettings,
    behaviour: str,
    instances: Instances,
    modelled: tuple[str, float],
) -> NullReference | str:
    """One agent's null, or in words why there is none."""
    runs = results.episodes[name]
    chosen = selection(settings.target, instances.gap(runs), results.config.return_range)
    if isinstance(chosen, str):
        return chosen
    begun = _begun(*instances.by_round(runs), modelled, chosen)
    if begun is None:
        return (
            "neither it, nor the demonstrator model, nor a demonstration shows the behaviour in an "
            "episode that out-earns every demonstration without it"
        )
    measures = results.agents[name].behaviours[behaviour]
    return _reference(begun, chosen, settings, measures, results.config.thresholds)


@dataclass(frozen=True, eq=False)
class _Begun:
    """The agent's ``rounds`` from the null's first on, and where that comes from."""

    rounds: Floats
    start: float
    origin: str


def _begun(
    rounds: Floats, shown: Floats, modelled: tuple[str, float], sampling: Sampling
) -> _Begun | None:
    """At the modelled share, or, where that is 0, at the first round that shows it."""
    origin, start = modelled
    if start > 0:
        return _Begun(rounds, start, origin)
    seen = np.flatnonzero(shown > 0)
    if not len(seen):
        return None
    first = int(seen[0])
    start = float(unsampled(shown[first : first + 1], sampling)[0])
    return _Begun(rounds[first:], start, f"its own round {rounds[first]:g}")


def _reference(
    begun: _Begun,
    sampling: Sampling,
    settings: OnlineSettings,
    measures: BehaviourMeasures,
    thresholds: Thresholds,
) -> NullReference:
    alpha = settings.mixture.demonstration_share
    rho = refresh_rate(settings.pace, settings.mixture, settings.target)
    followed = null_curve(begun.start, max(LONG, len(begun.rounds)), sampling, alpha, rho)
    played = len(begun.rounds)
    width, own_width = _width(followed.behaviour), measures.width.value
    known = np.isfinite(own_width) and np.isfinite(width)
    theta, consecutive = thresholds.onset_prevalence, thresholds.onset_rounds
    onset = onset_bounds(followed.behaviour, float(begun.rounds[0]), theta, consecutive)
    own = _own_onset(measures, consecutive)
    return NullReference(
        rounds=begun.rounds,
        curve=NullCurve(followed.data[:played], followed.behaviour[:played]),
        start=begun.start,
        origin=begun.origin,
        width=width,
        excess=excess_speed(width, own_width) if known else float("nan"),
        onset=onset[1],
        own_onset=own[1],
        excess_onset=excess_onset(onset, own),
        final=measures.final_prevalence.value,
    )


def _width(shares: Floats) -> float:
    """The curve's width; NaN where its last tenth still adds a hundredth of the rise."""
    late = shares[-1] - shares[-len(shares) // 10]
    if late > 0.01 * (shares[-1] - shares[0]):
        return float("nan")
    return curve_width(shares)


def _own_onset(measures: BehaviourMeasures, consecutive: int) -> Bounds:
    """The median seed's; not reached: from the first round that could still sustain one."""
    starts = np.array([seed.onset for seed in measures.seeds])
    last = np.array([seed.last_round for seed in measures.seeds])
    found = median_onset(starts, last)
    return (found, found) if np.isfinite(found) else (float(last.min()) + 2 - consecutive, found)


def _signed(rounds: float) -> str:
    return (
        "0 rounds"
        if rounds == 0
        else f"{rounds:+g} round{'' if abs(rounds) == 1 else 's'}".replace("-", MINUS)
    )
