"""`Unchanged`: the weights that episodes began with, and whether they are still the same."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter

from torch import Tensor, nn

from driftline.errors import SettingsError

VERSION = attrgetter("_version")
"""How often a tensor was changed in place."""


@dataclass(frozen=True, eq=False)
class Unchanged:
    """Weights, and a number that any change of one in place makes larger."""

    weights: tuple[Tensor, ...]
    version: int

    @classmethod
    def of(cls, model: nn.Module) -> Unchanged:
        """The weights of ``model`` as they are now."""
        weights = tuple(model.parameters())
        return cls(weights, _version(weights))

    def check(self) -> None:
        """Raise `SettingsError` where a weight has changed since."""
        if _version(self.weights) != self.version:
            raise SettingsError(
                "the weights have changed since these episodes began; begin() anew after training"
            )


def _version(weights: tuple[Tensor, ...]) -> int:
    return sum(map(VERSION, weights))
