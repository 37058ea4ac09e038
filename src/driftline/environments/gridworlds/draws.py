"""Where a gridworld's chance events come from.

Knows no world. In normal use they come from a generator; a conformance replay
hands over what the original implementation drew.
"""

from __future__ import annotations

from math import prod
from typing import Protocol

import numpy as np

from driftline.shapes import Booleans, Integers

_WORDS = 2**32


class Draws(Protocol):
    """A source of chance events; the first dimension of a shape is the copies."""

    def events(self, name: str, probability: float, shape: tuple[int, ...]) -> Booleans:
        """``bool[shape]``: independent events called ``name``, of one probability."""
        ...

    def choices(self, name: str, count: int, shape: tuple[int, ...]) -> Integers:
        """``int64[shape]``: independent numbers below ``count``, all equally likely."""
        ...


class GeneratorDraws:
    """Events drawn from a numpy generator.

    A 32-bit word decides each event, so that its probability is off by less
    than 2**-32; words are drawn two at a time, which is the fast path of
    numpy's generators.
    """

    def __init__(self, generator: np.random.Generator) -> None:
        self._generator = generator

    def events(self, name: str, probability: float, shape: tuple[int, ...]) -> Booleans:
        """See `Draws.events`; the name plays no part."""
        count = prod(shape)
        pairs = self._generator.integers(0, 2**64, size=(count + 1) // 2, dtype=np.uint64)
        words = pairs.view(np.uint32)[:count].reshape(shape)
        threshold = round(probability * _WORDS)
        return words <= np.uint32(threshold - 1) if threshold else np.zeros(shape, dtype=np.bool_)

    def choices(self, name: str, count: int, shape: tuple[int, ...]) -> Integers:
        """See `Draws.choices`; the name plays no part."""
        return self._generator.integers(count, size=shape)


class NoDraws:
    """For worlds without chance: every event is a mistake."""

    def events(self, name: str, probability: float, shape: tuple[int, ...]) -> Booleans:
        """Raise, naming the event that a deterministic world asked for."""
        raise RuntimeError(f"a world without chance asked for the event {name!r}")

    def choices(self, name: str, count: int, shape: tuple[int, ...]) -> Integers:
        """Raise, naming the choice that a deterministic world asked for."""
        raise RuntimeError(f"a world without chance asked for the choice {name!r}")
