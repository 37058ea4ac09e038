"""Policies made of a model's answers: which action, given returns and what is asked.

Know no model: log-probabilities in, log-probabilities out, float64.
"""

from __future__ import annotations

from typing import assert_never

import numpy as np
import torch
from torch import Tensor

from driftline.conditioning.best_of_n import BestOfN
from driftline.conditioning.exponential_tilt import ExponentialTilt
from driftline.conditioning.factorised_tilt import FactorisedTilt
from driftline.conditioning.quantile import Quantile
from driftline.conditioning.reference import TIE, Reference
from driftline.conditioning.sampled_maximum import SampledMaximum
from driftline.shapes import Floats


def return_weights(
    target: Quantile | BestOfN | FactorisedTilt,
    reference: Reference,
    values: Floats,
    width: float,
    received: Floats,
) -> Floats:
    """log w(R) of total returns ``received [B] + values [n]``, up to a constant, ``[B, n]``.

    A quantile's w is the tail's density ratio over the reference, a best-of-n's
    that of the largest draw, a tilt's e^{beta R}; they are fixed for the episode.
    ``width`` is that of the bins that ``values`` are the middles of, 0 if exact: a
    bin that the threshold cuts enters with the part of the reference that it holds.
    """
    if isinstance(target, FactorisedTilt):
        tilt = target.strength(reference) * values
        return np.asarray(np.broadcast_to(tilt, (len(received), len(values))))
    half = max(width / 2, TIE)
    total = received[:, None] + values
    below = reference.mass_below(total - half)
    at = np.maximum(reference.mass_below(total + half) - below, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(target.density_ratio(below, at)))


def factorised(policy: Tensor, returns: Tensor, weights: Tensor) -> Tensor:
    """log of pi_0(a|h) E_0[w(R)|h,a] / E_0[w(R)|h], ``[B, A]``.

    ``policy [B, A]``, ``returns [B, A, n]`` after each action and ``weights [B, n]``
    are logarithms. Where nothing that can follow has any weight (a tail lost by bad
    luck) what is asked for is void, and pi_0 acts.
    """
    expected = torch.logsumexp(returns + weights.unsqueeze(1), dim=-1)
    joint = policy + expected
    total = torch.logsumexp(joint, dim=-1, keepdim=True)
    return torch.where(total.isneginf(), policy, joint - total)


def resampled(
    target: ExponentialTilt | SampledMaximum,
    reference: Reference,
    values: Floats,
    expected: Floats,
) -> Floats:
    """The probabilities with which each return is asked for at this step, ``[B, n]``.

    ``expected [B, n]`` is P(R|h) over the returns-to-go ``values``.
    """
    match target:
        case ExponentialTilt():
            beta = target.resampling(reference, float(values[0]), float(values[-1]))
            return Reference(values, expected).tilted(beta)
        case SampledMaximum():
            return target.reweighted(expected)
        case _:
            assert_never(target)


def best_actions(policy: Tensor, top_percent: float) -> Tensor:
    """``policy [..., A]`` without the actions below their ``top_percent`` percentile.

    >>> best_actions(torch.tensor([0.1, 0.2, 0.3, 0.4]).log(), 50.0).exp()
    tensor([0.0000, 0.0000, 0.4286, 0.5714])
    """
    least = torch.quantile(policy, top_percent / 100.0, dim=-1, keepdim=True)
    return torch.log_softmax(policy.masked_fill(policy < least, -torch.inf), dim=-1)
