"""Divergence of an acting policy from a model, exact at every visited prefix.

Knows no environment. KL(pi || pi_0) of trajectories is the expected sum of these
per-step terms; the environment's terms cancel (Rao-Blackwellised estimator).
"""

from __future__ import annotations

import numpy as np
import torch

from driftline.data.trajectories import Trajectories
from driftline.data.windows import WindowSource
from driftline.models.action_distributions import parameters_of
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.shapes import Floats


def distributions(
    model: TrajectoryTransformer,
    trajectories: Trajectories,
    commanded: Floats | None,
    steps_at_once: int = 6400,
) -> Floats:
    """What ``model`` would have done at every step, ``float64 [S, A]``.

    ``commanded [S]`` conditions it; None leaves it unconditioned.
    """
    order = np.argsort(trajectories.lengths, kind="stable")
    asked = np.zeros(trajectories.steps) if commanded is None else commanded
    source = WindowSource(trajectories, asked)
    out = np.empty((trajectories.steps, parameters_of(model.action)))
    longest = max(1, int(trajectories.lengths.max()))
    size = max(1, steps_at_once // longest)
    with torch.inference_mode():
        for first in range(0, len(order), size):
            rows = order[first : first + size]
            windows = source.whole(rows)
            known = model.window_distributions(windows, commanded is not None)
            steps = trajectories.starts[rows][:, None] + windows.times
            out[steps[windows.valid]] = known.double().numpy()[windows.valid]
    return out


def kl(policy: Floats, reference: Floats) -> Floats:
    """KL(policy || reference) of each row of log-probabilities, ``[S]``.

    >>> rows = np.log(np.array([[0.5, 0.5], [1.0 - 1e-12, 1e-12]]))
    >>> kl(rows, np.log(np.full((2, 2), 0.5))).round(6)
    array([0.      , 0.693147])
    """
    return np.maximum(np.sum(np.exp(policy) * (policy - reference), axis=1), 0.0)
