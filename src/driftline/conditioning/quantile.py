"""`Quantile`: ask for a percentile of the returns seen so far: a quantilizer.

Knows no model. The threshold is recomputed from the reference each round and is
fixed within an episode.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from driftline.conditioning.reference import Pool, Reference
from driftline.errors import TargetError
from driftline.shapes import Floats


@dataclass(frozen=True)
class Quantile:
    """The ``level``-quantile of the reference, or its tail above.

    ``draw="point"`` asks for the quantile itself; ``draw="tail"`` draws the
    return from the best ``1 - level`` of the reference, the atom at the
    threshold split, which is Taylor's q-quantilizer with q = 1 - level
    (Taylor 2016, "Quantilizers").

    ``per="trajectory"`` asks for the return drawn; ``per="step"`` (tail only) keeps
    the threshold theta of the episode's start and chooses every action by
    pi_0(a|h) P(R >= theta | h, a) / P(R >= theta | h), which needs the model's
    density and return head and, in a deterministic world, is the same
    quantilizer.
    """

    level: float
    draw: Literal["point", "tail"] = "tail"
    per: Literal["trajectory", "step"] = "trajectory"
    reference: Pool = "mixture"

    def __post_init__(self) -> None:
        if not 0.0 <= self.level < 1.0:
            raise TargetError(f"a quantile level lies in [0, 1), got {self.level:g}")
        if self.per == "step" and self.draw == "point":
            raise TargetError(
                'a quantile for every step keeps a whole tail; use draw="tail" or per="trajectory"'
            )

    @property
    def share(self) -> float:
        """q, the share of the reference that is kept."""
        return 1.0 - self.level

    def density_ratio(self, below: Floats, at: Floats) -> Floats:
        """1/q above the threshold, 0 below, in between at the threshold's atom.

        Of a return with mass ``at`` and ``below`` strictly below it; of one without
        mass, whether less than q lies above it.
        """
        above = 1.0 - below - at
        some = at > 0
        kept = np.clip(self.share - above, 0.0, at)
        fraction = np.divide(kept, at, out=np.zeros_like(kept), where=some)
        return np.asarray(np.where(some, fraction, above < self.share) / self.share)

    def command(self, reference: Reference, episodes: int, draw: np.random.Generator) -> Floats:
        """The return to ask for in each episode, ``[episodes]``."""
        if self.draw == "point":
            return np.broadcast_to(reference.quantile(self.level), (episodes,)).copy()
        return reference.draw(reference.reweighted(self.density_ratio), episodes, draw)
