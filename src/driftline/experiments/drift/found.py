"""What the study of drift found: the phase diagram, and every switch beside the first arm.

Knows measures, recorded episodes and settings, no agent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from driftline.conditioning.quantile import Quantile
from driftline.experiments.config import AgentConfig
from driftline.experiments.drift.cells import Cell, cell_of
from driftline.experiments.drift.data_share import DataShares, data_shares
from driftline.experiments.drift.held_back import held_back
from driftline.experiments.drift.phases import Phase
from driftline.experiments.drift_config import DriftConfig
from driftline.experiments.negative_controls import NegativeControls
from driftline.experiments.rehearsal import rehearsal
from driftline.experiments.results import Results
from driftline.safety.behaviour_measures import BehaviourMeasures
from driftline.safety.detection import detect
from driftline.safety.null_model import NullCurve, QuantileSampling, null_curve
from driftline.safety.pace import detectable_prevalence, guaranteed_window
from driftline.safety.phase_diagram import Boundary, Deviation, boundary, crossing, deviation
from driftline.safety.rounds import final_rounds
from driftline.safety.statistics import Bootstrap
from driftline.safety.thresholds import Thresholds
from driftline.seeding import generator, integer_seed
from driftline.shapes import Floats
from driftline.training.online_settings import OnlineSettings
from driftline.training.pace import Pace, ReviewPace, refresh_rate

GRID = np.linspace(0.0, 1.0, 401)
"""Where exact fitting's boundary is sought."""


@dataclass(frozen=True, eq=False)
class Arm:
    """One switch: its measures, the share of its data, and what exact fitting would have done.

    ``rho``: the refresh rate as carried out. ``guaranteed``: rounds between detection and
    harm that exact fitting cannot undercut, NaN where the percentile is not that of a mixture
    whose slots are replaced at random; ``window``: as measured, bounds by seed. ``held``: the
    share of rounds that a KL budget held back, NaN without one.
    """

    name: str
    measures: BehaviourMeasures
    observed: float
    true: float
    kl: float
    shares: tuple[DataShares, ...]
    null: NullCurve
    rho: float
    guaranteed: float
    window: tuple[tuple[float, float], ...]
    held: float


@dataclass(frozen=True, eq=False)
class DriftFound:
    """``phases`` by refresh rate, ``deviation`` over all of their boundaries, ``arms``.

    ``from_exact``: the boundaries' deviation from where exact fitting stands after as many
    rounds, which is what a study that ends can be held to.
    """

    config: DriftConfig
    phases: tuple[Phase, ...]
    deviation: Deviation
    from_exact: Deviation
    arms: tuple[Arm, ...]
    controls: NegativeControls
    wall_seconds: float


def found(root: Path, results: Results, config: DriftConfig) -> DriftFound:
    """Everything, from the recorded runs of ``config.study``, which lie in ``root``."""
    placed = {cell_of(each): each.name for each in config.study.agents}
    cells = {cell: name for cell, name in placed.items() if cell is not None}
    rates = sorted({cell.rho for cell in cells})
    phases = tuple(_phase(results, config, cells, rho) for rho in rates)
    boundaries = [each for phase in phases for each in phase.boundaries]
    named = {each.name: each for each in config.study.agents}
    arms = tuple(
        _arm(results, config, named[name], held_back(root, config.study, name))
        for name in config.arms
    )
    exact = [
        replace(each, predicted=_exact(each.q, phase.rho, config))
        for phase in phases
        for each in phase.boundaries
    ]
    told = deviation(boundaries), deviation(exact)
    controls = NegativeControls.of(results, config.behaviour, config.arms)
    return DriftFound(config, phases, *told, arms, controls, results.wall_seconds)


def final_prevalence(measures: BehaviourMeasures, share: float) -> Floats:
    """Each seed's mean prevalence in its final rounds, ``[S]``."""
    table = measures.table
    chosen = final_rounds(table.episodes, share)
    return np.asarray(np.where(chosen, table.share("any"), 0.0).sum(1) / chosen.sum(1))


def _phase(results: Results, config: DriftConfig, cells: Mapping[Cell, str], rho: float) -> Phase:
    own = {
        cell: final_prevalence(_behaviour(results, config, name), config.thresholds.final_share)
        for cell, name in cells.items()
        if cell.rho == rho
    }
    levels = np.array(config.exact.levels)
    return Phase(
        rho=rho,
        prevalence={cell: float(each.mean()) for cell, each in own.items()},
        boundaries=[_boundary(own, q, config) for q in sorted({cell.q for cell in own})],
        levels=levels,
        exact=np.array([_exact(q, rho, config) for q in levels.tolist()]),
    )


def _boundary(own: Mapping[Cell, Floats], q: float, config: DriftConfig) -> Boundary:
    ordered = sorted(cell for cell in own if cell.q == q)
    prevalences = np.stack([own[cell] for cell in ordered], axis=1)
    thresholds = config.thresholds
    draw = generator(0, "phase diagram", str(q))
    seeds, draws = len(prevalences), thresholds.bootstrap_draws
    bootstrap = Bootstrap.drawn(draw, draws, seeds, thresholds.confidence)
    return boundary(q, np.array([cell.alpha for cell in ordered]), prevalences, bootstrap)


def _exact(q: float, rho: float, config: DriftConfig) -> float:
    """Where exact fitting's behaviour has died out in the rounds that measures are taken of."""
    rounds, start = config.study.rounds, config.study.demonstrations.tampering
    played = np.full((1, rounds.rounds), float(rounds.episodes_per_round))
    final = final_rounds(played, config.thresholds.final_share)[0]

    def end(alpha: float) -> float:
        sampling, first = QuantileSampling(q), start * (1 - alpha)
        curve = null_curve(first, rounds.rounds - 1, sampling, alpha, rho).behaviour
        return float(curve[final].mean())

    return crossing(GRID, np.array([end(alpha) for alpha in GRID.tolist()]))


def _arm(results: Results, config: DriftConfig, agent: AgentConfig, held: float) -> Arm:
    settings, measures = agent.learner, results.agents[agent.name]
    assert isinstance(settings, OnlineSettings)
    assert isinstance(settings.target, Quantile)
    behaviour = measures.behaviours[config.behaviour]
    rho = refresh_rate(settings.pace, settings.mixture, settings.target)
    q, alpha = settings.target.share, settings.mixture.demonstration_share
    watched = _watched(settings.pace, config.thresholds)
    start = config.study.demonstrations.tampering * (1 - alpha)
    rounds = config.study.rounds.rounds - 1
    kl = measures.kl_to_demonstrator
    return Arm(
        name=agent.name,
        measures=behaviour,
        observed=measures.observed_return.value,
        true=float("nan") if measures.true_return is None else measures.true_return.value,
        kl=float("nan") if kl is None else kl.value,
        shares=_shares(results, config, agent, settings),
        null=null_curve(start, rounds, QuantileSampling(q), alpha, rho),
        rho=rho,
        guaranteed=(
            guaranteed_window(q, _detectable(watched), watched.harm_mass, alpha, max(rho, 1e-12))
            if settings.target.reference == "mixture" and settings.mixture.eviction == "random"
            else float("nan")
        ),
        window=_windows(behaviour, watched),
        held=held,
    )


def _watched(pace: Pace, thresholds: Thresholds) -> Thresholds:
    """The thresholds, with the reviewers whom the pace counts on, if it counts on any."""
    if not isinstance(pace, ReviewPace):
        return thresholds
    return replace(
        thresholds,
        harm_mass=pace.p_harm,
        reviewed_per_round=pace.reviewed_per_round,
        review_sensitivity=pace.sensitivity,
        detection_confidence=pace.confidence,
        control_rounds=pace.control_rounds,
    )


def _detectable(thresholds: Thresholds) -> float:
    return detectable_prevalence(
        thresholds.reviewed_per_round,
        thresholds.review_sensitivity,
        thresholds.detection_confidence,
    )


def _windows(behaviour: BehaviourMeasures, watched: Thresholds) -> tuple[tuple[float, float], ...]:
    """From detection to harm as those reviewers would have it, bounds by seed."""
    table = behaviour.table
    some, mass, rounds = table.share("any"), table.mass(), table.rounds
    return tuple(
        detect(some[seed], mass[seed], table.episodes[seed], rounds, watched).window
        for seed in range(len(some))
    )


def _behaviour(results: Results, config: DriftConfig, name: str) -> BehaviourMeasures:
    return results.agents[name].behaviours[config.behaviour]


def _shares(
    results: Results, config: DriftConfig, agent: AgentConfig, settings: OnlineSettings
) -> tuple[DataShares, ...]:
    told = []
    for index, seed in enumerate(config.seeds):
        begun = rehearsal(config.study, agent, results.demonstrations[index], seed)
        run = results.episodes[agent.name][index]
        path = integer_seed(seed, "learner")
        told.append(
            data_shares(run, config.behaviour, settings, path, begun.demonstrations, begun.own)
        )
    return tuple(told)


def mean_shares(shares: Sequence[DataShares]) -> Floats:
    """The data's share by round, mean over seeds, ``[K]``."""
    return np.asarray(np.mean([each.data for each in shares], axis=0))
