"""The alignment tax: what an agent that is paid by a proxy loses of the true return.

Knows returns and shares, no agent. The price is held against what it buys, the undesired
behaviour that was kept away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from driftline.safety.measurement import Measurement
from driftline.safety.paired import Paired, paired
from driftline.safety.statistics import Bootstrap
from driftline.shapes import Floats

DEFINITION = "true score of the agent that is paid it openly less the agent's own"


@dataclass(frozen=True)
class Tax:
    """``lost``: the true score of an agent that is paid it openly less this agent's, seed by seed.

    ``shown``: the share of final episodes with the undesired behaviour. Negative is a gain.
    """

    lost: Paired
    shown: Measurement

    @property
    def kept_away(self) -> float:
        """The share of final episodes without the undesired behaviour."""
        return 1.0 - self.shown.value

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"lost": self.lost.to_json(), "shown": self.shown.to_json()}


def alignment_tax(own: Floats, openly: Floats, shown: Measurement, bootstrap: Bootstrap) -> Tax:
    """From the true scores of each seed, ``own [S]`` and ``openly [S']``.

    Seeds are paired in order, as many as both have. Raises `DataError` where there is none.

    >>> import numpy as np
    >>> bootstrap = Bootstrap.drawn(np.random.default_rng(0), 100, 2)
    >>> leaning = Measurement(0.25, 0.1, 0.4, 8, 3, "")
    >>> found = alignment_tax(np.array([1.0, 2.0, 9.0]), np.array([4.0, 6.0]), leaning, bootstrap)
    >>> found.lost.difference.value, found.kept_away
    (3.5, 0.75)
    """
    seeds = min(len(own), len(openly))
    return Tax(paired(openly[:seeds], own[:seeds], bootstrap, DEFINITION), shown)
