"""Action distributions as rows of parameters, and what can be asked of them.

Know no model. ``P`` parameters describe one distribution: the log-probabilities
``[A]`` of discrete actions, or the means and log deviations ``[2d]`` of a Gaussian
that is squashed into the box of continuous ones by tanh.
"""

from __future__ import annotations

import math
from typing import assert_never

import torch
from numpy.polynomial import hermite_e
from torch import Tensor

from driftline.models.flow_box import from_unit, to_unit
from driftline.spaces.specs import ActionSpec, ContinuousActionSpec, DiscreteActionSpec

EDGE = 1e-4
"""Actions at the edge of the box count as this far inside it, where the density is finite."""
MEANS = (-5.0, 5.0)
"""Within what the means of a head lie: tanh of 5 is as near to 1 as `EDGE` lets actions count."""
LOG_DEVIATIONS = (-5.0, 2.0)
"""Within what the log deviations of a head lie."""


def parameters_of(spec: ActionSpec) -> int:
    """How many parameters a distribution over the actions of ``spec`` has.

    >>> parameters_of(ContinuousActionSpec((-1.0, -1.0), (1.0, 1.0)))
    4
    """
    match spec:
        case DiscreteActionSpec():
            return spec.count
        case ContinuousActionSpec():
            return 2 * spec.size
        case _:
            assert_never(spec)


def from_head(spec: ActionSpec, outputs: Tensor) -> Tensor:
    """Unbounded numbers ``[..., P]`` as parameters of distributions ``[..., P]``.

    Log-softmax, or means and log deviations that level off smoothly at their bounds:
    a deviation of zero would be worth any likelihood, a mean beyond the edge none.
    """
    match spec:
        case DiscreteActionSpec():
            return torch.log_softmax(outputs, dim=-1)
        case ContinuousActionSpec():
            mean, log_deviation = outputs.chunk(2, dim=-1)
            return torch.cat([_within(mean, MEANS), _within(log_deviation, LOG_DEVIATIONS)], -1)
        case _:
            assert_never(spec)


def _within(values: Tensor, bounds: tuple[float, float]) -> Tensor:
    """``values`` unchanged well within ``bounds`` and levelling off at them."""
    low, high = bounds
    above = torch.nn.functional.softplus(values - low)
    return low + above - torch.nn.functional.softplus(values - high)


def typical(spec: ActionSpec, parameters: Tensor) -> Tensor:
    """The likeliest action ``[...]``, or the median in every dimension ``[..., d]``."""
    match spec:
        case DiscreteActionSpec():
            return parameters.argmax(-1)
        case ContinuousActionSpec():
            return squashed(spec, parameters.chunk(2, dim=-1)[0])
        case _:
            assert_never(spec)


def entropy(spec: ActionSpec, parameters: Tensor) -> Tensor:
    """-E[log p(a)] of each distribution, ``[...]`` nats (differential where continuous).

    Of a squashed Gaussian that of the Gaussian plus E[log da/dx], by Gauss-Hermite
    quadrature with 32 nodes.

    >>> entropy(DiscreteActionSpec(2), torch.tensor([0.5, 0.5]).log())
    tensor(0.6931)
    """
    match spec:
        case DiscreteActionSpec():
            weighed = torch.where(parameters.isneginf(), 0.0, parameters.exp() * parameters)
            return -weighed.sum(-1)
        case ContinuousActionSpec():
            mean, log_deviation = parameters.chunk(2, dim=-1)
            nodes, weights = (parameters.new_tensor(each) for each in hermite_e.hermegauss(32))
            raw = mean.unsqueeze(-1) + log_deviation.exp().unsqueeze(-1) * nodes
            # log(1 - tanh(x)^2), without the difference that cancels.
            slope = 2.0 * (math.log(2.0) - raw - torch.nn.functional.softplus(-2.0 * raw))
            stretched = (slope * weights).sum(-1) / weights.sum() + torch.log(_half(spec, mean))
            gaussian = log_deviation + 0.5 * (1.0 + math.log(2.0 * math.pi))
            return (gaussian + stretched).sum(-1)
        case _:
            assert_never(spec)


def sample(spec: ActionSpec, parameters: Tensor, generator: torch.Generator) -> Tensor:
    """One action of each distribution ``[..., P]``: ``int64 [...]`` or ``float32 [..., d]``.

    Discrete actions invert the cumulative distribution of one uniform number each.
    """
    match spec:
        case DiscreteActionSpec():
            cumulative = parameters.exp().cumsum(-1)
            shape = (*cumulative.shape[:-1], 1)
            uniform = torch.rand(shape, generator=generator).to(cumulative.device)
            chosen = (cumulative < uniform * cumulative[..., -1:]).sum(-1)
            return chosen.clamp(max=parameters.shape[-1] - 1)
        case ContinuousActionSpec():
            mean, log_deviation = parameters.chunk(2, dim=-1)
            noise = torch.randn(mean.shape, generator=generator).to(mean)
            return squashed(spec, mean + log_deviation.exp() * noise)
        case _:
            assert_never(spec)


def log_density(spec: ActionSpec, parameters: Tensor, actions: Tensor) -> Tensor:
    """``[...]``: log-probability (discrete) or log-density (continuous) of ``actions``.

    >>> rows = torch.tensor([[0.25, 0.75]]).log()
    >>> log_density(DiscreteActionSpec(2), rows, torch.tensor([1])).exp()
    tensor([0.7500])
    """
    match spec:
        case DiscreteActionSpec():
            return parameters.gather(-1, actions.long().unsqueeze(-1)).squeeze(-1)
        case ContinuousActionSpec():
            mean, log_deviation = parameters.chunk(2, dim=-1)
            inside = to_unit(spec, actions.to(mean)).clamp(-1.0 + EDGE, 1.0 - EDGE)
            raw = torch.atanh(inside)
            standard = (raw - mean) * torch.exp(-log_deviation)
            gaussian = -0.5 * standard.square() - log_deviation - 0.5 * math.log(2.0 * math.pi)
            half = _half(spec, mean)
            return (gaussian - torch.log(half * (1.0 - inside.square()))).sum(-1)
        case _:
            assert_never(spec)


def divergence(spec: ActionSpec, policy: Tensor, reference: Tensor) -> Tensor:
    """KL(policy || reference) of rows ``[..., P]``, exact, ``[...]``.

    The squashing is one to one, so that squashed Gaussians diverge as the Gaussians do.
    Rounding may leave a little less than 0, which is not cut off: it has a gradient.
    """
    match spec:
        case DiscreteActionSpec():
            ratio = torch.where(policy.isneginf(), 0.0, policy - reference)
            return (policy.exp() * ratio).sum(-1)
        case ContinuousActionSpec():
            mean, log_deviation = policy.chunk(2, dim=-1)
            other, other_log = reference.chunk(2, dim=-1)
            spread = torch.exp(2.0 * (log_deviation - other_log))
            moved = ((mean - other) * torch.exp(-other_log)).square()
            return (0.5 * (spread + moved - 1.0) + other_log - log_deviation).sum(-1)
        case _:
            assert_never(spec)


def squashed(spec: ContinuousActionSpec, raw: Tensor) -> Tensor:
    """Real vectors ``[..., d]`` into the box of ``spec`` by tanh, whatever the rounding."""
    return from_unit(spec, torch.tanh(raw))


def _half(spec: ContinuousActionSpec, like: Tensor) -> Tensor:
    """Half the width of the box in every dimension, ``[d]``."""
    return 0.5 * (like.new_tensor(spec.high) - like.new_tensor(spec.low))
