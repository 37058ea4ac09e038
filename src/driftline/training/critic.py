"""`Critic`: the expected rest of the return, read off a model's hidden state.

Knows no environment. No gradient reaches the model through it; the elapsed time
is an input because the rest of a return depends on what time is left.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from driftline.seeding import generator, integer_seed
from driftline.shapes import Floats, Integers


class Critic(nn.Module):
    """A two-layer regression from ``[S, width]`` features and times ``[S]``."""

    centre: Tensor
    scale: Tensor

    def __init__(self, width: int, horizon: int, seed: int) -> None:
        super().__init__()
        self._horizon = horizon
        self._hidden = nn.Linear(width + 2, 64)
        self._out = nn.Linear(64, 1)
        noise = torch.Generator().manual_seed(integer_seed(seed, "critic"))
        for layer in (self._hidden, self._out):
            spread = 1.0 / layer.in_features**0.5
            nn.init.uniform_(layer.weight, -spread, spread, generator=noise)
            nn.init.zeros_(layer.bias)
        self.register_buffer("centre", torch.zeros(()))
        self.register_buffer("scale", torch.zeros(()))

    def forward(self, features: Tensor, times: Tensor) -> Tensor:
        """Standardised values ``[S]``."""
        elapsed = times.float() / self._horizon
        inputs = torch.cat([features, elapsed[:, None], (elapsed**2)[:, None]], dim=1)
        out: Tensor = self._out(torch.nn.functional.gelu(self._hidden(inputs)))
        return out[:, 0]

    @property
    def fitted(self) -> bool:
        """Whether any fit has set its scale."""
        return float(self.scale) > 0.0

    def values(self, features: Tensor, times: Integers) -> Floats:
        """Expected rest of the (penalised) return at each step, ``float64 [S]``."""
        with torch.no_grad():
            standard = self(features, torch.from_numpy(times).to(features.device))
            return np.asarray((standard * self.scale + self.centre).double().cpu().numpy())

    def fit(
        self,
        optimiser: torch.optim.Optimizer,
        features: Tensor,
        times: Integers,
        returns_to_go: Floats,
        epochs: int,
        seed: int,
    ) -> float:
        """Regress on achieved returns-to-go; returns the last epoch's loss."""
        if not self.fitted:
            self.centre.fill_(float(returns_to_go.mean()))
            self.scale.fill_(max(float(returns_to_go.std()), 1e-6))
        device, draw = features.device, generator(seed, "critic")
        goals = torch.from_numpy(returns_to_go).float().to(device)
        goals, elapsed = (goals - self.centre) / self.scale, torch.from_numpy(times).to(device)
        loss = 0.0
        for _ in range(epochs):
            total = 0.0
            for rows in torch.from_numpy(draw.permutation(len(goals))).split(512):
                error = (self(features[rows], elapsed[rows]) - goals[rows]).square().mean()
                optimiser.zero_grad(set_to_none=True)
                error.backward()
                optimiser.step()
                total += float(error.detach()) * len(rows)
            loss = total / len(goals)
        return loss
