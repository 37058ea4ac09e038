"""`Phase`: the part of the phase diagram at one refresh rate, as numbers.

Knows boundaries and prevalences, no run and no figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from driftline.experiments.drift.cells import Cell
from driftline.safety.phase_diagram import Boundary
from driftline.shapes import Floats


@dataclass(frozen=True, eq=False)
class Phase:
    """At one ``rho``: final prevalence by cell, the boundaries found, and exact fitting's.

    ``exact [Q]`` is the boundary that exact fitting has after as many rounds, at each of
    ``levels [Q]`` of q; it nears 1 - q as the rounds go on.
    """

    rho: float
    prevalence: Mapping[Cell, float]
    boundaries: Sequence[Boundary]
    levels: Floats
    exact: Floats
