"""`Asking`: a return chosen once an episode, or none, and lowered by what is received.

Knows no environment. The command is chosen when the first observations are known,
for a reference may be what the model expects of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from driftline.agents.questions import chosen, head_reference
from driftline.conditioning.reference import Reference
from driftline.conditioning.target import Target, command, pool
from driftline.models.action_distributions import typical
from driftline.models.model import GenerativeModel, HasDensity, family_of
from driftline.shapes import Floats, Integers


class Asking:
    """Acts in ``episodes`` episodes that begin now.

    With ``likeliest`` by the likeliest actions, where the model has a density.
    """

    effective_samples = None

    def __init__(
        self,
        model: GenerativeModel,
        target: Target,
        reference: Reference,
        episodes: int,
        commands: np.random.Generator,
        actions: torch.Generator,
        likeliest: bool = False,
    ) -> None:
        self._likeliest = likeliest
        self._model, self._target, self._reference = model, target, reference
        self._commands, self._actions = commands, actions
        self._dense = model if isinstance(model, HasDensity) else None
        self._state = model.begin(episodes)
        self._begun = False
        self._asked: Floats | None = None
        self.commanded: Floats = np.full(episodes, np.nan)
        self.distributions: Any | None = None

    def act(self, observations: Any) -> Any:
        """Sample an action for every running episode."""
        if not self._begun:
            self._begin(observations)
        self._state = self._model.observe(self._state, observations, self._asked)
        known = self._dense.distribution(self._state) if self._dense else None
        if self._likeliest and known is not None:
            actions = typical(family_of(self._model), known)
        else:
            actions = chosen(self._model, self._state, known, self._actions)
        self._state = self._model.remember(self._state, actions)
        self.distributions = None if known is None else known.double().cpu().numpy()
        return actions.cpu().numpy()

    def _begin(self, observations: Any) -> None:
        self._begun = True
        reference = self._reference
        if pool(self._target) == "model":
            reference = head_reference(self._model, observations)
        self._asked = command(self._target, reference, len(observations), self._commands)
        if self._asked is not None:
            self.commanded = self._asked

    def receive(self, rewards: Floats) -> None:
        """Lower the command by what was received."""
        self.commanded = self.commanded - rewards
        self._asked = None if self._asked is None else self.commanded

    def narrow(self, rows: Integers) -> None:
        """Keep the episodes ``rows`` alone."""
        self.commanded = self.commanded[rows]
        self._asked = None if self._asked is None else self.commanded
        self._state = self._model.narrow(self._state, rows)
