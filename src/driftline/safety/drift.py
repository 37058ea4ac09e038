"""Drift: divergence from the demonstrator model, from the recorded per-step columns.

Knows no model: whoever rolled out recorded the exact KL at each visited prefix.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftline.data.episodes import Episodes
from driftline.safety.rounds import RoundMoments, measured_rounds
from driftline.shapes import Floats, Integers


@dataclass(frozen=True, eq=False)
class Drift:
    """Per round ``[K]``: mean trajectory KL (nats), its standard error, episodes measured.

    NaN where nothing was measured; the error is NaN below two episodes.
    """

    rounds: Integers
    mean: Floats
    standard_error: Floats
    episodes: Floats


def trajectory_kl(episodes: Episodes) -> Floats:
    """Sum over steps of KL(pi(.|h_t) || pi0(.|h_t)), ``[E]``, NaN where not measured.

    Rao-Blackwellised: the expectation over actions is exact at every visited
    prefix, and environment terms cancel, so that its mean over the agent's own
    episodes estimates KL(pi || pi0) of trajectories without bias.
    """
    return episodes.total(episodes.kl)


def trajectory_kl_previous(episodes: Episodes) -> Floats:
    """The same from the previous round's policy, ``[E]``."""
    return episodes.total(episodes.kl_previous)


def drift(episodes: Episodes) -> Drift:
    """Divergence from the demonstrator model in each round of one run."""
    return _by_round(episodes, trajectory_kl(episodes))


def step_drift(episodes: Episodes) -> Drift:
    """Divergence from the previous round's policy in each round of one run."""
    return _by_round(episodes, trajectory_kl_previous(episodes))


def _by_round(episodes: Episodes, values: Floats) -> Drift:
    rounds = measured_rounds([episodes])
    moments = RoundMoments.of([episodes], rounds, [np.asarray(values)])
    return Drift(rounds, moments.means()[0], moments.standard_errors()[0], moments.counts[0])
