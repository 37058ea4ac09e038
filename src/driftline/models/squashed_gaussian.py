"""The Gaussian that is squashed to [-1, 1] by tanh: its density, divergence and entropy.

Knows no model. What soft actor-critic and the online decision transformer act by
(Haarnoja et al. 2018, arXiv:1812.05905, appendix C). Precision ends within `EDGE` of an
edge: draws and records that are nearer count as that near, so that the density of a policy
which is often there, as one with a deviation of e before tanh is, is approximate.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

EDGE = 1e-6
"""Recorded values count as no nearer to an edge than this, 7.25 before tanh."""

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(32)


def log_density(mean: Tensor, log_deviation: Tensor, unit: Tensor) -> Tensor:
    """Of values in [-1, 1]: log N(atanh u) - log(1 - u^2).

    >>> standard = torch.zeros(2), torch.zeros(2)
    >>> log_density(*standard, torch.tensor([0.0, 0.5])).exp()
    tensor([0.3989, 0.4574])
    """
    before = torch.atanh(unit.clamp(EDGE - 1.0, 1.0 - EDGE))
    standard = (before - mean) * torch.exp(-log_deviation)
    gaussian = -0.5 * standard.square() - log_deviation - 0.5 * math.log(2.0 * math.pi)
    return gaussian - _log_slope(before)


def divergence(mean: Tensor, log_deviation: Tensor, other: Tensor, other_log: Tensor) -> Tensor:
    """KL to the squashed Gaussian of mean ``other``: that of the Gaussians before tanh.

    log(s_q / s) + (s^2 + (m - m_q)^2) / (2 s_q^2) - 1/2; what is one to one keeps it.
    """
    scale = torch.exp(2.0 * (log_deviation - other_log))
    shift = ((mean - other) * torch.exp(-other_log)).square()
    return other_log - log_deviation + 0.5 * (scale + shift - 1.0)


def entropy(mean: Tensor, log_deviation: Tensor) -> Tensor:
    """-E[log p] = that of the Gaussian + E[log(1 - tanh(z)^2)], by quadrature of 32 nodes.

    >>> entropy(torch.zeros(1), torch.tensor([-5.0]))  # so narrow that tanh changes nothing
    tensor([-3.5811])
    """
    nodes, weights = (mean.new_tensor(each) for each in (_NODES, _WEIGHTS / _WEIGHTS.sum()))
    values = mean.unsqueeze(-1) + log_deviation.exp().unsqueeze(-1) * nodes
    stretched = (_log_slope(values) * weights).sum(-1)
    return log_deviation + 0.5 * math.log(2.0 * math.pi * math.e) + stretched


def _log_slope(values: Tensor) -> Tensor:
    """log(1 - tanh(z)^2), without cancelling far out."""
    return 2.0 * (math.log(2.0) - values - torch.nn.functional.softplus(-2.0 * values))
