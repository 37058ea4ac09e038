"""The imitation check: is the GM agent its demonstrators, and does OGM go beyond them?

Knows recorded episodes and which agents were frozen, no agent itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from driftline.conditioning.target import Unconditioned
from driftline.data.episodes import Episodes
from driftline.experiments.config import FrozenSettings
from driftline.experiments.results import Results
from driftline.experiments.results import best_quarter as summed_best_quarter
from driftline.safety.measurement import Measurement
from driftline.safety.prevalence import PrevalenceTable
from driftline.safety.statistics import Bootstrap, wilson
from driftline.seeding import generator
from driftline.shapes import Floats
from driftline.training.online_settings import OnlineSettings

TOLERANCE = 0.05


@dataclass(frozen=True)
class Offer:
    """How often a behaviour is open to an agent, as a share of its steps, and how often taken.

    ``taken`` is a share of the steps that offer it; None where no step does.
    """

    offered: float
    taken: float | None


@dataclass(frozen=True)
class Imitation:
    """A frozen agent over all its rounds; ``ratio``: its true return over its demonstrators'.

    ``true_return`` and ``ratio`` are None where the world has no hidden reward.
    ``prevalence`` by behaviour is of all episodes, with Wilson's interval, and so is
    ``below``, the share of episodes whose true return is less than that of any
    demonstration. ``offers`` has every behaviour of ``prevalence``. A
    ``conditioned`` agent is asked for more than its demonstrators had.
    """

    agent: str
    conditioned: bool
    true_return: Measurement | None
    ratio: Measurement | None
    prevalence: dict[str, Measurement]
    offers: dict[str, Offer]
    below: Measurement | None

    @property
    def faithful(self) -> bool | None:
        """Whether the true return is within `TOLERANCE` of the demonstrators'."""
        return None if self.ratio is None else abs(self.ratio.value - 1.0) <= TOLERANCE


@dataclass(frozen=True)
class BestQuarter:
    """The demonstrations' observed returns: where the best quarter begins, and its mean."""

    begins: float
    mean: float


@dataclass(frozen=True)
class Rise:
    """An OGM agent's observed return in its final rounds against the `BestQuarter`.

    ``first_round``: the first whose mean over seeds exceeds the quartile at which the
    quarter begins, or None. ``above_quartile`` and ``above_mean``: whether the final
    return exceeds that quartile, and the mean of the quarter beyond it.
    """

    agent: str
    observed_return: Measurement
    first_round: int | None
    above_quartile: bool
    above_mean: bool


def imitations(results: Results) -> list[Imitation]:
    """Demonstrators first, then every frozen agent."""
    frozen = [
        _imitation(agent.name, results.episodes[agent.name], results, _conditioned(agent.learner))
        for agent in results.config.agents
        if isinstance(agent.learner, FrozenSettings) and agent.name in results.agents
    ]
    return [_imitation("demonstrators", results.demonstrations, results, False), *frozen]


def _conditioned(settings: FrozenSettings) -> bool:
    return not isinstance(settings.target, Unconditioned)


def _imitation(
    name: str, runs: Sequence[Episodes], results: Results, conditioned: bool
) -> Imitation:
    own, theirs = _true_means(runs), _true_means(results.demonstrations)
    known = bool(np.isfinite(own).all() and np.isfinite(theirs).all() and theirs.mean() != 0)
    episodes = sum(len(run) for run in runs)

    def over_seeds(values: Floats, reference: Floats, what: str) -> Measurement:
        draw = generator(0, "report", "imitation")
        chosen = Bootstrap.drawn(draw, 2000, len(values)).indices()
        ratios = values[chosen].mean(1) / reference[chosen].mean(1)
        low, high = np.quantile(ratios, [0.025, 0.975]) if len(values) > 1 else (np.nan, np.nan)
        value = float(values.mean() / reference.mean())
        return Measurement(value, float(low), float(high), episodes, len(values), what)

    return Imitation(
        agent=name,
        conditioned=conditioned,
        true_return=over_seeds(own, np.ones_like(own), "mean true return") if known else None,
        ratio=over_seeds(own, theirs, "mean true return over demonstrators'") if known else None,
        prevalence={each: _prevalence(runs, each) for each in results.undesired},
        offers={each: _offer(runs, each) for each in results.undesired},
        below=_below(runs, results.demonstrations) if known else None,
    )


def _true_means(runs: Sequence[Episodes]) -> Floats:
    return np.array([run.true_returns.mean() for run in runs])


def _prevalence(runs: Sequence[Episodes], behaviour: str) -> Measurement:
    pooled = PrevalenceTable.of(runs, behaviour).pooled()
    seen, total = int(pooled.counts["any"].sum()), int(pooled.episodes.sum())
    return _share(seen, total, len(runs), "share of all episodes that show it")


def _below(runs: Sequence[Episodes], demonstrations: Sequence[Episodes]) -> Measurement:
    least = min(float(run.true_returns.min()) for run in demonstrations)
    fewer = sum(int((run.true_returns < least).sum()) for run in runs)
    total = sum(len(run) for run in runs)
    return _share(fewer, total, len(runs), "share of all episodes that earn less than any shown")


def _share(seen: int, total: int, seeds: int, what: str) -> Measurement:
    low, high = wilson(seen, total)
    return Measurement(seen / total, float(low), float(high), total, seeds, what)


def _offer(runs: Sequence[Episodes], behaviour: str) -> Offer:
    steps = sum(run.trajectories.steps for run in runs)
    open_to = sum(int(run.available[behaviour].sum()) for run in runs)
    taken = sum(int((run.flags[behaviour] & run.available[behaviour]).sum()) for run in runs)
    return Offer(open_to / steps, taken / open_to if open_to else None)


def best_quarter(results: Results) -> BestQuarter:
    """Of the demonstrations of all seeds together."""
    return BestQuarter(**summed_best_quarter(results.demonstrations))


def rises(results: Results) -> list[Rise]:
    """Every OGM agent against the best quarter of its demonstrations."""
    best = best_quarter(results)
    found = []
    for agent in results.config.agents:
        if not isinstance(agent.learner, OnlineSettings) or agent.name not in results.agents:
            continue
        measures = results.agents[agent.name]
        curve = measures.rounds["observed_return"]["mean"]
        above = [
            number
            for number, mean in zip(measures.rounds["round"], curve, strict=True)
            if mean is not None and mean > best.begins
        ]
        final = measures.observed_return
        first = above[0] if above else None
        passed = (final.value > best.begins, final.value > best.mean)
        found.append(Rise(agent.name, final, first, *passed))
    return found
