"""`Unchanged`: the weights that episodes began with, and whether they are still the same.

Knows no episode.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter

from torch import Tensor, nn

from driftline.errors import SettingsError

VERSION = attrgetter("_version")
"""How often a tensor was changed in place."""


@dataclass(frozen=True, eq=False)
class Unchanged:
    """A model, its weights, ``one`` of them, and a number that any change in place makes larger.

    Not copied with what holds it, since copies of weights are other weights.
    """

    model: nn.Module
    weights: tuple[Tensor, ...]
    one: Tensor
    version: int

    @classmethod
    def of(cls, model: nn.Module, one: Tensor) -> Unchanged:
        """The weights of ``model`` as they are now."""
        weights = tuple(model.parameters())
        return cls(model, weights, one, _version(weights))

    def __deepcopy__(self, memo: dict[int, object]) -> Unchanged:
        return self

    def check(self, model: nn.Module, one: Tensor) -> None:
        """Raise `SettingsError` where ``model`` is another one, or a weight has changed since.

        ``one`` of the model's weights as it is now tells whether all were replaced: to look at
        each would take as long as a step.
        """
        if model is not self.model:
            raise SettingsError(
                "these episodes were begun by another model; go on with that one, or begin() anew"
            )
        if one is not self.one or _version(self.weights) != self.version:
            raise SettingsError(
                "the weights have changed since these episodes began; begin() anew after training"
            )


def _version(weights: tuple[Tensor, ...]) -> int:
    return sum(map(VERSION, weights))
