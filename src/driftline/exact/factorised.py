"""Policies that look ahead over histories: by expected weight, or by expected utility.

Knows no distribution over returns: one number per history is enough.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftline.exact.histories import Fan, HistoryTree
from driftline.exact.logarithms import log, log_sum, log_sum_runs
from driftline.exact.soft_values import Backup
from driftline.shapes import Floats


@dataclass(frozen=True, eq=False)
class HistoryPlan:
    """``policy [nodes, A]``, log-probabilities, and ``values [nodes]`` in nats.

    Values count the whole return, what was already received included. ``value`` is
    that of the start.
    """

    policy: Floats
    values: Floats
    value: float


def factorised(tree: HistoryTree, policy: Floats, log_weights: Floats) -> HistoryPlan:
    """π(a|h) = π0(a|h) E0[w(R)|h,a] / E0[w(R)|h], the product of two factors.

    ``policy [nodes, A]`` is the demonstrator, ``log_weights [N]`` are of
    ``tree.atoms``; values are log E0[w(R)|h]. With e^{βR} this is the inference
    backup; with a tail it is the quantilizer whose threshold is fixed for the
    episode. Where E0[w(R)|h] = 0, nothing is left to ask for: π0.
    """
    return plan(tree, policy, log_weights, "inference")


def controlled(tree: HistoryTree, policy: Floats, utilities: Floats) -> HistoryPlan:
    """The maximiser of E[u(R)] − KL(π‖π0) over policies; ``value`` is the maximum.

    V(h) = log Σ_a π0(a|h) e^{E_s'[V(h a s')]}, V = u(R) at the end. ``utilities [N]``
    are of ``tree.atoms``, βR for the exponential tilt.
    """
    return plan(tree, policy, utilities, "control")


def plan(tree: HistoryTree, policy: Floats, log_weights: Floats, backup: Backup) -> HistoryPlan:
    """Back ``log_weights [N]`` up from the ends of the histories to the start."""
    values = np.empty(tree.nodes)
    values[tree.leaves] = log_weights[tree.leaf_atoms]
    chosen = policy.copy()
    for fan in reversed(tree.fans):
        demonstrated = policy[fan.decisions]
        joint = demonstrated + _over_chance(tree, fan, values, backup)
        total = log_sum(joint)
        values[fan.decisions] = total
        void = np.isneginf(total)[:, None]
        tilted = joint - np.where(void, 0.0, total[:, None])
        chosen[fan.decisions] = np.where(void, demonstrated, tilted)
    starts, first = tree.chances[: tree.roots], values[: tree.roots]
    value = starts @ first if backup == "control" else log_sum(log(starts) + first)
    return HistoryPlan(chosen, values, float(value))


def _over_chance(tree: HistoryTree, fan: Fan, values: Floats, backup: Backup) -> Floats:
    """What each decision's actions are worth before chance decides, ``[D, A]``."""
    chances, ahead = tree.chances[fan.children], values[fan.children]
    if backup == "control":
        worth = np.add.reduceat(chances * ahead, fan.groups)
    else:
        worth = log_sum_runs(log(chances) + ahead, fan.groups)
    return np.asarray(worth.reshape(len(fan.decisions), -1))
