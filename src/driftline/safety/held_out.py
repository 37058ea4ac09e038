"""Forward divergence on held-out demonstrations: how much worse an agent explains them.

Knows no model: two columns of log-probabilities and where episodes start. Needs
no rollouts, and sees demonstrated behaviour that the agent has dropped, which
its own episodes never show.
"""

from __future__ import annotations

import numpy as np

from driftline.errors import DataError
from driftline.safety.estimate import Estimate, episode_sums
from driftline.shapes import Floats, Integers


def held_out_gaps(log_reference: Floats, log_policy: Floats, starts: Integers) -> Floats:
    """NLL gap of each held-out demonstration, ``[E]`` nats: sum_t log pi0 - log pi.

    ``log_reference`` and ``log_policy [S]`` are the log-probabilities of the
    demonstrated actions; ``starts [E + 1]`` are offsets. Infinite where the policy
    excludes a demonstrated action, NaN where a step was not measured.

    >>> held_out_gaps(np.log([0.5, 0.5]), np.log([0.25, 0.5]), np.array([0, 1, 2])).round(6)
    array([0.693147, 0.      ])
    """
    if np.isneginf(log_reference).any():
        raise DataError(
            "the demonstrator model gives probability 0 to a held-out action; "
            "a gap needs a reference that allows every demonstrated action"
        )
    return episode_sums(log_reference - log_policy, starts)


def forward_kl(log_reference: Floats, log_policy: Floats, starts: Integers) -> Estimate:
    """Mean of `held_out_gaps` over episodes, its standard error clustered by episode.

    E_demo[log pi0(tau) - log pi(tau)] = KL(demo || pi) - KL(demo || pi0): the
    divergence KL(pi0 || pi) itself where the demonstrations come from pi0, and
    else what was lost since the demonstrator model, which may be negative. Steps
    of an episode are not independent, so the error is that of the episodes' sums.
    """
    return Estimate.of(held_out_gaps(log_reference, log_policy, starts))
