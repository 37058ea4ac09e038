"""`BestOfN`: ask for the best of n returns drawn from those seen so far.

Knows no model. Drawing n episodes and keeping the best needs n resets; asking for
what the best would have brought needs none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from driftline.conditioning.reference import Pool, Reference
from driftline.errors import TargetError
from driftline.shapes import Floats


@dataclass(frozen=True)
class BestOfN:
    """The largest of ``n`` independent returns of the reference.

    In a deterministic world and for an exact model this is the distribution of
    the best of n episodes: density ratio at most n, KL log n - (n - 1)/n
    (Beirami et al. 2024, arXiv:2401.01879; exact where no returns tie).
    ``per`` is as for `Quantile`.
    """

    n: int
    per: Literal["trajectory", "step"] = "trajectory"
    reference: Pool = "mixture"

    def __post_init__(self) -> None:
        if self.n < 1:
            raise TargetError(f"best of n needs n of at least 1, got {self.n}")

    def density_ratio(self, below: Floats, at: Floats) -> Floats:
        """((F + p)^n - F^n) / p with F ``below`` and p ``at``; n F^(n-1) without mass.

        >>> BestOfN(2).density_ratio(np.array([0.0, 0.5]), np.array([0.5, 0.5]))
        array([0.5, 1.5])
        """
        some = at > 0
        gained = (below + at) ** self.n - below**self.n
        limit = self.n * below ** (self.n - 1)
        return np.asarray(np.divide(gained, at, out=limit, where=some))

    def command(self, reference: Reference, episodes: int, draw: np.random.Generator) -> Floats:
        """The return to ask for in each episode, ``[episodes]``."""
        return reference.draw(reference.reweighted(self.density_ratio), episodes, draw)
