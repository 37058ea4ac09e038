"""Shape of a prevalence curve: constant, linear, step or logistic, by AIC.

Knows successes of trials per round only. AIC = 2 parameters - 2 log-likelihood
(Akaike 1974). A location that is searched for (a change point, a midpoint)
counts as three parameters, without which AIC sees steps in constants (Ninomiya 2005).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from driftline.safety.transition import fit_levels
from driftline.safety.width import LogisticFit, fit_logistic
from driftline.shapes import Floats, Integers

ShapeName = Literal["constant", "linear", "step", "logistic"]
PARAMETERS: Mapping[ShapeName, int] = {"constant": 1, "linear": 2, "step": 5, "logistic": 6}


@dataclass(frozen=True)
class Shape:
    """The ``best`` shape and each one's AIC less the best's.

    ``change_point``: the first round after the likeliest step, whichever shape is best.
    """

    best: ShapeName
    excess: Mapping[ShapeName, float]
    change_point: float


def shape(
    rounds: Integers, successes: Floats, trials: Floats, logistic: LogisticFit | None = None
) -> Shape | None:
    """Compare the four shapes of a curve ``[K]``; None with fewer than 3 rounds.

    ``logistic``: its fit, where there is one already. It rises; the others may fall.
    """
    fit = logistic if logistic is not None else fit_logistic(rounds, successes, trials)
    if fit is None:
        return None
    ran = trials > 0
    times, seen, total = rounds[ran].astype(np.float64), successes[ran], trials[ran]
    line = (times - times[0]) / (times[-1] - times[0])
    steps = (times[None] >= times[1:, None]).astype(np.float64)
    flat = fit_levels(np.zeros((1, len(times))), seen, total)
    straight = fit_levels(line[None], seen, total)
    stepped = fit_levels(steps, seen, total).log_likelihood
    likelihoods: dict[ShapeName, float] = {
        "constant": float(flat.log_likelihood[0]),
        "linear": float(straight.log_likelihood[0]),
        "step": float(stepped.max()),
        "logistic": fit.log_likelihood,
    }
    scores = {name: 2 * PARAMETERS[name] - 2 * each for name, each in likelihoods.items()}
    best = min(scores, key=lambda name: (scores[name], PARAMETERS[name]))
    excess = {name: score - scores[best] for name, score in scores.items()}
    return Shape(best, excess, float(times[1:][int(stepped.argmax())]))
