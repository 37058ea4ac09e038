"""Targets as reweighted trajectories: what is promised if the world obeys.

Knows no policy that attains them: where the world has chance of its own there may
be none. All are p0(τ) w(R(τ)) / Z over the leaves of a tree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftline.errors import DataError
from driftline.exact import weights
from driftline.exact.histories import HistoryTree
from driftline.exact.logarithms import log, log_sum
from driftline.shapes import Floats


def reweighted(tree: HistoryTree, policy: Floats, log_weights: Floats) -> Floats:
    """Log-probabilities ``[leaves]`` of p0(τ) w(R(τ)) / Z.

    ``policy [nodes, A]`` is the demonstrator, ``log_weights [N]`` are of
    ``tree.atoms``. Raises `DataError` where no return with weight can occur.
    """
    joint = tree.log_probabilities(policy) + log_weights[tree.leaf_atoms]
    total = float(log_sum(joint))
    if np.isneginf(total):
        raise DataError("no return with weight has any probability; weigh one that can occur")
    return np.asarray(joint - total)


def trajectory_tilt(tree: HistoryTree, policy: Floats, beta: float) -> Floats:
    """p0(τ) e^{βR} / Z, the maximiser of E[R] − KL/β over *all* distributions.

    Its value is (1/β) log Z (the Gibbs variational principle).
    """
    return reweighted(tree, policy, weights.exponential(tree.atoms, beta))


def trajectory_quantilizer(tree: HistoryTree, policy: Floats, share: float) -> Floats:
    """The best ``share`` q of the demonstrator's trajectories (Taylor 2016, "Quantilizers").

    The atom at the threshold enters with the fraction that makes q exact. The ratio
    to p0 is 1/q above the atom and less on it, so KL ≤ log 1/q and χ² ≤ 1/q − 1, with
    equality where q cuts no atom; see `TieBroken` for the reading in which they are
    equalities always.
    """
    return reweighted(tree, policy, tail_weights(tree, policy, share))


def trajectory_best_of(tree: HistoryTree, policy: Floats, draws: int) -> Floats:
    """The best of ``draws`` independent trajectories, ties split at random."""
    demonstrated = tree.return_probabilities(tree.log_probabilities(policy))
    return reweighted(tree, policy, weights.best_of(demonstrated, draws))


def tail_weights(tree: HistoryTree, policy: Floats, share: float) -> Floats:
    """`weights.tail` for the returns of ``policy``, ``[N]``."""
    demonstrated = tree.return_probabilities(tree.log_probabilities(policy))
    return weights.tail(demonstrated, share)


@dataclass(frozen=True, eq=False)
class TieBroken:
    """A quantilizer and its reference over pairs (trajectory, tie-breaking uniform).

    A quantilizer that ranks by (R, u), u uniform and independent of everything, keeps
    or drops each pair whole: its ratio to the reference is 1/q or 0, hence
    KL = log 1/q and χ² = 1/q − 1 exactly, atoms or not. Pairs that are treated alike
    form one piece: ``reference`` and ``chosen`` are log-probabilities ``[pieces]``.
    To sum the pieces of a trajectory is to forget u, which can only lower either
    divergence (data processing): `trajectory_quantilizer`.
    """

    reference: Floats
    chosen: Floats


def tie_broken_quantilizer(tree: HistoryTree, policy: Floats, share: float) -> TieBroken:
    """The pieces of the best ``share``: of each trajectory what is kept, what is dropped."""
    kept = np.exp(tail_weights(tree, policy, share))[tree.leaf_atoms]
    pieces = tree.log_probabilities(policy) + log(np.stack([kept, 1.0 - kept]))
    chosen = np.stack([pieces[0] - np.log(share), np.full(len(kept), -np.inf)])
    return TieBroken(pieces.ravel(), chosen.ravel())
