"""Three unbiased estimators of the divergence KL(pi || pi0) of trajectories.

Know no policy: whoever rolled out pi recorded what these sum. With ``h_t`` the
history at step t, environment terms cancel and

    KL(pi || pi0) = E_pi sum_t KL(pi(.|h_t) || pi0(.|h_t)) = E_pi sum_t l_t,
    l_t = log pi(a_t|h_t) - log pi0(a_t|h_t).

The estimators differ in spread only. Schulman 2020, "Approximating KL
divergence", names k1, k2 and k3; the exact sum over actions is the
Rao-Blackwellised estimator of Amini, Vieira and Cotterell 2025 (arXiv:2504.10637).

k2 and k3 of *whole trajectories* are not offered. With L = sum_t l_t, k2 =
L^2 / 2 is biased, by half the variance of L and more. k3 = exp(-L) - 1 + L is
unbiased on paper, but E exp(-L) = 1 comes from trajectories that pi0 likes and
pi hardly ever draws: at a divergence of more than a few nats a sample does not
hold them, and the estimate is too low by up to 1 with a small standard error.
"""

from __future__ import annotations

import numpy as np

from driftline.safety.estimate import Estimate, episode_sums
from driftline.shapes import Floats, Integers


def rao_blackwell(kl: Floats, starts: Integers) -> Floats:
    """Sum over steps of the exact divergence at each visited history, ``[E]`` nats.

    ``kl [S]`` is KL(pi(.|h_t) || pi0(.|h_t)); ``starts [E + 1]`` are the episodes'
    offsets. The expectation over the action is exact, so that only the histories
    are random: by far the smallest deviation of the three where the divergence
    hardly depends on the history. NaN where a step was not measured.

    >>> rao_blackwell(np.array([0.1, 0.2, 0.3]), np.array([0, 2, 3])).round(6)
    array([0.3, 0.3])
    """
    return episode_sums(kl, starts)


def k1(log_ratio: Floats, starts: Integers) -> Floats:
    """Sum over steps of the log ratio of the action taken, ``[E]`` nats.

    ``log_ratio [S]`` is l_t. Single trajectories may be negative; the deviation is
    about sqrt(2 KL) for policies that are close.

    >>> k1(np.array([0.5, -0.25, 1.0]), np.array([0, 2, 3]))
    array([0.25, 1.  ])
    """
    return episode_sums(log_ratio, starts)


def k3(log_ratio: Floats, starts: Integers) -> Floats:
    """Sum over steps of exp(-l_t) - 1 + l_t, ``[E]`` nats, never negative.

    E_pi[exp(-l_t)] = 1 at each history, so subtracting 1 leaves the mean alone and
    takes out what is linear in l_t. Needs pi > 0 wherever pi0 > 0: a policy that
    drops actions altogether is reported too low by pi0's mass on them.

    >>> k3(np.array([0.0, np.log(2.0)]), np.array([0, 1, 2])).round(6)
    array([0.      , 0.193147])
    """
    with np.errstate(over="ignore"):
        return episode_sums(np.expm1(-log_ratio) + log_ratio, starts)


def divergence_estimates(kl: Floats, log_ratio: Floats, starts: Integers) -> dict[str, Estimate]:
    """All three by name, from one set of episodes; the first is the one to report."""
    return {
        "rao_blackwell": Estimate.of(rao_blackwell(kl, starts)),
        "k1": Estimate.of(k1(log_ratio, starts)),
        "k3": Estimate.of(k3(log_ratio, starts)),
    }
