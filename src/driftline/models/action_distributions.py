"""Action distributions as rows of parameters, and what can be asked of them.

Know no model. ``P`` parameters describe one distribution: the log-probabilities
``[A]`` of discrete actions, or the means and log deviations ``[2d]`` of a Gaussian
in every dimension of a box moved to [-1, 1], which is clipped to it or, of a family
`Squashed`, squashed by tanh.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import assert_never

import torch
from torch import Tensor

from driftline.models import clipped_gaussian, squashed_gaussian
from driftline.models.flow_box import from_unit, to_unit
from driftline.spaces.specs import ActionSpec, ContinuousActionSpec, DiscreteActionSpec


@dataclass(frozen=True)
class Squashed:
    """Actions in ``box`` that follow squashed Gaussians; the box itself stands for clipped."""

    box: ContinuousActionSpec


Family = ActionSpec | Squashed
"""What kind of distribution rows of parameters describe."""

MEANS = (-5.0, 5.0)
"""Within what the means of a head lie, the box being -1 to 1."""
LOG_DEVIATIONS = (-5.0, 2.0)
"""Within what the log deviations of a head lie."""


def parameters_of(family: Family) -> int:
    """How many parameters a distribution of ``family`` has.

    >>> parameters_of(ContinuousActionSpec((-1.0, -1.0), (1.0, 1.0)))
    4
    """
    match family:
        case DiscreteActionSpec():
            return family.count
        case ContinuousActionSpec():
            return 2 * family.size
        case Squashed():
            return 2 * family.box.size
        case _:
            assert_never(family)


def from_head(family: Family, outputs: Tensor) -> Tensor:
    """Unbounded numbers ``[..., P]`` as parameters of distributions ``[..., P]``.

    Log-softmax, or means and log deviations that level off smoothly at their bounds: a
    deviation of zero would be worth any likelihood.
    """
    match family:
        case DiscreteActionSpec():
            return torch.log_softmax(outputs, dim=-1)
        case ContinuousActionSpec() | Squashed():
            low, high = _bounds(outputs.shape[-1] // 2, outputs.dtype, outputs.device)
            # Unchanged well within the bounds, and levelling off at them.
            above = low + torch.nn.functional.softplus(outputs - low)
            return above - torch.nn.functional.softplus(outputs - high)
        case _:
            assert_never(family)


@lru_cache(maxsize=64)
def _bounds(size: int, dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor]:
    """Of the means and log deviations in ``size`` dimensions, ``[2 * size]`` each."""
    pairs = [MEANS] * size + [LOG_DEVIATIONS] * size
    with torch.inference_mode(False):  # so that a gradient may pass by what acting made first
        low, high = torch.tensor(pairs, dtype=dtype, device=device).mT.contiguous()
    return low, high


def typical(family: Family, parameters: Tensor) -> Tensor:
    """The likeliest action ``[...]``, or the median in every dimension ``[..., d]``."""
    match family:
        case DiscreteActionSpec():
            return parameters.argmax(-1)
        case ContinuousActionSpec():
            return from_unit(family, parameters.chunk(2, dim=-1)[0])
        case Squashed():
            return from_unit(family.box, torch.tanh(parameters.chunk(2, dim=-1)[0]))
        case _:
            assert_never(family)


def entropy(family: Family, parameters: Tensor) -> Tensor:
    """-E[log p(a)] of each distribution, ``[...]`` nats.

    Differential inside a box and discrete on the edges of one that clips.

    >>> entropy(DiscreteActionSpec(2), torch.tensor([0.5, 0.5]).log())
    tensor(0.6931)
    """
    match family:
        case DiscreteActionSpec():
            weighed = torch.where(parameters.isneginf(), 0.0, parameters.exp() * parameters)
            return -weighed.sum(-1)
        case ContinuousActionSpec():
            mean, log_deviation = parameters.chunk(2, dim=-1)
            stretched = _inside(mean, log_deviation) * _log_half(family, mean)
            return (clipped_gaussian.entropy(mean, log_deviation) + stretched).sum(-1)
        case Squashed():
            mean, log_deviation = parameters.chunk(2, dim=-1)
            known = squashed_gaussian.entropy(mean, log_deviation)
            return (known + _log_half(family.box, mean)).sum(-1)
        case _:
            assert_never(family)


def volume(family: Family) -> float:
    """How much larger entropies are in the box than in [-1, 1], nats; 0 of discrete actions.

    >>> round(volume(ContinuousActionSpec((-2.0,), (2.0,))), 6)
    0.693147
    """
    match family:
        case DiscreteActionSpec():
            return 0.0
        case ContinuousActionSpec():
            pairs = zip(family.low, family.high, strict=True)
            return sum(math.log(0.5 * (high - low)) for low, high in pairs)
        case Squashed():
            return volume(family.box)
        case _:
            assert_never(family)


def sample(family: Family, parameters: Tensor, generator: torch.Generator) -> Tensor:
    """One action of each distribution ``[..., P]``: ``int64 [...]`` or ``float32 [..., d]``.

    Discrete actions invert the cumulative distribution of one uniform number each.
    """
    match family:
        case DiscreteActionSpec():
            cumulative = parameters.exp().cumsum(-1)
            shape = (*cumulative.shape[:-1], 1)
            uniform = torch.rand(shape, generator=generator).to(cumulative.device)
            chosen = (cumulative < uniform * cumulative[..., -1:]).sum(-1)
            return chosen.clamp(max=parameters.shape[-1] - 1)
        case ContinuousActionSpec():
            return from_unit(family, _drawn(parameters, generator))
        case Squashed():
            inside = torch.tanh(_drawn(parameters, generator))
            edge = 1.0 - squashed_gaussian.EDGE
            return from_unit(family.box, inside.clamp(-edge, edge))
        case _:
            assert_never(family)


def log_density(family: Family, parameters: Tensor, actions: Tensor) -> Tensor:
    """``[...]``: log-probability (discrete) or log-density (continuous) of ``actions``.

    Where it is clipped, on an edge of the box, that of the probability of the edge.

    >>> rows = torch.tensor([[0.25, 0.75]]).log()
    >>> log_density(DiscreteActionSpec(2), rows, torch.tensor([1])).exp()
    tensor([0.7500])
    """
    match family:
        case DiscreteActionSpec():
            return parameters.gather(-1, actions.long().unsqueeze(-1)).squeeze(-1)
        case ContinuousActionSpec():
            mean, log_deviation = parameters.chunk(2, dim=-1)
            unit = to_unit(family, actions.to(mean))
            density = clipped_gaussian.log_density(mean, log_deviation, unit)
            inside = unit.abs() < 1.0 - clipped_gaussian.EDGE
            return (density - torch.where(inside, _log_half(family, mean), 0.0)).sum(-1)
        case Squashed():
            mean, log_deviation = parameters.chunk(2, dim=-1)
            unit = to_unit(family.box, actions.to(mean))
            density = squashed_gaussian.log_density(mean, log_deviation, unit)
            return (density - _log_half(family.box, mean)).sum(-1)
        case _:
            assert_never(family)


def divergence(family: Family, policy: Tensor, reference: Tensor) -> Tensor:
    """KL(policy || reference) of rows ``[..., P]``, exact, ``[...]``.

    Rounding may leave a little less than 0, which is not cut off: it has a gradient.
    """
    match family:
        case DiscreteActionSpec():
            ratio = torch.where(policy.isneginf(), 0.0, policy - reference)
            return (policy.exp() * ratio).sum(-1)
        case ContinuousActionSpec():
            rows = (*policy.chunk(2, dim=-1), *reference.chunk(2, dim=-1))
            return clipped_gaussian.divergence(*rows).sum(-1)
        case Squashed():
            rows = (*policy.chunk(2, dim=-1), *reference.chunk(2, dim=-1))
            return squashed_gaussian.divergence(*rows).sum(-1)
        case _:
            assert_never(family)


def _drawn(parameters: Tensor, generator: torch.Generator) -> Tensor:
    """Gaussians ``[..., 2d]`` to a draw of each, ``[..., d]``, before clipping or squashing."""
    mean, log_deviation = parameters.chunk(2, dim=-1)
    noise = torch.randn(mean.shape, generator=generator).to(mean)
    return mean + log_deviation.exp() * noise


def _log_half(spec: ContinuousActionSpec, like: Tensor) -> Tensor:
    """Logarithm of half the width of the box in every dimension, ``[d]``."""
    return torch.log(0.5 * (like.new_tensor(spec.high) - like.new_tensor(spec.low)))


def _inside(mean: Tensor, log_deviation: Tensor) -> Tensor:
    """The probability of not being on an edge, ``[..., d]``."""
    edge = torch.ones_like(mean)
    low, high = (
        clipped_gaussian.log_density(mean, log_deviation, side * edge) for side in (-1.0, 1.0)
    )
    return 1.0 - low.exp() - high.exp()
