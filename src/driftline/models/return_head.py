"""`ReturnHead`: a categorical distribution of the return-to-go from a hidden state.

Knows no codec: bins are numbers here.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from driftline.models.action_features import embedded, rows_of
from driftline.models.layers import linear, table
from driftline.spaces.specs import ActionSpec

IGNORED = -1
"""The bin of a step that is not there."""


class ReturnHead(nn.Module):
    """Two layers to ``bins`` logits, given the step's action or before it is known."""

    def __init__(self, width: int, spec: ActionSpec, bins: int, generator: torch.Generator):
        super().__init__()
        self.spec = spec
        self.first = linear(width, 2 * width, generator, gain=1.4)
        self.action = table(rows_of(spec), 2 * width, generator, 0.3)
        self.no_action = table(1, 2 * width, generator, 0.3)
        self.second = linear(2 * width, bins, generator, gain=0.3)

    def before(self, hidden: Tensor) -> Tensor:
        """``[N, width]`` to log-probabilities ``[N, bins]``, the action not known."""
        return self._finish(self.first(hidden) + self.no_action)

    def after(self, hidden: Tensor, actions: Tensor) -> Tensor:
        """``[N, width]`` and actions ``[N(, d)]`` to log-probabilities ``[N, bins]``."""
        return self._finish(self.first(hidden) + self._done(actions))

    def after_each(self, hidden: Tensor, actions: Tensor) -> Tensor:
        """``[N, width]`` and actions ``[N, n(, d)]`` to log-probabilities ``[N, n, bins]``."""
        return self._finish(self.first(hidden).unsqueeze(-2) + self._done(actions))

    def nll(self, hidden: Tensor, actions: Tensor, bins: Tensor) -> Tensor:
        """Mean cross-entropy of achieved ``bins int64 [N]``, before and after the action.

        A step whose bin is `IGNORED` takes no part.
        """
        first = self.first(hidden)
        both = torch.cat([first + self.no_action, first + self._done(actions)])
        return nn.functional.nll_loss(self._finish(both), bins.repeat(2), ignore_index=IGNORED)

    def _done(self, actions: Tensor) -> Tensor:
        return embedded(self.spec, self.action, actions)

    def _finish(self, first: Tensor) -> Tensor:
        return torch.log_softmax(self.second(first.relu_()).float(), dim=-1)
