"""The protocol of a generative model and the capabilities it may have.

Knows no world and no target. Capabilities are asked for by type; a target or a
fine-tuner that needs one a model lacks says so with `capability`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor

from driftline.data.windows import Windows
from driftline.errors import CapabilityError

State = Any
"""What a model remembers of the episodes it is acting in; opaque to callers."""


@dataclass(frozen=True)
class Losses:
    """A scalar ``total`` to descend and the parts to report, each a masked mean."""

    total: Tensor
    parts: dict[str, float]


@runtime_checkable
class GenerativeModel(Protocol):
    """A model of demonstrated trajectories that can be asked for a return.

    ``returns_to_go`` is ``float64 [B]`` in reward units; None acts without a
    condition (behaviour cloning). All calls of one episode are conditioned, or
    none is.
    """

    def loss(self, windows: Windows, generator: torch.Generator) -> Losses:
        """Masked training loss; padding takes no part in any term."""
        ...

    def begin(self, batch: int) -> State:
        """A fresh memory for ``batch`` episodes that start now."""
        ...

    def act(
        self,
        state: State,
        observations: Any,
        returns_to_go: Any | None,
        generator: torch.Generator,
    ) -> tuple[Any, State]:
        """Sample ``int64 [B]`` actions (numpy) and remember them."""
        ...

    def narrow(self, state: State, rows: Any) -> State:
        """The memory of the episodes ``rows`` alone (the others have ended)."""
        ...


@runtime_checkable
class HasDensity(Protocol):
    """Log-probabilities of all actions given a prefix and an optional return-to-go."""

    def window_log_probabilities(self, windows: Windows, conditioned: bool) -> Tensor:
        """``float32 [B, L, A]``; conditioned on ``windows.returns_to_go``, or on nothing.

        Row ``[b, l]`` sees the steps up to l of window b, within the context.
        """
        ...


@runtime_checkable
class HasReturnDistribution(Protocol):
    """A categorical distribution of the return-to-go, under the unconditioned model."""

    def window_return_log_probabilities(self, windows: Windows, after_action: bool) -> Tensor:
        """``float32 [B, L, bins]`` given the prefix, before or after the step's action."""
        ...


Capability = TypeVar("Capability")


def capability(model: object, wanted: type[Capability], alternative: str) -> Capability:
    """``model`` as a ``wanted``, or an error that names both and what to use instead."""
    if isinstance(model, wanted):
        return model
    raise CapabilityError(
        f"{type(model).__name__} lacks {wanted.__name__}, which was asked of it; {alternative}"
    )
