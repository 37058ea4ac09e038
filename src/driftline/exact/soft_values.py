"""Soft values over time and state: two ways to look ahead with an exponential tilt.

Knows no histories. ``"inference"`` treats luck like choice: it conditions on having
earned much, whoever was responsible. ``"control"`` tilts only what is chosen, which
is the optimum of β E[R] − KL when the world has chance in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from driftline.exact.logarithms import log, log_sum
from driftline.exact.markov import check_policy
from driftline.exact.world import FiniteWorld
from driftline.shapes import Floats

Backup = Literal["inference", "control"]


@dataclass(frozen=True, eq=False)
class SoftPlan:
    """``values [H + 1, S]`` and ``action_values [H, S, A]`` in nats; ``policy [H, S, A]``.

    ``value`` is that of the start: the maximum of β E[R] − KL (control), or
    log E0[e^{βR}] (inference).
    """

    policy: Floats
    values: Floats
    action_values: Floats
    value: float


def soft_plan(world: FiniteWorld, policy: Floats, beta: float, backup: Backup) -> SoftPlan:
    """The plan that tilts the demonstrator ``policy [H, S, A]`` by e^{βR}.

    inference: V(s) = log Σ_a π0(a|s) Σ_s' P(s'|s,a) e^{βr + V(s')};
    control:   V(s) = log Σ_a π0(a|s) e^{Σ_s' P(s'|s,a) (βr + V(s'))}
    (Levine 2018, arXiv:1805.00909, sec. 2.3 and 3.1); either way
    π(a|s) = π0(a|s) e^{Q(s,a) − V(s)}.

    >>> lever = FiniteWorld.of(np.ones((1, 2, 1)), np.array([[[0.0], [1.0]]]), np.ones(1), 1)
    >>> plan = soft_plan(lever, np.full((1, 1, 2), 0.5), float(np.log(3)), "control")
    >>> plan.policy[0, 0].round(9), round(np.exp(plan.value), 9)
    (array([0.25, 0.75]), np.float64(2.0))
    """
    check_policy(world, policy)
    values = np.zeros((world.horizon + 1, world.states))
    action_values = np.zeros(policy.shape)
    demonstrated = log(policy)
    for time in reversed(range(world.horizon)):
        ahead = beta * world.rewards + values[time + 1][world.successors]
        action_values[time] = over_chance(world, ahead, backup)
        values[time] = log_sum(demonstrated[time] + action_values[time])
    tilted = np.exp(demonstrated + action_values - values[:-1, :, None])
    if backup == "control":
        value = float(world.initial @ values[0])
    else:
        value = float(log_sum(log(world.initial) + values[0]))
    return SoftPlan(tilted, values, action_values, value)


def over_chance(world: FiniteWorld, ahead: Floats, backup: Backup) -> Floats:
    """What ``ahead [S, A, K]`` is worth before chance decides, ``[S, A]``."""
    if backup == "control":
        return np.asarray((world.chances * ahead).sum(-1))
    return log_sum(log(world.chances) + ahead)
