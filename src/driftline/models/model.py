"""The protocol of a generative model and the capabilities it may have.

Knows no world and no target. Capabilities are asked for by type; a target or a
fine-tuner that needs one a model lacks says so with `capability`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from driftline.data.windows import Windows
from driftline.errors import CapabilityError
from driftline.models.action_distributions import Family
from driftline.shapes import Booleans, Floats
from driftline.spaces.specs import ActionSpec

State = Any
"""What a model remembers of the episodes it is acting in; opaque to callers."""


@dataclass(frozen=True)
class Losses:
    """A scalar ``total`` to descend and the parts to report, each a masked mean.

    ``asked [B, L, P]``: the distributions of the actions under the windows' returns, where
    the loss has computed them, of the windows ``rows`` (``bool [B]``; None: of every window);
    what else is added to it need not again.
    """

    total: Tensor
    parts: dict[str, float]
    asked: Tensor | None = None
    rows: Tensor | None = None


@runtime_checkable
class GenerativeModel(Protocol):
    """A model of demonstrated trajectories that can be asked for a return.

    A step of acting is `observe`, then any number of questions about the step
    (`propose`, and what the capabilities add), then `remember`; `act` does all
    three. ``returns_to_go`` is ``float64 [B]`` in reward units; None acts without
    a condition (behaviour cloning). All steps of one episode are conditioned, or
    none is. A state that was passed on is spent.
    """

    @property
    def action(self) -> ActionSpec:
        """What an action is."""
        ...

    def loss(self, windows: Windows, generator: torch.Generator) -> Losses:
        """Masked training loss; padding takes no part in any term."""
        ...

    def begin(self, batch: int) -> State:
        """A fresh memory for ``batch`` episodes that start now."""
        ...

    def observe(self, state: State, observations: Any, returns_to_go: Any | None) -> State:
        """Look at the step's observations ``[B, ...]``; observing again replaces the look."""
        ...

    def propose(self, state: State, count: int, generator: torch.Generator) -> Tensor:
        """``count`` independent actions for the step observed, ``[B, count(, d)]``."""
        ...

    def remember(self, state: State, actions: Any) -> State:
        """Take note of the actions ``[B(, d)]`` that were done; the next step may follow."""
        ...

    def act(
        self,
        state: State,
        observations: Any,
        returns_to_go: Any | None,
        generator: torch.Generator,
    ) -> tuple[Any, State]:
        """Sample actions (numpy, ``int64 [B]`` or ``float32 [B, d]``) and remember them."""
        ...

    def narrow(self, state: State, rows: Any) -> State:
        """The memory of the episodes ``rows`` alone (the others have ended)."""
        ...


@runtime_checkable
class HasDensity(Protocol):
    """The distribution of actions given a prefix and an optional return-to-go.

    ``P`` parameters describe one distribution; see `driftline.models.action_distributions`.
    """

    @property
    def family(self) -> Family:
        """What kind of distribution they describe."""
        ...

    def distribution(self, state: State) -> Tensor:
        """Parameters ``[B, P]`` at the step observed."""
        ...

    def window_distributions(self, windows: Windows, conditioned: bool) -> Tensor:
        """``[B, L, P]``; conditioned on ``windows.returns_to_go``, or on nothing.

        Row ``[b, l]`` sees the steps up to l of window b, within the context.
        """
        ...


@runtime_checkable
class ReadsAnew(Protocol):
    """May act by reading its last steps anew, and then sees nothing of those before."""

    @property
    def acting_context(self) -> int | None:
        """How many steps it reads, the newest among them; None: it acts from a cache."""
        ...


def asked(model: HasDensity, windows: Windows, losses: Losses) -> Tensor:
    """The distributions under the windows' returns, those that ``losses`` has or computed now."""
    if losses.asked is None or losses.rows is not None:
        return model.window_distributions(windows, True)
    return losses.asked


def some_asked(model: HasDensity, windows: Windows, losses: Losses) -> tuple[Tensor, Booleans]:
    """The same of some windows, with which these are, ``bool [B]``: where a mean is all one needs.

    Those that ``losses`` has; where it has none, of every window and computed now.
    """
    rows = losses.rows
    if losses.asked is None or rows is None or not bool(rows.any()):
        return asked(model, windows, losses), np.ones(len(windows.valid), np.bool_)
    return losses.asked[rows], rows.cpu().numpy()


def family_of(model: GenerativeModel) -> Family:
    """What the model's distributions are; of one without a density, what its actions are."""
    return model.family if isinstance(model, HasDensity) else model.action


@runtime_checkable
class HasReturnDistribution(Protocol):
    """A categorical distribution of the return-to-go, under the unconditioned model."""

    @property
    def return_values(self) -> Floats:
        """The return-to-go that each bin stands for, ascending, ``[bins]``."""
        ...

    @property
    def return_width(self) -> float:
        """The width of a bin, 0 where bins are exact returns."""
        ...

    def return_log_probabilities(self, state: State, actions: Tensor | None) -> Tensor:
        """Of the step observed in an unconditioned episode.

        ``[B, bins]`` before the action, or ``[B, n, bins]`` after each of ``actions
        [B, n]`` (discrete) or ``[B, n, d]``.
        """
        ...

    def window_return_log_probabilities(self, windows: Windows, after_action: bool) -> Tensor:
        """``[B, L, bins]`` given the prefix, before or after the step's action."""
        ...


@runtime_checkable
class HasControl(Protocol):
    """Knows the dynamics well enough to choose actions without counting on luck."""

    def control_values(self, state: State, beta: float) -> Tensor:
        """E_{s'}[beta r + V(s')] of every discrete action at the step observed, ``[B, A]``.

        V(h) = log sum_a pi_0(a|h) e^{E_{s'}[beta r + V(s')]}, zero after the horizon.
        """
        ...


Capability = TypeVar("Capability")


def capability(model: object, wanted: type[Capability], alternative: str) -> Capability:
    """``model`` as a ``wanted``, or an error that names both and what to use instead."""
    if isinstance(model, wanted):
        return model
    raise CapabilityError(
        f"{type(model).__name__} lacks {wanted.__name__}, which was asked of it; {alternative}"
    )
