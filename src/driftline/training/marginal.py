"""The policy of an agent that draws a return once and asks for it, the draw not known.

Knows no environment. Divergences given the command count what the command itself
tells (its mutual information with the trajectory); the policy as it is seen from
outside is the mixture over commands.
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from driftline.data.returns import flat_returns_to_go
from driftline.data.trajectories import Trajectories
from driftline.models.model import HasDensity
from driftline.shapes import Floats
from driftline.training.divergence import distributions


def marginal_distributions(
    model: HasDensity, trajectories: Trajectories, returns: Floats, weights: Floats
) -> Floats:
    """log sum_R P(R | h_t) P(a | h_t, R) at every step, ``float64 [S, A]``.

    ``returns [K]`` are asked for with probabilities ``weights [K]`` at the start of an
    episode; what the history tells of the draw follows by Bayes from the actions in
    it, P(R | h_t) being proportional to w(R) prod_{s<t} P(a_s | h_s, R).
    """
    held = weights > 0
    known = np.stack([_asked(model, trajectories, each) for each in returns[held]])
    taken = np.take_along_axis(known, trajectories.actions[None, :, None].astype(np.int64), 2)
    before = _before(taken[..., 0], trajectories)
    posterior = np.log(weights[held])[:, None] + before
    total = logsumexp(posterior, axis=0)
    posterior -= np.where(np.isneginf(total), 0.0, total)  # where no command leads, nothing does
    return np.asarray(logsumexp(posterior[..., None] + known, axis=0))


def _asked(model: HasDensity, trajectories: Trajectories, value: float) -> Floats:
    """``[S, A]`` when ``value`` was asked for at the start of every episode."""
    left = flat_returns_to_go(trajectories.rewards, trajectories.starts)
    received = np.repeat(trajectories.returns, trajectories.lengths) - left
    return distributions(model, trajectories, value - received)


def _before(steps: Floats, trajectories: Trajectories) -> Floats:
    """Sums ``[K, S]`` over the steps before each one of its episode; steps may be -inf."""
    never = np.isneginf(steps)
    finite = _exclusive(np.where(never, 0.0, steps), trajectories)
    return np.where(_exclusive(never.astype(np.float64), trajectories) > 0.5, -np.inf, finite)


def _exclusive(steps: Floats, trajectories: Trajectories) -> Floats:
    reached = np.cumsum(steps, axis=1) - steps
    first = trajectories.starts[:-1]
    return np.asarray(reached - np.repeat(reached[:, first], trajectories.lengths, axis=1))
