"""Returns as atoms: sums that differ only by rounding are one value.

Knows no world. The order in which rewards are added changes the last digits, and
a return that is an atom of the distribution must not fall apart for that.
"""

from __future__ import annotations

import numpy as np

from driftline.shapes import Floats, Integers

TOLERANCE = 1e-9
"""Values at most this far apart are one atom (also through those in between)."""


def merge(values: Floats, tolerance: float = TOLERANCE) -> tuple[Floats, Integers]:
    """The atoms ``[N]``, ascending, and the atom of each value, ``int64[n]``.

    >>> merge(np.array([0.3, 0.0, 0.1 + 0.2]))
    (array([0. , 0.3]), array([1, 0, 1]))
    """
    order = np.argsort(values, kind="stable")
    ascending = values[order]
    first = np.concatenate([[True], np.diff(ascending) > tolerance])
    index = np.empty(len(values), np.int64)
    index[order] = np.cumsum(first) - 1
    return ascending[first], index


def nearest(atoms: Floats, values: Floats) -> Integers:
    """The index of the atom nearest to each value; the higher one of two as near.

    >>> nearest(np.array([0.0, 1.0]), np.array([-3.0, 0.5, 0.4]))
    array([0, 1, 0])
    """
    above = np.searchsorted(atoms, values).clip(0, len(atoms) - 1)
    below = (above - 1).clip(0)
    closer = np.abs(values - atoms[below]) < np.abs(values - atoms[above]) - TOLERANCE
    return np.where(closer, below, above)
