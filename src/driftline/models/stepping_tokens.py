"""The tokens of one step of every episode, from what is observed, asked for and was done.

Know no attention. `StepTokens` are in torch, on any device; `FewTokens` are the same in numpy,
which begins sooner, for the observations that are vectors and make one token of a step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from driftline.models.action_features import as_tensor, embedded
from driftline.models.embeddings import (
    LinearVector,
    ReturnEmbedding,
    TimeEmbedding,
    VectorEmbedding,
)
from driftline.models.flow_box import edges
from driftline.models.stepping import stepping_embedding
from driftline.models.stepping_few import Array, Layer, standard
from driftline.spaces.codecs import ReturnCodec
from driftline.spaces.specs import ActionSpec, ContinuousActionSpec


@dataclass(frozen=True, eq=False)
class Parts:
    """What makes tokens in a model: see `TrajectoryTransformer`."""

    observation: nn.Module
    returned: ReturnEmbedding
    time: TimeEmbedding | None
    norm: nn.LayerNorm | None
    previous_action: Tensor
    action: ActionSpec
    returns: ReturnCodec
    size: int

    @property
    def offset(self) -> Tensor | None:
        """What is added to every action; see `embedded_previous`."""
        added = self.norm is not None and isinstance(self.action, ContinuousActionSpec)
        return self.previous_action[0].detach() if added else None


class Tokens(Protocol):
    """Tokens of the step that comes now."""

    def __call__(
        self,
        observations: npt.NDArray[Any],
        returns_to_go: npt.NDArray[Any] | None,
        acted: Tensor,
        time: int,
    ) -> Tensor:
        """``[size * B, width]``, kind by kind; ``acted [B, width]`` stands for what was done."""
        ...

    def acted(self, actions: npt.NDArray[Any] | Tensor) -> Tensor:
        """Actions ``[B(, d)]`` as vectors ``[B, width]``."""
        ...


class StepTokens:
    """`Tokens` in torch."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._embedding = stepping_embedding(parts.observation)
        self._device = parts.previous_action.device
        self._offset = parts.offset

    def __call__(
        self,
        observations: npt.NDArray[Any],
        returns_to_go: npt.NDArray[Any] | None,
        acted: Tensor,
        time: int,
    ) -> Tensor:
        """See `Tokens`."""
        parts = self._parts
        observed: Tensor = self._embedding(torch.as_tensor(observations, device=self._device))
        if returns_to_go is None:
            returned = parts.returned.dropped()
        else:
            asked = torch.from_numpy(parts.returns.standardise(np.asarray(returns_to_go)))
            returned = parts.returned.asked(asked.to(self._device))
        if parts.time is not None:
            observed = observed + parts.time(torch.full((1,), time, device=self._device))
        if parts.size == 1:
            tokens = observed + acted + returned
        else:
            tokens = torch.cat([acted, returned.expand_as(observed), observed])
        return tokens if parts.norm is None else parts.norm(tokens)

    def acted(self, actions: npt.NDArray[Any] | Tensor) -> Tensor:
        """See `Tokens`."""
        done = as_tensor(self._parts.action, actions, self._device)
        rows = embedded(self._parts.action, self._parts.previous_action[1:], done)
        return rows if self._offset is None else rows + self._offset


class FewTokens:
    """`Tokens` in numpy: one product of all features, those of a hidden layer among them."""

    def __init__(self, parts: Parts) -> None:
        self._parts, embedding, action = parts, parts.observation, parts.action
        assert isinstance(embedding, VectorEmbedding | LinearVector)
        assert isinstance(action, ContinuousActionSpec)
        self._centre: Array = embedding.centre.numpy()
        self._inverse: Array = embedding.scale.reciprocal().numpy()
        self._knots: Array = (2.0 * parts.returned.knots).numpy()
        weights: list[Tensor] = [embedding.direct.weight]
        offset: Tensor = embedding.direct.bias
        self._first: Layer | None = None
        if isinstance(embedding, VectorEmbedding):
            self._first = Layer(embedding.first.weight, embedding.first.bias)
            weights, offset = [embedding.second.weight, *weights], offset + embedding.second.bias
        asked, blind = parts.returned.features, parts.returned.dropped()[0]
        self._asked = Layer(torch.cat([*weights, asked.weight], dim=1), offset + asked.bias)
        self._blind = Layer(torch.cat(weights, dim=1), offset + blind)
        box = edges(action, torch.float32, torch.device("cpu"))
        self._low, self._inverse_half = box.low.numpy(), box.inverse.numpy()
        self._done: Array = parts.previous_action[1:].detach().numpy().copy()
        self._offset = None if parts.offset is None else parts.offset.numpy().copy()

    @staticmethod
    def suit(parts: Parts) -> bool:
        """Whether they can make these tokens."""
        vectors = isinstance(parts.observation, VectorEmbedding | LinearVector)
        return vectors and isinstance(parts.action, ContinuousActionSpec) and parts.size == 1

    def __call__(
        self,
        observations: npt.NDArray[Any],
        returns_to_go: npt.NDArray[Any] | None,
        acted: Tensor,
        time: int,
    ) -> Tensor:
        """See `Tokens`."""
        seen = (np.asarray(observations, np.float32) - self._centre) * self._inverse
        features = [seen]
        if self._first is not None:
            seen = np.minimum(np.maximum(seen, -10.0, out=seen), 10.0, out=seen)
            hidden = self._first(seen)
            features = [np.maximum(hidden, 0.0, out=hidden), seen]
        if returns_to_go is None:
            tokens = self._blind(np.concatenate(features, axis=1))
        else:
            features += self._returned(np.asarray(returns_to_go), len(seen))
            tokens = self._asked(np.concatenate(features, axis=1))
        tokens += acted.numpy()
        parts = self._parts
        if parts.time is not None:
            tokens += parts.time(torch.full((1,), time)).numpy()
        if parts.norm is not None:
            tokens = standard(tokens)
            tokens = tokens * parts.norm.weight.numpy() + parts.norm.bias.numpy()
        return torch.from_numpy(tokens)

    def _returned(self, returns_to_go: npt.NDArray[Any], batch: int) -> list[Array]:
        value = self._parts.returns.standardise(returns_to_go)[:, None]
        if len(value) != batch:  # one for all
            value = np.broadcast_to(value, (batch, 1))
        if self._parts.returned.plain:
            return [value]
        steps = np.tanh(2.0 * value - self._knots)
        return [np.minimum(np.maximum(value, -6.0), 6.0), steps]

    def acted(self, actions: npt.NDArray[Any] | Tensor) -> Tensor:
        """See `Tokens`."""
        unit = (np.asarray(actions, np.float32) - self._low) * self._inverse_half - 1.0
        unit = np.minimum(np.maximum(unit, -1.0, out=unit), 1.0, out=unit)
        rows = unit @ self._done
        return torch.from_numpy(rows if self._offset is None else rows + self._offset)


def tokens_of(parts: Parts, few: bool) -> Tokens:
    """Those that are made soonest."""
    return FewTokens(parts) if few and FewTokens.suit(parts) else StepTokens(parts)
