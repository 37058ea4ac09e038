"""`Factorising`: every action weighed by the returns that follow it; nothing is asked.

Knows no environment. Discrete actions are weighed exactly; of continuous ones a
number of candidates are, and how many of them carry the choice is reported.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from driftline.agents.questions import head_reference, return_head
from driftline.conditioning.best_of_n import BestOfN
from driftline.conditioning.factorised_tilt import FactorisedTilt
from driftline.conditioning.policies import factorised, return_weights
from driftline.conditioning.quantile import Quantile
from driftline.conditioning.reference import Reference
from driftline.models.action_distributions import sample
from driftline.models.model import (
    GenerativeModel,
    HasControl,
    HasDensity,
    capability,
    family_of,
)
from driftline.shapes import Floats, Integers
from driftline.spaces.specs import ActionSpec, DiscreteActionSpec

CANDIDATES = 64
"""How many actions are weighed where they are continuous and the target names no number."""


class Factorising:
    """Acts in ``episodes`` episodes that begin now."""

    def __init__(
        self,
        model: GenerativeModel,
        target: Quantile | BestOfN | FactorisedTilt,
        reference: Reference,
        episodes: int,
        actions: torch.Generator,
    ) -> None:
        self._model, self._target, self._reference = model, target, reference
        self._control = isinstance(target, FactorisedTilt) and target.backup == "control"
        if self._control:
            capability(model, HasControl, 'use backup="inference", or a TabularModel of a world')
        else:
            self._head = return_head(model)
        self._actions = actions
        self._state = model.begin(episodes)
        self._begun = False
        self._received = np.zeros(episodes)
        self.commanded: Floats = np.full(episodes, np.nan)
        self.distributions: Any | None = None
        self.effective_samples: Floats | None = None

    def act(self, observations: Any) -> Any:
        """Weigh the actions and sample one for every running episode."""
        if not self._begun and self._target.reference == "model":
            self._reference = head_reference(self._model, observations)
        self._begun = True
        self._state = self._model.observe(self._state, observations, None)
        exact = _exact(self._model.action, self._model)
        actions = self._weighed() if exact else self._resampled()
        self._state = self._model.remember(self._state, actions)
        return actions.cpu().numpy()

    def _weighed(self) -> Tensor:
        known = self._policy()
        self.distributions = known.cpu().numpy()
        return sample(family_of(self._model), known, self._actions)

    def _policy(self) -> Tensor:
        """Log-probabilities ``float64 [B, A]`` of every discrete action."""
        dense = capability(self._model, HasDensity, "use a target that asks for a return")
        plain = dense.distribution(self._state).double().cpu()
        if self._control and isinstance(self._target, FactorisedTilt):
            knowing = capability(self._model, HasControl, 'use backup="inference"')
            beta = self._target.strength(self._reference)
            return torch.log_softmax(plain + knowing.control_values(self._state, beta), dim=-1)
        every = torch.arange(plain.shape[1]).expand(len(plain), -1)
        returns = self._head.return_log_probabilities(self._state, every).double().cpu()
        return factorised(plain, returns, self._weights())

    def _resampled(self) -> Tensor:
        """One of the candidates, by its normalised weight."""
        named = isinstance(self._target, FactorisedTilt)
        count = self._target.candidates if named else CANDIDATES  # type: ignore[union-attr]
        candidates = self._model.propose(self._state, count, self._actions)
        returns = self._head.return_log_probabilities(self._state, candidates).double().cpu()
        even = torch.full(returns.shape[:2], -float(np.log(count)), dtype=torch.float64)
        weights = factorised(even, returns, self._weights()).exp()
        self.effective_samples = (1.0 / weights.square().sum(1)).numpy()
        kept = torch.multinomial(weights, 1, generator=self._actions)[:, 0]
        return candidates[torch.arange(len(candidates)), kept.to(candidates.device)]

    def _weights(self) -> Tensor:
        values, width = self._head.return_values, self._head.return_width
        weights = return_weights(self._target, self._reference, values, width, self._received)
        return torch.tensor(weights)

    def receive(self, rewards: Floats) -> None:
        """What was received counts towards the episode's return."""
        self._received = self._received + rewards

    def narrow(self, rows: Integers) -> None:
        """Keep the episodes ``rows`` alone."""
        self.commanded, self._received = self.commanded[rows], self._received[rows]
        if self._reference.weights.ndim == 2:
            held = self._reference
            self._reference = Reference(held.returns, held.weights[rows], held.width)
        self._state = self._model.narrow(self._state, rows)


def _exact(action: ActionSpec, model: GenerativeModel) -> bool:
    return isinstance(action, DiscreteActionSpec) and isinstance(model, HasDensity)
