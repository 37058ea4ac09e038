"""`ReturnConditionedAgent`: a generative model asked for the return its target names.

Knows no environment. The command falls by every reward received.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from driftline.conditioning.reference import Reference
from driftline.conditioning.target import Target, command
from driftline.models.action_distributions import sample
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.seeding import generator, integer_seed
from driftline.shapes import Floats, Integers


class ReturnConditionedAgent:
    """Samples actions from ``model`` under ``target``, chosen against ``reference``."""

    def __init__(self, model: TrajectoryTransformer, target: Target, reference: Reference) -> None:
        self._model = model
        self._target = target
        self._reference = reference

    def begin(self, episodes: int, seed: int) -> None:
        """Choose the commands of new episodes and forget the old ones."""
        asked = command(self._target, self._reference, episodes, generator(seed, "command"))
        self._conditioned = asked is not None
        self._commanded = np.full(episodes, np.nan) if asked is None else asked.copy()
        self._draw = torch.Generator().manual_seed(integer_seed(seed, "actions"))
        self._state = self._model.begin(episodes)
        self._distributions: Any | None = None

    @property
    def commanded(self) -> Floats:
        """The return-to-go asked for now, ``[B]``; NaN where nothing is asked."""
        return self._commanded

    @property
    def distributions(self) -> Any | None:
        """``[B, A]`` of the distributions the last actions were drawn from."""
        return self._distributions

    def act(self, observations: Any) -> Integers:
        """Sample an action for every running episode."""
        asked = self._commanded if self._conditioned else None
        self._state = self._model.observe(self._state, observations, asked)
        known = self._model.distribution(self._state)
        with torch.inference_mode():
            actions = sample(self._model.action, known, self._draw)
        self._state = self._model.remember(self._state, actions)
        self._distributions = known.double().cpu().numpy()
        return np.asarray(actions.cpu().numpy())

    def receive(self, rewards: Floats) -> None:
        """Lower the command by what was received."""
        self._commanded = self._commanded - rewards

    def narrow(self, rows: Integers) -> None:
        """Keep the episodes ``rows`` alone."""
        self._commanded = self._commanded[rows]
        self._state = self._model.narrow(self._state, rows)
