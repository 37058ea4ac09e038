"""`Target`: the union of the ways to ask for a high return, and what they share.

Knows no model. A target is its own configuration: it is constructed, compared,
stored as JSON and typed on the command line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, assert_never

import numpy as np

from driftline.conditioning.best_of_n import BestOfN
from driftline.conditioning.exponential_tilt import ExponentialTilt
from driftline.conditioning.factorised_tilt import FactorisedTilt
from driftline.conditioning.fixed import FixedReturn
from driftline.conditioning.quantile import Quantile
from driftline.conditioning.reference import Pool, Reference
from driftline.conditioning.sampled_maximum import SampledMaximum
from driftline.shapes import Floats


@dataclass(frozen=True)
class Unconditioned:
    """Ask for nothing: behaviour cloning, the demonstrator model itself."""


Target = (
    FixedReturn
    | Quantile
    | ExponentialTilt
    | FactorisedTilt
    | BestOfN
    | SampledMaximum
    | Unconditioned
)

Manner = Literal["unasked", "asked", "resampled", "factorised"]
"""How a target acts: asks for nothing; asks for a return chosen at the start of the
episode; draws the return anew at every step; weighs every action by the returns that
follow it."""


def manner(target: Target) -> Manner:
    """How ``target`` acts.

    >>> manner(Quantile(0.9)), manner(Quantile(0.9, per="step"))
    ('asked', 'factorised')
    """
    match target:
        case Unconditioned():
            return "unasked"
        case FixedReturn():
            return "asked"
        case Quantile() | BestOfN():
            return "asked" if target.per == "trajectory" else "factorised"
        case ExponentialTilt():
            return "asked" if target.per == "trajectory" else "resampled"
        case SampledMaximum():
            return "resampled"
        case FactorisedTilt():
            return "factorised"
        case _:
            assert_never(target)


def command(
    target: Target, reference: Reference, episodes: int, draw: np.random.Generator
) -> Floats | None:
    """The return to ask for in each of ``episodes``; None where none is asked at the start.

    >>> reference = Reference.of(np.array([1.0, 2.0, 3.0, 4.0]))
    >>> command(Quantile(0.5, draw="point"), reference, 2, np.random.default_rng(0))
    array([2., 2.])
    """
    match target:
        case FixedReturn():
            return target.command(reference, episodes)
        case Quantile() | BestOfN() | ExponentialTilt() if manner(target) == "asked":
            return target.command(reference, episodes, draw)
        case _:
            return None


def pool(target: Target) -> Pool:
    """Which returns the target refers to."""
    match target:
        case Quantile() | BestOfN() | ExponentialTilt() | FactorisedTilt():
            return target.reference
        case FixedReturn() | SampledMaximum() | Unconditioned():
            return "mixture"
        case _:
            assert_never(target)
