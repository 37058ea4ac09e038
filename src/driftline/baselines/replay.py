"""`Replay`: a replay buffer that keeps observations as small as they came, and can be stored.

Knows no environment and no network. Importing it loads stable-baselines3.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Box, Space
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.type_aliases import ReplayBufferSamples
from torch import Tensor

from driftline.baselines.encoding import decode, encode, stored_type
from driftline.errors import CheckpointError
from driftline.spaces.specs import ObservationSpec

COLUMNS = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")


class Replay(ReplayBuffer):
    """Takes and gives encoded observations, and keeps codes: a byte for each cell of a board.

    ``buffer_size`` steps in all are kept, an equal share for each of ``n_envs`` copies.
    """

    def __init__(
        self,
        buffer_size: int,
        observation_space: Space[Any],
        action_space: Space[Any],
        *,
        spec: ObservationSpec,
        **options: Any,
    ) -> None:
        self._spec = spec
        size, kind = stored_type(spec)
        low, high = (0, np.iinfo(kind).max) if kind.kind == "u" else (-np.inf, np.inf)
        kept = Box(low, high, (size,), kind.type)
        super().__init__(buffer_size, kept, action_space, **options)

    def add(self, obs: Any, next_obs: Any, *rest: Any) -> None:
        """Keep one step of every copy."""
        super().add(decode(self._spec, obs), decode(self._spec, next_obs), *rest)

    def _get_samples(self, batch_inds: Any, env: Any = None) -> ReplayBufferSamples:
        kept = super()._get_samples(batch_inds, env)
        return kept._replace(
            observations=self._encoded(kept.observations),
            next_observations=self._encoded(kept.next_observations),
        )

    def _encoded(self, kept: Tensor) -> Tensor:
        return torch.from_numpy(encode(self._spec, kept.numpy()))

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """The steps that are kept, and where the next one goes."""
        used = self.size()
        tensors = {name: torch.from_numpy(getattr(self, name)[:used]) for name in COLUMNS}
        return tensors, {"position": self.pos, "full": self.full}

    def restore(self, tensors: dict[str, Tensor], values: dict[str, Any]) -> None:
        """Load what `state` gave, of as many copies."""
        for name in COLUMNS:
            column, stored = getattr(self, name), tensors[name].numpy()
            if stored.shape[1:] != column.shape[1:] or len(stored) > len(column):
                raise CheckpointError(
                    f"replayed {name} are {list(stored.shape)}, this learner keeps at most "
                    f"{list(column.shape)}; restore with the settings and copies of the checkpoint"
                )
            column[: len(stored)] = stored
        self.pos, self.full = values["position"], values["full"]
