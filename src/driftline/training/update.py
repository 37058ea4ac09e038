"""Gradient updates of a generative model on windows drawn from a sampler.

Knows no environment. Batches and return dropout follow from the seed and the
number of the update, so that a resumed run takes the same steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, assert_never, get_args

import numpy as np
import torch

from driftline.data.windows import Windows, trimmed
from driftline.errors import SettingsError, UnknownNameError
from driftline.models.model import Losses
from driftline.models.trainable import TrainableModel, device_of
from driftline.seeding import generator, integer_seed
from driftline.training.lamb import Lamb
from driftline.training.precision import Precision, reckoned

OptimiserName = Literal["adamw", "lamb"]


class Sampler(Protocol):
    """Whatever windows can be drawn from."""

    def sample(
        self, batch: int, length: int, draw: np.random.Generator, overhang: bool = True
    ) -> Windows:
        """``batch`` windows of ``length`` steps; see `WindowSource.sample`."""
        ...


class Extra(Protocol):
    """A term beside the model's own loss."""

    def __call__(
        self, model: Any, windows: Windows, losses: Losses
    ) -> tuple[torch.Tensor, dict[str, float]]:
        """The term for one batch, whose own ``losses`` are known, and what to report of it."""
        ...


@dataclass(frozen=True)
class UpdateSettings:
    """Steps on batches of windows, gradients clipped by their norm.

    ``optimiser``: "adamw", its running means over about 10 and 20 steps, or "lamb", as
    the online decision transformer has it (see `Lamb`). ``precision``: in which the model's
    own loss is computed, the distributions that terms beside it are given, and those that
    critics ask for; what terms compute themselves is in single precision, as weights are.
    ``overhang``: windows may begin before their episode, so that all its steps are as likely.
    """

    batch: int = 64
    window: int = 24
    learning_rate: float = 1e-3
    weight_decay: float = 1e-3
    gradient_norm: float = 1.0
    optimiser: OptimiserName = "adamw"
    precision: Precision = "float32"
    overhang: bool = True

    def __post_init__(self) -> None:
        if self.batch < 1 or self.window < 1 or self.learning_rate <= 0:
            raise SettingsError(
                "batch and window are at least 1 and learning_rate is positive, got "
                f"{self.batch}, {self.window} and {self.learning_rate:g}"
            )
        if self.optimiser not in get_args(OptimiserName):
            raise UnknownNameError.among("optimiser", self.optimiser, get_args(OptimiserName))
        if self.precision not in get_args(Precision):
            raise UnknownNameError.among("precision", self.precision, get_args(Precision))


def make_optimiser(model: TrainableModel, settings: UpdateSettings) -> torch.optim.Optimizer:
    """The optimiser of the settings, over all parameters of the model."""
    rate, decay = settings.learning_rate, settings.weight_decay
    match settings.optimiser:
        case "adamw":
            return torch.optim.AdamW(
                model.parameters(), lr=rate, weight_decay=decay, betas=(0.9, 0.95), fused=True
            )
        case "lamb":
            return Lamb(model.parameters(), lr=rate, weight_decay=decay, eps=1e-8)
        case _:
            assert_never(settings.optimiser)


def update(
    model: TrainableModel,
    optimiser: torch.optim.Optimizer,
    sampler: Sampler,
    settings: UpdateSettings,
    rates: list[float],
    seed: int,
    extra: Extra | None = None,
) -> Iterator[dict[str, float]]:
    """One gradient step for each of ``rates`` (factors of the learning rate).

    Yields the parts of each step's loss; ``seed`` fixes batches and dropout. ``extra``
    is added to the model's own loss.
    """
    draw = generator(seed, "batches")
    noise = torch.Generator().manual_seed(integer_seed(seed, "dropout"))
    for rate in rates:
        drawn = sampler.sample(settings.batch, settings.window, draw, settings.overhang)
        windows = trimmed(drawn)
        with reckoned(settings.precision, device_of(model)):
            losses = model.loss(windows, noise)
        total, parts = losses.total, losses.parts
        if extra is not None:
            term, told = extra(model, windows, losses)
            total, parts = total + term, {**parts, **told}
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * rate
        descend(model.parameters(), optimiser, total, settings.gradient_norm)
        yield {"loss": float(total.detach()), **parts}


def together(terms: Sequence[Extra]) -> Extra | None:
    """The sum of ``terms``, and all that each reports; None where there are none."""
    if not terms:
        return None

    def added(
        model: Any, windows: Windows, losses: Losses
    ) -> tuple[torch.Tensor, dict[str, float]]:
        found = [term(model, windows, losses) for term in terms]
        told = {name: value for _, parts in found for name, value in parts.items()}
        return torch.stack([term for term, _ in found]).sum(), told

    return added


def descend(
    parameters: Iterator[torch.nn.Parameter],
    optimiser: torch.optim.Optimizer,
    loss: torch.Tensor,
    gradient_norm: float,
) -> None:
    """One clipped gradient step."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, gradient_norm, foreach=True)
    optimiser.step()


def mean_parts(parts: list[dict[str, float]]) -> dict[str, float]:
    """The mean of every part over the steps given; empty for no steps."""
    if not parts:
        return {}
    return {name: float(np.mean([each[name] for each in parts])) for name in parts[0]}
