"""What training asks of a model beyond acting: weights, and how to build it again.

Knows no loop and no optimiser.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor, nn

from driftline.data.windows import Windows
from driftline.errors import SettingsError
from driftline.models.model import GenerativeModel
from driftline.spaces.specs import ObservationSpec

Self = TypeVar("Self")


@runtime_checkable
class TrainableModel(GenerativeModel, Protocol):
    """A generative model with weights, as every ``nn.Module`` has them."""

    @property
    def observation(self) -> ObservationSpec:
        """What an observation is."""
        ...

    def parameters(self) -> Iterator[nn.Parameter]:
        """The weights an optimiser changes."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Everything that training changes, by name."""
        ...

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> Any:
        """Take over what `state_dict` gave."""
        ...

    def train(self: Self) -> Self:
        """The model, ready to be trained."""
        ...

    def eval(self: Self) -> Self:
        """The model, ready to act."""
        ...

    def to_json(self) -> dict[str, Any]:
        """All that is needed beside the weights to build the model again."""
        ...


DEVICES = ("cpu", "cuda")


def placed(model: TrainableModel, device: str) -> TrainableModel:
    """``model`` moved to ``device``, as torch names it: cpu, cuda, cuda:1.

    Raises `SettingsError` where this machine or this torch has none of that name.
    """
    assert isinstance(model, nn.Module)  # as all that are built here or loaded are
    check_device(device)
    model.to(device)
    return model


def check_device(device: str) -> None:
    """Raise `SettingsError` where no model can be on ``device``."""
    try:
        if torch.device(device).type not in DEVICES:
            raise RuntimeError(f"one of {' and '.join(DEVICES)}: others lack double precision")
        torch.zeros(1, device=device)
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, AssertionError) as error:
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise SettingsError(
            f"no device {device!r} for a model with torch {torch.__version__} ({reason}); leave "
            "device out to use the processor"
        ) from error


def device_of(model: TrainableModel) -> torch.device:
    """Where the weights are: where everything that is learnt from them belongs too."""
    return next(iter(model.parameters())).device


@runtime_checkable
class HasFeatures(Protocol):
    """Has a vector for each step that actions are predicted from: what a critic reads."""

    @property
    def width(self) -> int:
        """How many features a step has."""
        ...

    def window_hidden(self, windows: Windows, conditioned: bool) -> Tensor:
        """``float32 [B, L, width]``; sees of each window what its actions may depend on."""
        ...
