"""`FactorisedTilt`: every action e^{beta R} times likelier in expectation.

Knows no model. Answers whether the expected exponential reward can be had
natively: it is read off the model's own return head, with no reward model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from driftline.conditioning.exponential_tilt import LEAST_SAMPLES, bounded, check_beta
from driftline.conditioning.reference import Pool, Reference
from driftline.errors import TargetError


@dataclass(frozen=True)
class FactorisedTilt:
    """pi(a|h) proportional to pi_0(a|h) E_0[e^{beta R} | h, a].

    Discrete actions: exact over the bins of the return head after the action.
    Continuous ones: ``candidates`` actions are drawn from pi_0 and one of them kept
    by its normalised weight; the effective sample size of the weights is reported.

    ``backup="inference"`` is that, V(h) = log E_{a,s'} e^V, which counts on luck in a
    stochastic world; ``backup="control"`` is the optimum of beta E[R] - KL there,
    V(h) = log sum_a pi_0(a|h) e^{E_{s'} V}, and needs a model that `HasControl`.
    ``least_samples`` bounds beta as in `ExponentialTilt`, by ``reference``.
    """

    beta: float
    backup: Literal["inference", "control"] = "inference"
    candidates: int = 64
    reference: Pool = "mixture"
    least_samples: float = LEAST_SAMPLES

    def __post_init__(self) -> None:
        check_beta(self.beta)
        if self.candidates < 2:
            raise TargetError(
                f"resampling needs at least 2 candidate actions, got {self.candidates}"
            )

    def strength(self, reference: Reference) -> float:
        """Beta, as far as the reference carries it."""
        return bounded(self.beta, reference, self.least_samples)
