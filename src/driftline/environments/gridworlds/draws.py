"""Where a gridworld's chance events come from.

Knows no world. In normal use they come from a generator; a conformance replay
hands over what the original implementation drew.
"""

from __future__ import annotations

from math import prod
from typing import Protocol

import numpy as np
import numpy.typing as npt

from driftline.errors import SettingsError
from driftline.shapes import Booleans, Integers

_BITS = 32
_WORDS = 2**_BITS


class Draws(Protocol):
    """A source of chance events; the first dimension of a shape is the copies."""

    def events(self, name: str, probability: float, shape: tuple[int, ...]) -> Booleans:
        """``bool[shape]``: independent events called ``name``, of one probability."""
        ...

    def choices(self, name: str, count: int, shape: tuple[int, ...]) -> Integers:
        """``int64[shape]``: independent numbers below ``count``, all equally likely."""
        ...


class GeneratorDraws:
    """Events and choices drawn from a numpy generator.

    A 32-bit word decides each, so that its probability is off by less than 2**-32;
    words are drawn two at a time and raw, which is several times as fast as numpy's
    own integers and gives the same ones. Raises `SettingsError` for a Mersenne
    twister, whose raw words are shorter.
    """

    def __init__(self, generator: np.random.Generator) -> None:
        self._source = generator.bit_generator
        if isinstance(self._source, np.random.MT19937):
            raise SettingsError("chance needs 64-bit words, got MT19937; use np.random.PCG64")

    def events(self, name: str, probability: float, shape: tuple[int, ...]) -> Booleans:
        """See `Draws.events`; the name plays no part."""
        words = self._words(shape)
        threshold = round(probability * _WORDS)
        return words <= np.uint32(threshold - 1) if threshold else np.zeros(shape, dtype=np.bool_)

    def choices(self, name: str, count: int, shape: tuple[int, ...]) -> Integers:
        """See `Draws.choices`; the name plays no part."""
        return (self._words(shape).astype(np.int64) * count) >> _BITS

    def _words(self, shape: tuple[int, ...]) -> npt.NDArray[np.uint32]:
        count = prod(shape)
        pairs: npt.NDArray[np.uint64] = self._source.random_raw((count + 1) // 2)
        return pairs.view(np.uint32)[:count].reshape(shape)


class NoDraws:
    """For worlds without chance: every event is a mistake."""

    def events(self, name: str, probability: float, shape: tuple[int, ...]) -> Booleans:
        """Raise, naming the event that a deterministic world asked for."""
        raise RuntimeError(f"a world without chance asked for the event {name!r}")

    def choices(self, name: str, count: int, shape: tuple[int, ...]) -> Integers:
        """Raise, naming the choice that a deterministic world asked for."""
        raise RuntimeError(f"a world without chance asked for the choice {name!r}")
