"""`FewHead`: the distributions of some dozens of steps' actions and draws from them, in numpy.

Knows no episode. The same as `action_distributions` computes, where that has to begin a dozen
operations for a handful of numbers; what is not finite stays so without a word, as there.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from driftline.models import squashed_gaussian
from driftline.models.action_distributions import LOG_DEVIATIONS, MEANS, Family, Squashed
from driftline.models.flow_box import edges
from driftline.models.stepping_few import Array, Layer
from driftline.spaces.specs import ContinuousActionSpec, DiscreteActionSpec

ALONE = 2**18
"""Up to so many multiplications numpy's library does a product on one thread: threads of its own
and torch's, in turn, wait for each other."""


class FewHead:
    """Gaussians in a box from what a step is predicted from."""

    @classmethod
    def of(cls, head: nn.Linear, family: Family, batch: int) -> FewHead | None:
        """That of ``batch`` episodes; None where it would not be sooner, or for other families."""
        if isinstance(family, DiscreteActionSpec) or head.weight.device.type != "cpu":
            return None
        return cls(head, family) if batch * head.weight.numel() <= ALONE else None

    def __init__(self, head: nn.Linear, family: Squashed | ContinuousActionSpec) -> None:
        self._head = Layer(head.weight, head.bias)
        self._squashed = isinstance(family, Squashed)
        box = family.box if isinstance(family, Squashed) else family
        pairs = [MEANS] * box.size + [LOG_DEVIATIONS] * box.size
        self._bounds: Array = np.array(pairs, np.float32).T.copy()
        known = edges(box, torch.float32, torch.device("cpu"))
        self._low, self._high = known.low.numpy(), known.high.numpy()
        self._width = self._high - self._low
        self._meets = bool((self._low + self._width == self._high).all())

    def parameters(self, hidden: Array) -> Array:
        """``[B, width]`` to means and log deviations ``[B, 2d]``; see `from_head`."""
        outputs = self._head(hidden)
        # softplus of the distances to both bounds, in one go
        above, beyond = np.logaddexp(0.0, outputs - self._bounds[:, None])
        return self._bounds[0] + above - beyond

    @np.errstate(all="ignore")
    def draw(self, hidden: Array, generator: torch.Generator) -> npt.NDArray[np.float32]:
        """One action of each, ``[B, d]``; see `sample`."""
        parameters = self.parameters(hidden)
        size = parameters.shape[1] // 2
        noise = torch.randn(len(hidden), size, generator=generator).numpy()
        drawn = np.exp(parameters[:, size:]) * noise + parameters[:, :size]
        edge = 1.0
        if self._squashed:
            np.tanh(drawn, out=drawn)
            edge = 1.0 - squashed_gaussian.EDGE
        share = 0.5 + 0.5 * np.minimum(np.maximum(drawn, -edge, out=drawn), edge, out=drawn)
        inside: Array = self._low + share * self._width
        if not self._meets:  # from the nearer edge, so that an edge is met exactly
            far = self._high - (1.0 - share) * self._width
            inside = np.where(share < 0.5, inside, far)
        return np.minimum(np.maximum(inside, self._low, out=inside), self._high, out=inside)
