"""Policies that a demonstrator's tables imply when its return is conditioned on.

Knows no history: what was earned so far enters through the return that is still
to go.
"""

from __future__ import annotations

import numpy as np

from driftline.exact.atoms import TOLERANCE
from driftline.exact.logarithms import log, log_sum
from driftline.exact.tables import Tables
from driftline.shapes import Floats, Integers


def conditioned(told: Tables, time: int, states: Integers, returns_to_go: Floats) -> Floats:
    """P(a | s, G = g) at ``time`` in each of ``states [B]``, ``[B, A]``.

    π0(a|s) P(g|s,a) / P(g|s), by Bayes. A return-to-go that cannot occur from here
    stands for the nearest one that can (the higher of two as near), which is what is
    left to ask for after bad luck.
    """
    before = np.einsum("ba,ban->bn", told.policy[time, states], told.return_after[time, states])
    apart = np.abs(told.return_values - returns_to_go[:, None])
    apart = np.where(before > 0, apart, np.inf)
    near = apart <= apart.min(-1, keepdims=True) + TOLERANCE
    highest = near.shape[1] - 1 - near[:, ::-1].argmax(-1)
    chosen = np.arange(near.shape[1]) == highest[:, None]
    return weighted(told, time, states, log(chosen))


def weighted(told: Tables, time: int, states: Integers, log_weights: Floats) -> Floats:
    """π0(a|s) E0[w(G)|s,a] / E0[w(G)|s] at ``time`` in ``states [B]``, ``[B, A]``.

    ``log_weights [B, N]`` are of ``return_values`` as returns still to go; -inf is a
    weight of 0. Where E0[w(G)|s] = 0 nothing can be asked for: π0.

    >>> from driftline.exact.tables import tables
    >>> from driftline.exact.world import FiniteWorld
    >>> coin = FiniteWorld.of(np.ones((1, 2, 1)), np.array([[[0.0], [1.0]]]), np.ones(1), 2)
    >>> told = tables(coin, np.full((2, 1, 2), 0.5))
    >>> weighted(told, 0, np.array([0]), np.log(3) * told.return_values[None]).round(9)
    array([[0.25, 0.75]])
    """
    policy, after = told.policy[time, states], told.return_after[time, states]
    joint = log(policy) + log_sum(log(after) + log_weights[:, None])
    total = log_sum(joint)[:, None]
    void = np.isneginf(total)
    return np.asarray(np.where(void, policy, np.exp(joint - np.where(void, 0.0, total))))
