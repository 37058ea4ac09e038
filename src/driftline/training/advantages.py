"""Advantages of recorded steps, with a per-step penalty on what follows.

Knows no model and no environment.
"""

from __future__ import annotations

import numpy as np

from driftline.data.returns import flat_returns_to_go
from driftline.shapes import Floats, Integers


def penalised_rewards(
    rewards: Floats, divergences: Floats, starts: Integers, coefficient: float
) -> Floats:
    """``r_t - coefficient * KL_{t+1}`` within each episode, ``[S]``.

    The divergence at step t+1 is a consequence of the action at t; the one at t
    itself is differentiated directly and is no consequence of any action.

    >>> penalised_rewards(np.ones(3), np.array([9.0, 1.0, 2.0]), np.array([0, 3]), 0.5)
    array([0.5, 0. , 1. ])
    """
    following = np.append(divergences[1:], 0.0)
    following[starts[1:] - 1] = 0.0
    return rewards - coefficient * following


def generalised_advantages(
    rewards: Floats, values: Floats, starts: Integers, trace: float
) -> Floats:
    """Undiscounted generalised advantage estimates, ``[S]``.

    A_t = sum_k trace^k (r_{t+k} + V_{t+k+1} - V_{t+k}), with V = 0 after the end
    of an episode (Schulman et al. 2016, arXiv:1506.02438); the time limit is part
    of the task, so a truncated episode ends there too.

    >>> generalised_advantages(np.ones(2), np.array([2.0, 1.0]), np.array([0, 2]), 0.9)
    array([0., 0.])
    """
    following = np.append(values[1:], 0.0)
    following[starts[1:] - 1] = 0.0
    surprise = rewards + following - values
    if trace == 1.0:
        return flat_returns_to_go(surprise, starts)
    out, running = np.empty(len(rewards)), 0.0
    last = np.zeros(len(rewards), np.bool_)
    last[starts[1:] - 1] = True
    for step in range(len(rewards) - 1, -1, -1):
        running = surprise[step] + (0.0 if last[step] else trace * running)
        out[step] = running
    return out
