"""Sums of probabilities that are kept as logarithms; log 0 is -inf and no warning.

Knows no world.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from driftline.shapes import Floats, Integers


def log(probabilities: npt.NDArray[Any] | Sequence[Any] | float) -> Floats:
    """The natural logarithm, -inf at 0."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.asarray(probabilities, np.float64)))


def log_sum(values: Floats, axis: int = -1) -> Floats:
    """``log sum exp`` along ``axis``; -inf where everything is.

    >>> np.exp(log_sum(log([[0.25, 0.5, 0.0], [0.0, 0.0, 0.0]])))
    array([0.75, 0.  ])
    """
    top = values.max(axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    total = np.exp(values - top).sum(axis=axis)
    return np.asarray(log(total) + top.squeeze(axis))


def log_sum_runs(values: Floats, starts: Integers) -> Floats:
    """``log sum exp`` of each run of ``values`` that begins at one of ``starts``.

    >>> np.exp(log_sum_runs(np.log(np.array([1.0, 2.0, 4.0])), np.array([0, 2]))).round(9)
    array([3., 4.])
    """
    top = np.maximum.reduceat(values, starts)
    top = np.where(np.isfinite(top), top, 0.0)
    lengths = np.diff(np.append(starts, len(values)))
    total = np.add.reduceat(np.exp(values - np.repeat(top, lengths)), starts)
    return log(total) + top
