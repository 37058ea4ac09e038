"""`ExponentialTilt`: returns made e^{beta R} times likelier, then asked for.

Knows no model. In a deterministic world tilting the trajectories' returns is the
optimum of E[R] - KL/beta.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np

from driftline.conditioning.reference import Pool, Reference
from driftline.errors import TargetError
from driftline.shapes import Floats

LEAST_SAMPLES = 30.0
"""A tilt that rests on fewer effective samples than this is the tail's noise."""


class TiltBoundedWarning(UserWarning):
    """A tilt was weakened because too few observed returns would have carried it."""


@dataclass(frozen=True)
class ExponentialTilt:
    """R ~ P(R) e^{beta R} / Z, and the actions that go with it.

    ``per="trajectory"`` draws the return once an episode, from the reference;
    ``per="step"`` draws it anew at every step, from the model's return head given
    the history (the reference is then only what bounds ``beta``). ``unit="range"``
    counts beta per range of the returns the model can tell apart, as Multi-Game
    Decision Transformers do (Lee et al. 2022, arXiv:2205.15241).

    A tilt multiplies errors of the tail by e^{beta R}: beta is lowered, with a
    `TiltBoundedWarning`, to what leaves an effective sample size of
    ``least_samples`` of the reference's returns (0: never).
    """

    beta: float
    per: Literal["trajectory", "step"] = "trajectory"
    reference: Pool = "mixture"
    unit: Literal["reward", "range"] = "reward"
    least_samples: float = LEAST_SAMPLES

    def __post_init__(self) -> None:
        check_beta(self.beta)
        if self.unit == "range" and self.per == "trajectory":
            raise TargetError(
                'the range is that of the model\'s return head, which a tilt per="step" reads; '
                'use per="step" or unit="reward"'
            )

    def command(self, reference: Reference, episodes: int, draw: np.random.Generator) -> Floats:
        """The return to ask for in each episode, ``[episodes]``."""
        beta = bounded(self.beta, reference, self.least_samples)
        return reference.draw(reference.tilted(beta), episodes, draw)

    def resampling(self, reference: Reference, low: float, high: float) -> float:
        """Beta per unit of reward at every step; ``low`` and ``high`` are the head's limits."""
        plain = self.beta if self.unit == "reward" else self.beta / (high - low)
        return bounded(plain, reference, self.least_samples)


def mgdt_paper(kappa: float = 10.0) -> ExponentialTilt:
    """At each step P(R|h) exp(kappa (R - R_low) / (R_high - R_low)), R_low and R_high the head's.

    The rule of Multi-Game Decision Transformers as their paper states it (Lee et
    al. 2022, arXiv:2205.15241), unbounded as there.

    >>> mgdt_paper().beta
    10.0
    """
    return ExponentialTilt(kappa, per="step", unit="range", least_samples=0.0)


def check_beta(beta: float) -> None:
    """Raises `TargetError` unless ``beta`` is a finite number from 0."""
    if not (math.isfinite(beta) and beta >= 0.0):
        raise TargetError(f"a tilt needs a finite beta of at least 0, got {beta:g}")


def bounded(beta: float, reference: Reference, least: float) -> float:
    """``beta``, or the largest below it that leaves ``least`` effective samples.

    Raises `TargetError` where the reference rests on fewer than that itself.
    """
    if not math.isfinite(reference.effective) or effective(reference, beta) >= least:
        return beta
    if effective(reference, 0.0) < least:
        raise TargetError(
            f"the reference rests on {reference.effective:.3g} returns and a tilt needs {least:g}; "
            "observe more, or lower least_samples"
        )
    low, high = 0.0, beta
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if effective(reference, middle) >= least else (low, middle)
    warnings.warn(
        f"a tilt of beta {beta:.4g} would rest on {effective(reference, beta):.3g} effective "
        f"returns; beta {low:.4g} leaves {least:g} and is used instead",
        TiltBoundedWarning,
        stacklevel=2,
    )
    return low


def effective(reference: Reference, beta: float) -> float:
    """Effective sample size of the reference's returns after a tilt.

    Equal returns share an atom of weight p: with N returns behind all of it,
    N (sum p e^{beta R})^2 / sum p e^{2 beta R}.
    """
    held = reference.weights > 0
    growth = np.exp(beta * (reference.returns[held] - reference.high))
    first, second = reference.weights[held] @ growth, reference.weights[held] @ growth**2
    return float(reference.effective * first**2 / second)
