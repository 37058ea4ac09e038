"""Codecs: observed returns and vectors as the numbers a model reads.

Know no model. A codec is a value: fitted once on the demonstrations, stored with
the checkpoint, never refitted while an agent changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from driftline.errors import SettingsError
from driftline.shapes import Floats


@dataclass(frozen=True)
class ReturnCodec:
    """Returns-to-go as a standardised number and as one of ``bins`` equal bins.

    ``low`` and ``high`` bound the bins; returns beyond them fall into the outer
    bins. ``centre`` and ``scale`` standardise the conditioning input.
    """

    centre: float
    scale: float
    low: float
    high: float
    bins: int

    @classmethod
    def fit(
        cls,
        returns_to_go: Floats,
        bins: int = 128,
        low: float | None = None,
        high: float | None = None,
    ) -> ReturnCodec:
        """Fit to demonstrated returns-to-go; the bins reach 10% past their range.

        Give ``low`` and ``high`` where returns the demonstrators never had are
        possible and shall be told apart.
        """
        if bins < 2:
            raise SettingsError(f"a return head needs at least 2 bins, got {bins}")
        least, most = float(returns_to_go.min()), float(returns_to_go.max())
        margin = 0.1 * max(most - least, 1e-6)
        return cls(
            centre=float(returns_to_go.mean()),
            scale=max(float(returns_to_go.std()), 1e-6),
            low=least - margin if low is None else low,
            high=most + margin if high is None else high,
            bins=bins,
        )

    def standardise(self, returns: Floats) -> npt.NDArray[np.float32]:
        """Zero mean, unit deviation under the data the codec was fitted to."""
        return ((returns - self.centre) / self.scale).astype(np.float32)

    def index(self, returns: Floats) -> npt.NDArray[np.int64]:
        """The bin of each return.

        >>> ReturnCodec(0.0, 1.0, 0.0, 10.0, 5).index(np.array([-3.0, 1.0, 9.9, 40.0]))
        array([0, 0, 4, 4])
        """
        return np.clip((returns - self.low) // self.width, 0, self.bins - 1).astype(np.int64)

    @property
    def width(self) -> float:
        """How much return a bin spans."""
        return (self.high - self.low) / self.bins

    @property
    def centres(self) -> Floats:
        """The return in the middle of each bin, ``[bins]``."""
        return np.asarray(self.low + self.width * (np.arange(self.bins) + 0.5), np.float64)


@dataclass(frozen=True)
class VectorCodec:
    """Vector observations, standardised per dimension."""

    centre: tuple[float, ...]
    scale: tuple[float, ...]

    @classmethod
    def fit(cls, observations: npt.NDArray[Any]) -> VectorCodec:
        """Fit to demonstrated observations ``[S, size]``."""
        deviation = np.maximum(observations.std(axis=0), 1e-3)
        return cls(tuple(map(float, observations.mean(axis=0))), tuple(map(float, deviation)))
