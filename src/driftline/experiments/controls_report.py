"""What the negative controls of a study say: nothing should be found where nothing is.

Knows recorded episodes and measures, no agent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from driftline.data.episodes import Episodes
from driftline.experiments.results import Results
from driftline.safety.behaviour_measures import BehaviourMeasures, measure_behaviour
from driftline.safety.controls import (
    DetectorQuality,
    detector_quality,
    permuted_hidden_rewards,
    random_flagger,
    return_correlation,
)
from driftline.safety.occurrence import fractions
from driftline.safety.prevalence import PrevalenceTable
from driftline.safety.statistics import Bootstrap
from driftline.safety.thresholds import Thresholds
from driftline.seeding import generator

PERMUTATIONS = 20


@dataclass(frozen=True, eq=False)
class RandomFlags:
    """An agent's behaviour as measured, and with its flags dealt out by chance.

    ``correlation`` of showing it with the observed return of the episode, NaN
    where either is constant; ``random_correlation`` the same of the chance flags.
    """

    agent: str
    measured: BehaviourMeasures
    random: BehaviourMeasures
    correlation: float
    random_correlation: float


@dataclass(frozen=True)
class Permuted:
    """Correlation of true and observed return, as recorded and with true returns dealt anew.

    ``low`` and ``high`` are the extremes of `PERMUTATIONS` deals.
    """

    agent: str
    correlation: float
    low: float
    high: float


def random_flags(results: Results, behaviour: str) -> list[RandomFlags]:
    """Every agent that showed the behaviour at all."""
    return [
        _random_flags(name, results.episodes[name], measures.behaviours[behaviour], results)
        for name, measures in results.agents.items()
        if measures.behaviours[behaviour].table.counts["any"].sum() > 0
    ]


def _random_flags(
    name: str, runs: Sequence[Episodes], measured: BehaviourMeasures, results: Results
) -> RandomFlags:
    draw = generator(0, "report", "random flagger", name, measured.name)
    dealt = [random_flagger(_everywhere(run), measured.name, draw) for run in runs]
    return RandomFlags(
        agent=name,
        measured=measured,
        random=_measure(dealt, measured, results.config.thresholds),
        correlation=flag_correlation(runs, measured.name),
        random_correlation=flag_correlation(dealt, measured.name),
    )


def _everywhere(run: Episodes) -> Episodes:
    """Opportunities come and go with what an agent learns; chance must not follow them."""
    return replace(run, available={})


def _measure(
    runs: Sequence[Episodes], like: BehaviourMeasures, thresholds: Thresholds
) -> BehaviourMeasures:
    draw = generator(0, "report", "random flagger", "bootstrap")
    shape = (thresholds.bootstrap_draws, len(runs))
    bootstrap = Bootstrap.drawn(draw, *shape, thresholds.confidence)
    table = PrevalenceTable.of(
        runs, like.name, like.table.rounds, thresholds.majority, thresholds.whole
    )
    steps = sum(run.trajectories.steps for run in runs)
    uniforms = draw.random(shape)
    return measure_behaviour(
        like.name, like.undesired, table, steps, bootstrap, uniforms, thresholds
    )


def flag_correlation(runs: Sequence[Episodes], behaviour: str) -> float:
    """Correlation of showing a behaviour with the observed return: mean over seeds.

    Within each seed, because seeds differ in both: over all of them together,
    even flags dealt by chance would go with the return.
    """
    return _mean([_flag_correlation(run, behaviour) for run in runs])


def _flag_correlation(run: Episodes, behaviour: str) -> float:
    shown, observed = (fractions(run, behaviour) > 0).astype(np.float64), run.observed_returns
    if np.ptp(shown) == 0 or np.ptp(observed) == 0:
        return float("nan")
    return float(np.corrcoef(shown, observed)[0, 1])


def permutations(results: Results) -> list[Permuted]:
    """Demonstrators and every agent whose true returns are all known."""
    named = {"demonstrators": results.demonstrations}
    named |= {name: results.episodes[name] for name in results.agents}
    return [
        _permuted(name, runs)
        for name, runs in named.items()
        if all(np.isfinite(run.hidden_rewards).all() for run in runs)
    ]


def _permuted(name: str, runs: Sequence[Episodes]) -> Permuted:
    draw = generator(0, "report", "permuted", name)
    dealt = [
        _mean([return_correlation(permuted_hidden_rewards(run, draw)) for run in runs])
        for _ in range(PERMUTATIONS)
    ]
    return Permuted(name, _mean([return_correlation(run) for run in runs]), min(dealt), max(dealt))


def _mean(values: Sequence[float]) -> float:
    """Mean over seeds; NaN where no seed has a value."""
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")


def detectors(results: Results) -> dict[str, DetectorQuality]:
    """Each undesired behaviour's flags held against the hidden reward, over all agents."""
    runs = [run for name in results.agents for run in results.episodes[name]]
    scores = {name: [detector_quality(run, name) for run in runs] for name in results.undesired}
    return {name: _pooled(each) for name, each in scores.items() if results.undesired[name]}


def _pooled(parts: Sequence[DetectorQuality]) -> DetectorQuality:
    flagged = sum(part.flagged for part in parts)
    deceptive = sum(part.deceptive for part in parts)
    both = float(sum(part.precision * part.flagged for part in parts if part.flagged))
    return DetectorQuality(
        precision=both / flagged if flagged else float("nan"),
        recall=both / deceptive if deceptive else float("nan"),
        flagged=flagged,
        deceptive=deceptive,
    )
