"""Returns-to-go of trajectories and of flat columns of them.

Knows no model and no target.
"""

from __future__ import annotations

import numpy as np

from driftline.shapes import Floats, Integers

RETURNS = "sum of the rewards in the dataset, undiscounted"
"""By which convention returns are read: what a provenance says of them."""


def returns_to_go(rewards: Floats, discount: float = 1.0) -> Floats:
    """Sum of the rewards from each step to the end.

    G_t = r_t + discount * G_{t+1}, zero after the horizon: what a decision
    transformer is conditioned on (Chen et al. 2021, arXiv:2106.01345, sec. 3).

    >>> returns_to_go(np.array([1.0, 0.0, 2.0]))
    array([3., 2., 2.])
    """
    if discount == 1.0:
        return np.cumsum(rewards[::-1])[::-1].astype(np.float64)
    total, out = 0.0, np.empty(len(rewards))
    for step in range(len(rewards) - 1, -1, -1):
        total = rewards[step] + discount * total
        out[step] = total
    return out


def flat_returns_to_go(rewards: Floats, starts: Integers) -> Floats:
    """Undiscounted returns-to-go of many trajectories laid end to end, ``[S]``.

    >>> flat_returns_to_go(np.array([1.0, 2.0, 5.0]), np.array([0, 2, 3]))
    array([3., 2., 5.])
    """
    running = np.concatenate([[0.0], np.cumsum(rewards)])
    ends = np.repeat(running[starts[1:]], np.diff(starts))
    rest: Floats = ends - running[:-1]
    return rest
