"""How many demonstrations a study's targets rest on: a tail of few returns is noise.

Knows no model but the range of its return head.
"""

from __future__ import annotations

import math
from typing import Any, assert_never

import numpy as np

from driftline.conditioning.best_of_n import BestOfN
from driftline.conditioning.effective_samples import largest_beta, tilt_effective_samples
from driftline.conditioning.exponential_tilt import LEAST_SAMPLES, ExponentialTilt
from driftline.conditioning.factorised_tilt import FactorisedTilt
from driftline.conditioning.fixed import FixedReturn
from driftline.conditioning.quantile import Quantile
from driftline.conditioning.reference import Reference
from driftline.conditioning.sampled_maximum import SampledMaximum
from driftline.conditioning.target import Target, Unconditioned
from driftline.experiments.config import UNASKED, AgentConfig
from driftline.shapes import Floats

STRENGTHS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Tilts that are tried, in nats per deviation of the returns."""


def support(
    returns: Floats, agents: tuple[AgentConfig, ...], head: tuple[float, float] | None
) -> dict[str, Any]:
    """Effective sample sizes of the demonstrations' ``returns [n]``, as plain values.

    ``head`` is the range of the return head, None where there is none. ``largest_beta``
    is null where every tilt keeps enough, or none does; ``limit`` says which.
    """
    spread = float(returns.std()) or 1.0
    equal = np.ones(len(returns))
    betas = [each / spread for each in STRENGTHS]
    most, limit = _largest(returns)
    return {
        "demonstrations": len(returns),
        "least": LEAST_SAMPLES,
        "largest_beta": most,
        "limit": limit,
        "tilts": [
            {"beta": beta, "effective": tilt_effective_samples(returns, equal, beta)}
            for beta in betas
        ],
        "targets": [_asked(agent, returns, head) for agent in agents if _target(agent) is not None],
    }


def _largest(returns: Floats) -> tuple[float | None, str]:
    kept = f"keeps an effective sample of {LEAST_SAMPLES:g}"
    if len(returns) < LEAST_SAMPLES:
        return None, f"{len(returns)} demonstrations are fewer than needed: no tilt {kept}"
    most = largest_beta(returns, LEAST_SAMPLES)
    if math.isinf(most):
        return None, f"enough demonstrations tie for the best return: any tilt {kept}"
    return most, ""


def _target(agent: AgentConfig) -> Target | None:
    return None if isinstance(agent.learner, UNASKED) else agent.learner.target


def _asked(agent: AgentConfig, returns: Floats, head: tuple[float, float] | None) -> dict[str, Any]:
    target = _target(agent)
    assert target is not None
    rests = effective_demonstrations(target, Reference.of(returns), head)
    return {
        "agent": agent.name,
        "target": str(target),
        "effective": rests,
        "warning": _warning(agent.name, rests, len(returns)),
    }


def _warning(agent: str, rests: float | None, count: int) -> str:
    if rests is None or rests >= LEAST_SAMPLES:
        return ""
    return (
        f"{agent} asks for a tail that {rests:.3g} of {count} demonstrations carry, fewer than "
        f"{LEAST_SAMPLES:g}: what it is told of high returns is largely chance; ask for less, or "
        "show more demonstrations"
    )


def effective_demonstrations(
    target: Target, reference: Reference, head: tuple[float, float] | None
) -> float | None:
    """Kish's effective number of the reference's returns after ``target`` weighs them.

    None where it weighs none: it asks for a single return, for nothing, or for what the
    model alone expects.

    >>> reference = Reference.of(np.arange(100.0))
    >>> round(effective_demonstrations(Quantile(0.9), reference, None), 6)
    10.0
    """
    match target:
        case Quantile():
            if target.draw == "point":
                return None
            weights = reference.reweighted(target.density_ratio)
        case BestOfN():
            weights = reference.reweighted(target.density_ratio)
        case ExponentialTilt():
            beta = target.beta
            if target.unit == "range":
                if head is None:
                    return None
                beta /= head[1] - head[0]
            weights = reference.tilted(beta)
        case FactorisedTilt():
            weights = reference.tilted(target.beta)
        case FixedReturn() | SampledMaximum() | Unconditioned():
            return None
        case _:
            assert_never(target)
    held = reference.weights > 0
    concentrated = weights[held] ** 2 / reference.weights[held]
    return float(reference.effective / concentrated.sum())
