"""The Gaussian that is clipped to [-1, 1]: its density, divergence and entropy, all exact.

Knows no model. What lies beyond an edge falls on the edge, which so has a
probability of its own: as where a noisy action is clipped to the box that allows it,
by whoever demonstrated or by the world (Fujita and Maeda 2018, arXiv:1802.07564).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

EDGE = 1e-6
"""What is this near to an edge lies on it: a little more than single precision loses."""


def log_density(mean: Tensor, log_deviation: Tensor, unit: Tensor) -> Tensor:
    """Of values in [-1, 1]: the density inside, the logarithm of the probability on an edge.

    >>> standard = torch.zeros(3), torch.zeros(3)
    >>> log_density(*standard, torch.tensor([-1.0, 0.0, 1.0])).exp()
    tensor([0.1587, 0.3989, 0.1587])
    """
    standard = (unit - mean) * torch.exp(-log_deviation)
    inside = -0.5 * standard.square() - log_deviation - 0.5 * math.log(2.0 * math.pi)
    low, high = _edges(mean, log_deviation)
    outside = torch.where(unit > 0.0, high, low)
    return torch.where(unit.abs() >= 1.0 - EDGE, outside, inside)


def divergence(mean: Tensor, log_deviation: Tensor, other: Tensor, other_log: Tensor) -> Tensor:
    """KL to the clipped Gaussian of mean ``other`` and log deviation ``other_log``.

    The sum over both edges of P log(P/Q), and with z = (u - mean) / deviation and the
    truncated moments of z inside, E[log p - log q] = E[log(s_q / s) - z^2 / 2 +
    (u - m_q)^2 / (2 s_q^2)]. Never more than that of the Gaussians unclipped.
    """
    inside, first, second = _moments(mean, log_deviation)
    edges = torch.stack(_edges(mean, log_deviation))
    ratios = edges - torch.stack(_edges(other, other_log))
    scale = torch.exp(log_deviation - other_log)
    shift = (mean - other) * torch.exp(-other_log)
    moved = scale.square() * second + 2.0 * scale * shift * first + shift.square() * inside
    within = (other_log - log_deviation) * inside + 0.5 * (moved - second)
    return within + (edges.exp() * ratios).sum(0)


def entropy(mean: Tensor, log_deviation: Tensor) -> Tensor:
    """-E[log p]: differential inside, discrete on the edges.

    >>> entropy(torch.zeros(1), torch.tensor([-4.0]))  # nothing reaches an edge
    tensor([-2.5811])
    """
    inside, _, second = _moments(mean, log_deviation)
    edges = torch.stack(_edges(mean, log_deviation))
    spread = (log_deviation + 0.5 * math.log(2.0 * math.pi)) * inside + 0.5 * second
    return spread - (edges.exp() * edges).sum(0)


def _edges(mean: Tensor, log_deviation: Tensor) -> tuple[Tensor, Tensor]:
    """Log-probabilities of the lower and the upper edge."""
    rate = torch.exp(-log_deviation)
    low = torch.special.log_ndtr((-1.0 - mean) * rate)
    return low, torch.special.log_ndtr((mean - 1.0) * rate)


def _moments(mean: Tensor, log_deviation: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """E[1], E[z] and E[z^2] of z = (u - mean) / deviation where u is inside, else 0."""
    rate = torch.exp(-log_deviation)
    low, high = (-1.0 - mean) * rate, (1.0 - mean) * rate
    # From the nearer tail, so that nothing cancels where all of it is beyond an edge.
    mirrored = mean > 0.0
    left, right = torch.where(mirrored, -high, low), torch.where(mirrored, -low, high)
    inside = torch.special.ndtr(right) - torch.special.ndtr(left)
    first = _bell(low) - _bell(high)
    return inside, first, inside + low * _bell(low) - high * _bell(high)


def _bell(standard: Tensor) -> Tensor:
    return torch.exp(-0.5 * standard.square()) / math.sqrt(2.0 * math.pi)
