"""`FixedReturn`: ask for the same return whatever has been seen: a satisficer.

Knows no model; the agent lowers the command by each reward it receives.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftline.conditioning.reference import Reference
from driftline.errors import TargetError
from driftline.shapes import Floats


@dataclass(frozen=True)
class FixedReturn:
    """Ask for ``value`` in every episode of every round.

    A value outside the returns of the training data has no support there: it is
    refused unless ``extrapolate`` is set.
    """

    value: float
    extrapolate: bool = False

    def command(self, reference: Reference, episodes: int) -> Floats:
        """The return to ask for in each episode, ``[episodes]``."""
        if not self.extrapolate and not reference.low <= self.value <= reference.high:
            raise TargetError(
                f"a return of {self.value:g} is outside the data's range "
                f"{reference.low:g} to {reference.high:g}; ask within it or set extrapolate=True"
            )
        return np.full(episodes, self.value)
