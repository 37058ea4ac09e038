"""`falling`: from much exploration to little over a share of the run.

Knows no learner.
"""

from __future__ import annotations


def falling(first: float, last: float, share: float, progress: float) -> float:
    """Linear from ``first`` at 0 to ``last`` at ``share`` of the run, and that from there on.

    >>> [round(falling(1.0, 0.2, 0.5, k / 4), 3) for k in range(5)]
    [1.0, 0.6, 0.2, 0.2, 0.2]
    """
    return last + (first - last) * max(0.0, 1.0 - progress / share)
