"""`Reference`: the distribution of returns a target is chosen against.

Knows no model; which episodes it is made of is its maker's explicit choice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from driftline.errors import TargetError
from driftline.shapes import Floats

TIE = 1e-9
"""Returns this close to each other are the same."""


@dataclass(frozen=True)
class Recent:
    """The own episodes of the last ``rounds``, demonstrations while there are none."""

    rounds: int = 1

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise TargetError(f"a recent reference needs at least 1 round, got {self.rounds}")


Pool = Literal["mixture", "demonstrations", "model"] | Recent
"""Demonstrations and own episodes as they are trained on, demonstrations alone, what
the model's own return head expects at the first observation, or recent own episodes."""

DensityRatio = Callable[[Floats, Floats], Floats]
"""From the mass strictly below and the mass at a return to the factor on the latter."""


@dataclass(frozen=True, eq=False)
class Reference:
    """Returns ``[n]``, ascending and distinct, with weights ``[n]`` that sum to 1.

    Weights ``[E, n]`` are one distribution for each of E episodes. ``width`` is that
    of the bins the returns are the middles of; 0: the returns are exact.
    ``effective`` is how many observed returns stand behind it (Kish's effective
    sample size of their weights; infinite where it was not observed).
    """

    returns: Floats
    weights: Floats
    width: float = 0.0
    effective: float = np.inf

    @classmethod
    def of(cls, returns: Floats, weights: Floats | None = None) -> Reference:
        """Observed returns, of equal weights unless given; equal returns are merged."""
        if len(returns) == 0:
            raise TargetError("a target needs at least 1 observed return to refer to, got 0")
        given = np.ones(len(returns)) if weights is None else np.asarray(weights, np.float64)
        values, atom = np.unique(np.asarray(returns, np.float64), return_inverse=True)
        share = given / given.sum()
        weights_of = np.asarray(np.bincount(atom, share, len(values)), np.float64)
        return cls(values, weights_of, effective=float(1.0 / (share @ share)))

    @property
    def low(self) -> float:
        """The lowest return with any weight."""
        return float(self.returns[np.atleast_2d(self.weights > 0).any(0)].min())

    @property
    def high(self) -> float:
        """The highest return with any weight."""
        return float(self.returns[np.atleast_2d(self.weights > 0).any(0)].max())

    @cached_property
    def below(self) -> Floats:
        """The mass strictly below each return, shaped like the weights."""
        return np.maximum(np.cumsum(self.weights, axis=-1) - self.weights, 0.0)

    def quantile(self, level: float) -> Floats:
        """The smallest return with at least ``level`` of the weight at or below it, ``[] | [E]``.

        >>> float(Reference.of(np.array([3.0, 1.0, 2.0, 4.0])).quantile(0.5))
        2.0
        """
        reached = np.cumsum(self.weights, axis=-1) >= level - 1e-12
        reached[..., -1] = True
        return np.asarray(self.returns[reached.argmax(axis=-1)])

    def reweighted(self, ratio: DensityRatio) -> Floats:
        """Weights by the factor that a rank-based target puts on each return, summing to 1.

        >>> reference = Reference.of(np.array([1.0, 2.0, 2.0, 3.0]))
        >>> reference.reweighted(lambda below, at: np.minimum(0.5 - (1 - below - at), at) / at)
        array([0. , 0.5, 0.5])
        """
        weights = np.maximum(self.weights * ratio(self.below, self.weights), 0.0)
        return np.asarray(weights / weights.sum(axis=-1, keepdims=True))

    def tilted(self, beta: float) -> Floats:
        """Weights times exp(beta R), summing to 1."""
        with np.errstate(divide="ignore"):
            logs = np.log(self.weights) + beta * self.returns
        weights = np.exp(logs - logs.max(axis=-1, keepdims=True))
        return np.asarray(weights / weights.sum(axis=-1, keepdims=True))

    def mass_below(self, edges: Floats) -> Floats:
        """The mass strictly below each of ``edges [B, k]``; a bin's mass is spread evenly.

        Where the weights are those of E episodes, B is E.
        """
        if self.width > 0.0:
            cumulative = np.concatenate(
                [np.zeros((*self.weights.shape[:-1], 1)), np.cumsum(self.weights, -1)], -1
            )
            grid = np.append(self.returns - self.width / 2, self.returns[-1] + self.width / 2)
            rows = np.broadcast_to(cumulative, (len(edges), len(grid)))
            return np.stack(
                [np.interp(edge, grid, row) for edge, row in zip(edges, rows, strict=True)]
            )
        place = np.searchsorted(self.returns, edges)
        padded = np.concatenate(
            [np.zeros((*self.weights.shape[:-1], 1)), np.cumsum(self.weights, -1)], -1
        )
        if padded.ndim == 1:
            return np.asarray(padded[place])
        return np.asarray(np.take_along_axis(padded, place, axis=1))

    def draw(self, weights: Floats, episodes: int, generator: np.random.Generator) -> Floats:
        """A return for each of ``episodes`` by inverting the cumulative ``weights``, ``[E]``.

        Of a bin, any return in it: its middle alone would ask for the few actions that
        bring exactly that.
        """
        reached = np.cumsum(np.broadcast_to(weights, (episodes, weights.shape[-1])), axis=-1)
        draws = generator.random((episodes, 1)) * reached[:, -1:]
        chosen = (draws >= reached).sum(axis=-1).clip(max=len(self.returns) - 1)
        within = self.width * (generator.random(episodes) - 0.5) if self.width > 0.0 else 0.0
        return np.asarray(self.returns[chosen] + within)
