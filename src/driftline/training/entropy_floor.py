"""`EntropyFloor`: keep a policy from growing more certain than it may.

Knows no environment. The dual of the online decision transformer's constrained problem
(Zheng et al. 2022, arXiv:2202.05607, eq. 5): minimise NLL subject to H >= floor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from driftline.data.windows import Windows
from driftline.errors import CapabilityError, SettingsError
from driftline.models.action_distributions import Squashed, entropy, volume
from driftline.models.model import HasDensity, Losses, asked


@dataclass(frozen=True)
class EntropyFloor:
    """At least ``nats`` of entropy an action, on average over the steps that were taken.

    Of continuous actions the entropy is measured with the box moved to [-1, 1], where it is
    differential and may be negative: minus the number of dimensions is what soft
    actor-critic and the online decision transformer ask for. That is for squashed Gaussians
    alone: one that is clipped has entropy 0 where it has settled on an edge. The
    multiplier lambda >= 0 of the entropy begins at ``first_multiplier``, rises by
    ``learning_rate`` for each nat that is missing in an update and falls for each that is
    to spare; it is part of what is stored.
    """

    nats: float
    learning_rate: float = 0.1
    first_multiplier: float = 0.0

    def __post_init__(self) -> None:
        if not math.isfinite(self.nats) or not self.learning_rate > 0:
            raise SettingsError(
                f"a floor of {self.nats} nats at a rate of {self.learning_rate} was given; "
                "give a finite number of nats and a rate above 0"
            )
        if not self.first_multiplier >= 0:
            raise SettingsError(f"first_multiplier is 0 or more, got {self.first_multiplier:g}")


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

    def __call__(
        self, model: Any, windows: Windows, losses: Losses
    ) -> tuple[Tensor, dict[str, float]]:
        """The term to add to the loss, and what to report; moves the multiplier.

        The entropy is that of the policy under the windows' returns, over valid steps only.
        """
        valid = torch.from_numpy(windows.valid)
        known = asked(model, windows, losses)
        mean = entropy(self._family, known[valid.to(known.device)]).mean() - volume(self._family)
        missing = self._settings.nats - mean.item()
        term = -self.multiplier * (mean - self._settings.nats)
        step = self._settings.learning_rate * missing
        self.multiplier = max(0.0, self.multiplier + step)
        return term, {"entropy": mean.item(), "entropy_multiplier": self.multiplier}
