"""Exact fitting, played out with a real mixture: the null model with chance and whole episodes.

Knows no model and no environment: an episode is one step, rewarded where it shows the behaviour.
"""

from __future__ import annotations

import numpy as np

from driftline.conditioning.quantile import Quantile
from driftline.conditioning.reference import Reference
from driftline.data.mixture import Mixture, MixtureSettings
from driftline.data.trajectories import Trajectories
from driftline.safety.phase_diagram import crossing
from driftline.seeding import generator
from driftline.shapes import Floats


def exact_fit(
    q: float,
    alpha: float,
    rho: float,
    rounds: int,
    capacity: int,
    start: float,
    draw: np.random.Generator,
) -> Floats:
    """The share of each round's ``capacity`` episodes that shows the behaviour, ``[rounds]``.

    Demonstrations, a share ``alpha``, never show it; ``start`` of the own slots do at first.
    A model that is fitted exactly does what it is asked: its episodes bring the returns
    that the best ``q`` of the mixture brought, the atom at the threshold split. ``rho`` of
    the slots are refilled a round, whoever is in them leaving at random, so that in the
    mean this is `safety.null_model.null_curve` from ``(1 - alpha) start``.
    """
    target = Quantile(1.0 - q)
    settings = MixtureSettings(alpha, rho, capacity, "random")
    first = (np.arange(capacity) < round(start * capacity)).astype(np.float64)
    mixture = Mixture(settings, _episodes(np.zeros(1))).holding(_episodes(first))
    shown = np.empty(rounds)
    for round_ in range(rounds):
        played = target.command(Reference.of(*mixture.returns()), capacity, draw)
        shown[round_] = played.mean()
        mixture = mixture.admit(_episodes(played), draw)
    return shown


def final_prevalences(
    levels: Floats,
    alphas: Floats,
    rho: float,
    rounds: int,
    capacity: int,
    start: float,
    seed: int,
) -> Floats:
    """The last round's share for each q of ``levels [Q]`` and each of ``alphas [A]``, ``[Q, A]``.

    Each place has chance of its own, whatever else is on the grid.
    """

    def final(q: float, alpha: float) -> float:
        draw = generator(seed, "exact fit", repr(q), repr(alpha))
        return float(exact_fit(q, alpha, rho, rounds, capacity, start, draw)[-1])

    return np.array([[final(q, alpha) for alpha in alphas.tolist()] for q in levels.tolist()])


def exact_boundaries(alphas: Floats, prevalences: Floats) -> Floats:
    """Where the behaviour dies out by the end, from `final_prevalences` ``[Q, A]``, ``[Q]``.

    By `safety.phase_diagram.crossing`: infinite where it lives at every alpha tried, minus
    infinity where at none.
    """
    return np.array([crossing(alphas, row) for row in prevalences])


def _episodes(returns: Floats) -> Trajectories:
    """One step for each return ``[E]``."""
    count = len(returns)
    return Trajectories(
        observations=np.zeros((2 * count, 1)),
        actions=np.zeros(count, np.int64),
        rewards=np.asarray(returns, np.float64),
        starts=np.arange(count + 1),
        terminated=np.ones(count, np.bool_),
        truncated=np.zeros(count, np.bool_),
    )
