"""`EntropyFloor`: keep a policy from growing more certain than it may.

Knows no environment. The dual of the online decision transformer's constrained problem
(Zheng et al. 2022, arXiv:2202.05607, eq. 5): minimise NLL subject to H >= floor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, assert_never, get_args

import torch
from torch import Tensor

from driftline.data.windows import Windows
from driftline.errors import CapabilityError, SettingsError, UnknownNameError
from driftline.models.action_distributions import Squashed, entropy, volume
from driftline.models.model import HasDensity, Losses, some_asked

Rule = Literal["gradient", "adam"]
BETAS = (0.9, 0.999)
"""Over how long Adam's running means run."""


@dataclass(frozen=True)
class EntropyFloor:
    """At least ``nats`` of entropy an action, on average over the steps that were taken.

    Of continuous actions the entropy is measured with the box moved to [-1, 1], where it is
    differential and may be negative: minus the number of dimensions is what soft
    actor-critic and the online decision transformer ask for. That is for squashed Gaussians
    alone: one that is clipped has entropy 0 where it has settled on an edge. The
    multiplier lambda >= 0 of the entropy begins at ``first_multiplier``, rises by
    ``learning_rate`` for each nat that is missing in an update and falls for each that is
    to spare; it is part of what is stored. ``by`` "adam" it is the logarithm that moves, by
    Adam at that rate, as in the published method.
    """

    nats: float
    learning_rate: float = 0.1
    first_multiplier: float = 0.0
    by: Rule = "gradient"

    def __post_init__(self) -> None:
        if not math.isfinite(self.nats) or not self.learning_rate > 0:
            raise SettingsError(
                f"a floor of {self.nats} nats at a rate of {self.learning_rate} was given; "
                "give a finite number of nats and a rate above 0"
            )
        if not self.first_multiplier >= 0:
            raise SettingsError(f"first_multiplier is 0 or more, got {self.first_multiplier:g}")
        if self.by == "adam" and not self.first_multiplier > 0:
            raise SettingsError(
                "Adam moves the logarithm of the multiplier, and 0 has none; give a "
                f"first_multiplier above 0, got {self.first_multiplier:g}"
            )
        if self.by not in get_args(Rule):
            raise UnknownNameError.among("rule for the multiplier", self.by, get_args(Rule))


class Floor:
    """The floor and its multiplier as they are during training."""

    def __init__(self, settings: EntropyFloor, model: Any) -> None:
        if not isinstance(model, HasDensity):
            raise CapabilityError(
                f"an entropy floor needs HasDensity, which {type(model).__name__} lacks; "
                "leave entropy_floor out: a flow keeps the noise that it was fitted with"
            )
        self._family = model.family
        if settings.nats < 0 and not isinstance(self._family, Squashed):
            raise SettingsError(
                f"a floor of {settings.nats:g} nats is no floor for {type(model).__name__}: "
                "discrete and clipped actions have more when they are certain; give 0 or more, "
                'or fit with gaussian="squashed"'
            )
        self._settings = settings
        self.multiplier = settings.first_multiplier
        self._moments = (0.0, 0.0)
        self._steps = 0

    def __call__(
        self, model: Any, windows: Windows, losses: Losses
    ) -> tuple[Tensor, dict[str, float]]:
        """The term to add to the loss, and what to report; moves the multiplier.

        The entropy is that of the policy under the windows' returns, over valid steps only, of
        those windows that the loss has asked for their returns.
        """
        known, rows = some_asked(model, windows, losses)
        valid = torch.from_numpy(windows.valid[rows])
        mean = entropy(self._family, known[valid.to(known.device)]).mean() - volume(self._family)
        term = -self.multiplier * (mean - self._settings.nats)
        self._move(self._settings.nats - mean.item())
        return term, {"entropy": mean.item(), "entropy_multiplier": self.multiplier}

    def _move(self, missing: float) -> None:
        rate = self._settings.learning_rate
        match self._settings.by:
            case "gradient":
                self.multiplier = max(0.0, self.multiplier + rate * missing)
            case "adam":
                self._steps += 1
                self.multiplier *= math.exp(rate * self._adam(self.multiplier * missing))
            case _:
                assert_never(self._settings.by)

    def _adam(self, gradient: float) -> float:
        """The step, for each of the rate, that Adam climbs by (Kingma and Ba 2015)."""
        slow, slower = BETAS
        first, second = self._moments
        first += (1.0 - slow) * (gradient - first)
        second += (1.0 - slower) * (gradient**2 - second)
        self._moments = first, second
        first /= 1.0 - slow**self._steps
        second /= 1.0 - slower**self._steps
        return first / (math.sqrt(second) + 1e-8)

    def state(self) -> dict[str, float]:
        """All that changes, as plain values."""
        first, second = self._moments
        return {
            "multiplier": self.multiplier, "first": first, "second": second, "steps": self._steps
        }  # fmt: skip

    def restore(self, values: dict[str, float]) -> None:
        """Load what `state` gave."""
        self.multiplier, self._steps = values["multiplier"], int(values["steps"])
        self._moments = values["first"], values["second"]
