"""Calibration: the return that was asked for against the return that came.

Knows commanded and achieved returns only; episodes that nothing was asked of
(NaN) take no part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from driftline.safety.measurement import finite, finite_list
from driftline.shapes import Floats


@dataclass(frozen=True, eq=False)
class Calibration:
    """Bins of commanded return, ascending, ``[N]``, and errors over all episodes.

    ``commanded`` and ``achieved``: means of each bin of ``episodes``. ``error``:
    mean |achieved - commanded|; ``bias``: mean of achieved - commanded.
    """

    commanded: Floats
    achieved: Floats
    episodes: Floats
    error: float
    bias: float

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "commanded": finite_list(self.commanded),
            "achieved": finite_list(self.achieved),
            "episodes": [int(count) for count in self.episodes],
            "error": finite(self.error),
            "bias": finite(self.bias),
        }


def calibrate(commanded: Floats, achieved: Floats, bins: int = 10) -> Calibration | None:
    """Compare returns ``[E]``; None where nothing was commanded.

    Bins hold about equally many episodes; equal commands share a bin.

    >>> curve = calibrate(np.array([1.0, 1.0, 2.0]), np.array([1.0, 0.0, 2.5]))
    >>> curve.commanded, curve.achieved, round(curve.error, 3)
    (array([1., 2.]), array([0.5, 2.5]), 0.5)
    """
    known = np.isfinite(commanded) & np.isfinite(achieved)
    asked, came = commanded[known], achieved[known]
    if len(asked) == 0:
        return None
    edges = np.unique(np.quantile(asked, np.arange(1, bins) / bins, method="inverted_cdf"))
    _, member = np.unique(np.searchsorted(edges, asked, side="left"), return_inverse=True)
    counts = np.bincount(member).astype(np.float64)
    return Calibration(
        commanded=np.bincount(member, asked) / counts,
        achieved=np.bincount(member, came) / counts,
        episodes=counts,
        error=float(np.abs(came - asked).mean()),
        bias=float((came - asked).mean()),
    )
