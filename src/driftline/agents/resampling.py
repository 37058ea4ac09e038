"""`Resampling`: a return drawn anew at every step from what the model still expects.

Knows no environment. Two memories run side by side: one unconditioned, which the
return head speaks from, and one that is asked for the returns drawn.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from driftline.agents.questions import before_action, chosen, return_head
from driftline.conditioning.exponential_tilt import ExponentialTilt
from driftline.conditioning.policies import best_actions, resampled
from driftline.conditioning.reference import Reference
from driftline.conditioning.sampled_maximum import SampledMaximum
from driftline.errors import CapabilityError
from driftline.models.model import GenerativeModel, HasDensity, capability
from driftline.shapes import Floats, Integers
from driftline.spaces.specs import DiscreteActionSpec

INSTEAD = 'use ExponentialTilt(beta, per="step")'


class Resampling:
    """Acts in ``episodes`` episodes that begin now; ``commanded`` is the last draw.

    The distributions recorded are those given the returns drawn: their divergence
    from the demonstrator model bounds that of the policy from above, for a mixture
    is never further away than its parts are on average.
    """

    effective_samples = None

    def __init__(
        self,
        model: GenerativeModel,
        target: ExponentialTilt | SampledMaximum,
        reference: Reference,
        episodes: int,
        commands: np.random.Generator,
        actions: torch.Generator,
    ) -> None:
        self._model, self._target, self._reference = model, target, reference
        self._head = return_head(model)
        if isinstance(target, SampledMaximum):
            capability(model, HasDensity, INSTEAD)
            _check_discrete(model)
        self._commands, self._actions = commands, actions
        self._blind, self._asked = model.begin(episodes), model.begin(episodes)
        self.commanded: Floats = np.full(episodes, np.nan)
        self.distributions: Any | None = None

    def act(self, observations: Any) -> Any:
        """Draw returns, then sample the actions that go with them."""
        self._blind = self._model.observe(self._blind, observations, None)
        expected = before_action(self._head, self._blind)
        weights = resampled(self._target, self._reference, self._head.return_values, expected)
        drawn = Reference(self._head.return_values, weights, self._head.return_width)
        self.commanded = drawn.draw(weights, len(observations), self._commands)
        self._asked = self._model.observe(self._asked, observations, self.commanded)
        known = self._distribution()
        actions = chosen(self._model, self._asked, known, self._actions)
        self._blind = self._model.remember(self._blind, actions)
        self._asked = self._model.remember(self._asked, actions)
        self.distributions = None if known is None else known.double().cpu().numpy()
        return actions.cpu().numpy()

    def _distribution(self) -> Tensor | None:
        if not isinstance(self._model, HasDensity):
            return None
        known = self._model.distribution(self._asked)
        if isinstance(self._target, SampledMaximum):
            return best_actions(known, self._target.top_percent)
        return known

    def receive(self, rewards: Floats) -> None:
        """The next draw is of what is still to come; nothing is carried over."""

    def narrow(self, rows: Integers) -> None:
        """Keep the episodes ``rows`` alone."""
        self.commanded = self.commanded[rows]
        self._blind = self._model.narrow(self._blind, rows)
        self._asked = self._model.narrow(self._asked, rows)


def _check_discrete(model: GenerativeModel) -> None:
    """Raise `CapabilityError` unless single actions can be dropped."""
    if not isinstance(model.action, DiscreteActionSpec):
        raise CapabilityError(
            f"{type(model).__name__} lacks discrete actions, of which this target drops the worse; "
            f"{INSTEAD}"
        )
