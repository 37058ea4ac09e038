"""Between policies over histories and distributions over trajectories, both ways.

Knows no target.
"""

from __future__ import annotations

import numpy as np

from driftline.errors import DataError
from driftline.exact.divergences import total_variation
from driftline.exact.histories import HistoryTree
from driftline.exact.logarithms import log
from driftline.shapes import Floats


def divergence_by_step(tree: HistoryTree, policy: Floats, reference: Floats) -> float:
    """E_π Σ_t KL(π(·|h_t) ‖ π0(·|h_t)), policies ``[nodes, A]``, in nats.

    Equals the KL of the trajectories: the world's own chances cancel.
    """
    nodes = np.concatenate([fan.decisions for fan in tree.fans])
    reach = np.exp(tree.log_reach(policy)[nodes])
    taken = np.exp(policy[nodes])
    with np.errstate(invalid="ignore"):
        terms = np.where(taken > 0, taken * (policy - reference)[nodes], 0.0).sum(-1)
        return float(np.where(reach > 0, reach * terms, 0.0).sum())


def action_conditional(tree: HistoryTree, trajectories: Floats, elsewhere: Floats) -> Floats:
    """P(a|h) of a distribution over ``trajectories [leaves]``, as ``[nodes, A]``.

    Histories it never comes through keep the rows of ``elsewhere``.
    """
    mass = np.zeros(tree.nodes)
    mass[tree.leaves] = np.exp(trajectories)
    chosen = elsewhere.copy()
    for fan in reversed(tree.fans):
        by_action = np.add.reduceat(mass[fan.children], fan.groups)
        by_action = by_action.reshape(len(fan.decisions), -1)
        total = by_action.sum(-1)
        mass[fan.decisions] = total
        seen = total > 0
        chosen[fan.decisions[seen]] = log(by_action[seen] / total[seen, None])
    return chosen


def policy_of(
    tree: HistoryTree, trajectories: Floats, elsewhere: Floats, tolerance: float = 1e-9
) -> Floats:
    """The policy ``[nodes, A]`` that brings about this distribution ``[leaves]``.

    Raises `DataError` where there is none because the distribution also changes the
    world's own chances by more than ``tolerance`` in total variation, as reweighting
    by luck does.
    """
    chosen = action_conditional(tree, trajectories, elsewhere)
    apart = total_variation(tree.log_probabilities(chosen), trajectories)
    if apart > tolerance:
        raise DataError(
            f"no policy has this distribution: the nearest in its actions is {apart:.2g} away in "
            "total variation, because the distribution changes the world's own chances"
        )
    return chosen


def luck_gap(tree: HistoryTree, promised: Floats, attained: Floats) -> float:
    """The mean return of ``promised`` less that of ``attained``, both ``[leaves]``.

    With a reweighting as promised and a policy made from it as attained: what was
    asked of luck rather than of choice, in units of reward.
    """
    return tree.expectation(promised) - tree.expectation(attained)
