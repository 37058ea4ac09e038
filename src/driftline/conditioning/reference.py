"""`Reference`: the distribution of returns a target is chosen against.

Knows no model; which episodes it is made of is its maker's explicit choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from driftline.errors import TargetError
from driftline.shapes import Floats

ReferenceName = Literal["mixture", "demonstrations", "recent"]
"""Demonstrations and own episodes as they are trained on, demonstrations alone, or
the last round's own episodes alone (demonstrations while there are none)."""


@dataclass(frozen=True, eq=False)
class Reference:
    """Returns ``[n]`` with weights ``[n]`` that sum to 1."""

    returns: Floats
    weights: Floats

    @classmethod
    def of(cls, returns: Floats, weights: Floats | None = None) -> Reference:
        """Equal weights unless given; weights are normalised."""
        if len(returns) == 0:
            raise TargetError("a target needs at least 1 observed return to refer to, got 0")
        given = np.ones(len(returns)) if weights is None else weights
        return cls(np.asarray(returns, np.float64), given / given.sum())

    @property
    def low(self) -> float:
        """The lowest return with any weight."""
        return float(self.returns[self.weights > 0].min())

    @property
    def high(self) -> float:
        """The highest return with any weight."""
        return float(self.returns[self.weights > 0].max())

    def quantile(self, level: float) -> float:
        """The smallest return with at least ``level`` of the weight at or below it.

        >>> Reference.of(np.array([3.0, 1.0, 2.0, 4.0])).quantile(0.5)
        2.0
        """
        order = np.argsort(self.returns, kind="stable")
        reached = np.cumsum(self.weights[order])
        index = np.searchsorted(reached, level - 1e-12)
        return float(self.returns[order][min(int(index), len(order) - 1)])

    def tail_weights(self, share: float) -> Floats:
        """Weights of the best ``share`` of this distribution, ``[n]``, summing to 1.

        Returns are often discrete: the atom at the threshold enters with the
        fraction that makes the share exact, so the density ratio to this
        distribution is at most ``1 / share`` (science: quantilizers).

        >>> Reference.of(np.array([1.0, 2.0, 2.0, 3.0])).tail_weights(0.5)
        array([0.  , 0.25, 0.25, 0.5 ])
        """
        values, inverse = np.unique(self.returns, return_inverse=True)
        atoms = np.bincount(inverse, weights=self.weights)
        above = np.concatenate([np.cumsum(atoms[::-1])[::-1][1:], [0.0]])
        kept = np.clip(share - above, 0.0, atoms)
        fraction = np.divide(kept, atoms, out=np.zeros(len(values)), where=atoms > 0)
        weights = self.weights * fraction[inverse]
        return np.asarray(weights / weights.sum())
