"""`SampledMaximum`: the largest of a few return samples at each step, then its action.

Knows no model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftline.conditioning.best_of_n import BestOfN
from driftline.errors import TargetError
from driftline.shapes import Floats


@dataclass(frozen=True)
class SampledMaximum:
    """The rule that was released with Multi-Game Decision Transformers.

    At every step: ``samples`` returns from P(R|h) with its logits multiplied by
    ``inverse_temperature``, the largest of them asked for, and of the action logits
    those below their ``top_percent`` percentile dropped (Lee et al. 2022,
    arXiv:2205.15241, in their released code, not in the paper).
    """

    samples: int = 128
    inverse_temperature: float = 0.75
    top_percent: float = 50.0

    def __post_init__(self) -> None:
        if self.samples < 1 or self.inverse_temperature <= 0 or not 0 <= self.top_percent < 100:
            raise TargetError(
                "a sampled maximum needs samples of at least 1, a positive inverse_temperature and "
                f"top_percent in [0, 100), got {self.samples}, {self.inverse_temperature:g} and "
                f"{self.top_percent:g}"
            )

    def reweighted(self, expected: Floats) -> Floats:
        """Weights of the largest sample of P(R|h) ``[..., bins]``, the bins ascending."""
        at = expected**self.inverse_temperature
        at = at / at.sum(axis=-1, keepdims=True)
        below = np.maximum(np.cumsum(at, axis=-1) - at, 0.0)
        weights = at * BestOfN(self.samples).density_ratio(below, at)
        return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def mgdt_colab(
    n: int = 128, inverse_temperature: float = 0.75, top_percent: float = 50.0
) -> SampledMaximum:
    """`SampledMaximum` under the name of where it was released.

    >>> mgdt_colab() == SampledMaximum()
    True
    """
    return SampledMaximum(n, inverse_temperature, top_percent)
