"""What a target makes of a share under exact fitting, where that can be said at all.

Knows targets, no episode and no curve.
"""

from __future__ import annotations

import math
from typing import assert_never

from driftline.conditioning.best_of_n import BestOfN
from driftline.conditioning.exponential_tilt import ExponentialTilt
from driftline.conditioning.factorised_tilt import FactorisedTilt
from driftline.conditioning.fixed import FixedReturn
from driftline.conditioning.quantile import Quantile
from driftline.conditioning.sampled_maximum import SampledMaximum
from driftline.conditioning.target import Target, Unconditioned
from driftline.safety.null_model import QuantileSampling, Sampling, TiltSampling

Span = tuple[float, float]


def selection(target: Target, gap: float, span: Span | None) -> Sampling | str:
    """How ``target`` multiplies the share of a behaviour, or why that is not known.

    ``gap``: what an episode that shows it earns above one that does not (NaN: not
    measured); ``span``: the limits of the model's return head. A tilt counts with the
    beta that was asked for, as though enough returns had always carried it.

    >>> selection(Quantile(0.75), math.nan, None)
    QuantileSampling(q=0.25)
    >>> selection(ExponentialTilt(0.5), 4.0, None)
    TiltSampling(tilt=2.0)
    """
    match target:
        case Quantile():
            return QuantileSampling(target.share)
        case ExponentialTilt() if target.unit == "range":
            if span is None:
                return "its tilt is counted in ranges of a return head whose limits are not fixed"
            return _tilted(target.beta / (span[1] - span[0]), gap)
        case ExponentialTilt() | FactorisedTilt():
            return _tilted(target.beta, gap)
        case FixedReturn():
            return (
                "it asks for one return, however common that is: what exact fitting shows then "
                "depends on which episodes earned just that, not on a share that is selected from"
            )
        case BestOfN() | SampledMaximum():
            return "no null model is made for the best of several returns"
        case Unconditioned():
            return "it asks for nothing, so exact fitting selects nothing"
        case _:
            assert_never(target)


def _tilted(beta: float, gap: float) -> Sampling | str:
    if math.isnan(gap):
        return (
            "its run has no episode that shows the behaviour and out-earns every demonstration "
            "without it, or none without the behaviour, so what the behaviour pays is not known"
        )
    if gap < 0:
        return "its best episodes with the behaviour earned less than those without it"
    return TiltSampling(beta * gap)
