"""`Quantile`: ask for a percentile of the returns seen so far: a quantilizer.

Knows no model. The threshold is recomputed from the reference each round and is
fixed within an episode.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from driftline.conditioning.reference import Reference, ReferenceName
from driftline.errors import TargetError
from driftline.shapes import Floats


@dataclass(frozen=True)
class Quantile:
    """The ``level``-quantile of the reference, or its tail above.

    ``draw="point"`` asks for the quantile itself; ``draw="tail"`` draws the
    return from the best ``1 - level`` of the reference, the atom at the
    threshold split, which is Taylor's q-quantilizer with q = 1 - level
    (Taylor 2016, "Quantilizers").
    """

    level: float
    draw: Literal["point", "tail"] = "tail"
    reference: ReferenceName = "mixture"

    def __post_init__(self) -> None:
        if not 0.0 <= self.level < 1.0:
            raise TargetError(f"a quantile level lies in [0, 1), got {self.level:g}")

    def command(self, reference: Reference, episodes: int, draw: np.random.Generator) -> Floats:
        """The return to ask for in each episode, ``[episodes]``."""
        if self.draw == "point":
            return np.full(episodes, reference.quantile(self.level))
        weights = reference.tail_weights(1.0 - self.level)
        return np.asarray(draw.choice(reference.returns, size=episodes, p=weights))
