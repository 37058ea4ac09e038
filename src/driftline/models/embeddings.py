"""Observations, returns-to-go and times as vectors of the model's width.

Know nothing of tokens, attention or time order: each embeds one step.
"""

from __future__ import annotations

import math
from typing import Any, assert_never

import torch
from torch import Tensor, nn

from driftline.errors import SettingsError
from driftline.models.layers import filled, linear, table, uniform_linear
from driftline.models.transformer_config import TransformerConfig
from driftline.spaces.codecs import VectorCodec
from driftline.spaces.specs import CodesSpec, ObservationSpec, VectorSpec


class SumOfRows(torch.autograd.Function):
    """``one_hot(codes) @ weight``: rows are added up forward, multiplied out backward.

    Adding rows is three times as fast as multiplying by zeros and ones; the gradient
    of a sum of rows is a scatter, which is slower than the product. Only the rows that
    the batch uses enter the product: on most boards most cells never change.
    """

    @staticmethod
    def forward(context: Any, indices: Tensor, weight: Tensor) -> Tensor:
        """``int [N, cells]`` rows of ``weight [rows, width]`` to their sums ``[N, width]``."""
        context.save_for_backward(indices)
        context.rows = len(weight)
        return nn.functional.embedding_bag(indices, weight, mode="sum")

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[None, Tensor]:
        """The gradient of ``weight``; the indices have none."""
        (indices,) = context.saved_tensors
        used = torch.bincount(indices.flatten(), minlength=context.rows) > 0
        place, rows = used.cumsum(0) - 1, used.nonzero().squeeze(1)
        chosen = torch.zeros(len(indices), len(rows), device=indices.device)
        chosen.scatter_(1, place[indices], 1.0)
        gradient = gradients[0].new_zeros(context.rows, gradients[0].shape[1])
        return None, gradient.index_copy_(0, rows, chosen.mT @ gradients[0])


class CodesEmbedding(nn.Module):
    """Codes ``[..., *shape]`` to ``[..., width]``: a hidden layer beside a linear one.

    Learns "which way to the nearest dry plant" (7 x 9 cells, 6 codes, plants in fixed
    places) in the fewest CPU-seconds of the encoders tried; for things that change
    places see `ConvolutionEmbedding`.
    """

    first_rows: Tensor

    def __init__(self, spec: CodesSpec, width: int, hidden: int, generator: torch.Generator):
        super().__init__()
        self.hidden = hidden
        first_rows = torch.arange(spec.cells, dtype=torch.int32) * spec.codes
        self.register_buffer("first_rows", first_rows, persistent=False)
        self.rows = table(spec.cells * spec.codes, hidden + width, generator, spec.cells**-0.5)
        self.offset = nn.Parameter(torch.zeros(hidden))
        self.second = linear(hidden, width, generator)

    def forward(self, codes: Tensor) -> Tensor:
        """``[N, *shape]`` integers in [0, codes) to ``float32 [N, width]``."""
        indices = codes.reshape(len(codes), -1).int() + self.first_rows
        both: Tensor = SumOfRows.apply(indices, self.rows)  # type: ignore[no-untyped-call]
        hidden, direct = both.split([self.hidden, both.shape[1] - self.hidden], dim=1)
        return self.second((hidden + self.offset).relu_()) + direct


class ConvolutionEmbedding(nn.Module):
    """Boards through one 3 x 3 convolution of 8 channels, then a linear map.

    Generalises better than `CodesEmbedding`, most so when things change places from
    episode to episode, for about 1.4 times the time of a training step.
    """

    CHANNELS = 8
    one_hot: Tensor

    def __init__(self, spec: CodesSpec, width: int, generator: torch.Generator):
        super().__init__()
        if len(spec.shape) != 2:
            raise SettingsError(
                f"the board encoder 'convolution' needs boards of 2 dimensions, got {spec.shape}; "
                "use 'dense'"
            )
        self.codes, self.shape = spec.codes, spec.shape
        self.register_buffer("one_hot", torch.eye(spec.codes), persistent=False)
        layer: nn.Conv2d = nn.utils.skip_init(
            nn.Conv2d, spec.codes, self.CHANNELS, kernel_size=3, padding=1
        )
        self.around = filled(layer, generator, 1 / 3)
        self.last = linear(self.CHANNELS * spec.cells, width, generator)

    def forward(self, codes: Tensor) -> Tensor:
        """``[N, rows, columns]`` integers in [0, codes) to ``float32 [N, width]``."""
        cells = nn.functional.embedding(codes.int(), self.one_hot)
        around = self.around(cells.permute(0, 3, 1, 2)).relu_()
        # The convolution leaves its channels last in memory: to read them so spares copies.
        weight = self.last.weight.view(-1, self.CHANNELS, *self.shape).permute(0, 2, 3, 1)
        flat = around.permute(0, 2, 3, 1).flatten(1)
        return nn.functional.linear(flat, weight.flatten(1), self.last.bias)


MIXERS = torch.randint(-(2**62), 2**62, (4096,), generator=torch.Generator().manual_seed(0))
"""Odd and even numbers that tell boards apart: their sums over the codes rarely agree."""


def each_once(embedding: nn.Module, observations: Tensor) -> Tensor:
    """``embedding`` of ``[N, ...]``, computed once for boards that occur again.

    Among a batch's thousand boards of a gridworld are often no more than ten. Those that
    differ in most rows, and what are no boards, are embedded row by row.
    """
    if observations.is_floating_point() or observations.device.type != "cpu":
        embedded: Tensor = embedding(observations)
        return embedded
    flat = observations.reshape(len(observations), -1)
    mixers = MIXERS[torch.arange(flat.shape[1]) % len(MIXERS)]
    sums, places = torch.unique((flat.long() * mixers).sum(1), return_inverse=True)
    rows = torch.empty(len(sums), dtype=torch.int64)
    rows.scatter_(0, places, torch.arange(len(flat)))
    if 2 * len(rows) > len(flat) or not torch.equal(flat[rows][places], flat):
        embedded = embedding(observations)
        return embedded
    return nn.functional.embedding(places, embedding(observations[rows]))


class VectorEmbedding(nn.Module):
    """Standardised vectors ``[N, size]`` through one hidden layer, beside a linear one."""

    centre: Tensor
    scale: Tensor

    def __init__(
        self, spec: VectorSpec, codec: VectorCodec, width: int, generator: torch.Generator
    ):
        super().__init__()
        self.register_buffer("centre", torch.tensor(codec.centre), persistent=False)
        self.register_buffer("scale", torch.tensor(codec.scale), persistent=False)
        self.first = linear(spec.size, 2 * width, generator)
        self.second = linear(2 * width, width, generator)
        self.direct = linear(spec.size, width, generator)

    def forward(self, vectors: Tensor) -> Tensor:
        """``[N, size]`` real numbers to ``float32 [N, width]``; clipped at 10 deviations."""
        standard = ((vectors.float() - self.centre) / self.scale).clamp(-10.0, 10.0)
        return self.second(self.first(standard).relu_()) + self.direct(standard)


class LinearVector(nn.Module):
    """Standardised vectors ``[N, size]`` through one linear layer."""

    centre: Tensor
    scale: Tensor

    def __init__(
        self, spec: VectorSpec, codec: VectorCodec, width: int, generator: torch.Generator
    ):
        super().__init__()
        self.register_buffer("centre", torch.tensor(codec.centre), persistent=False)
        self.register_buffer("scale", torch.tensor(codec.scale), persistent=False)
        self.direct = uniform_linear(spec.size, width, generator)

    def forward(self, vectors: Tensor) -> Tensor:
        """``[N, size]`` real numbers to ``float32 [N, width]``."""
        embedded: Tensor = self.direct((vectors.float() - self.centre) / self.scale)
        return embedded


def observation_embedding(
    spec: ObservationSpec,
    vector: VectorCodec | None,
    config: TransformerConfig,
    generator: torch.Generator,
) -> nn.Module:
    """The embedding that suits ``spec``; a `VectorSpec` needs its fitted codec."""
    match spec:
        case CodesSpec() if config.board_encoder == "convolution":
            return ConvolutionEmbedding(spec, config.width, generator)
        case CodesSpec():
            return CodesEmbedding(spec, config.width, config.board_width, generator)
        case VectorSpec():
            if vector is None or len(vector.centre) != spec.size:
                raise SettingsError(
                    f"vectors of size {spec.size} need a VectorCodec of that size, got {vector}; "
                    "fit one to the demonstrations with VectorCodec.fit"
                )
            kind = LinearVector if config.embeddings == "plain" else VectorEmbedding
            return kind(spec, vector, config.width, generator)
        case _:
            assert_never(spec)


class ReturnEmbedding(nn.Module):
    """A standardised return-to-go, or none, as a vector.

    Features are the value and smooth steps tanh(2 (z - c)), which tell neighbouring
    returns apart and level off outside the data instead of growing; of a ``plain`` one the
    value alone, without bounds.
    """

    knots: Tensor

    def __init__(self, width: int, generator: torch.Generator, plain: bool = False):
        super().__init__()
        self.plain = plain
        self.register_buffer("knots", torch.linspace(-2.5, 2.5, 11), persistent=False)
        self.features = (
            uniform_linear(1, width, generator) if plain else linear(12, width, generator)
        )
        self.none = table(1, width, generator, 0.5)

    def forward(self, standardised: Tensor, kept: Tensor) -> Tensor:
        """``float32 [N, L]`` to ``[N, L, width]``; row n sees no return unless ``kept[n]``."""
        value = standardised.unsqueeze(-1)
        share = kept.float().view(-1, 1, 1)
        features = self._features(value) * share
        weights = torch.cat([self.features.weight, self.none.mT], dim=1)
        both = torch.cat([features, (1.0 - share).expand_as(value)], dim=-1)
        return nn.functional.linear(both, weights, self.features.bias)

    def asked(self, standardised: Tensor) -> Tensor:
        """``float32 [N]`` to ``[N, width]``: what `forward` gives rows that see a return."""
        return self.features(self._features(standardised.unsqueeze(-1)))

    def _features(self, value: Tensor) -> Tensor:
        if self.plain:
            return value
        steps = torch.tanh(2.0 * (value - self.knots))
        return torch.cat([value.clamp(-6.0, 6.0), steps], dim=-1)

    def dropped(self) -> Tensor:
        """What a row that sees no return gets, ``[1, width]``."""
        return self.none + self.features.bias


class TimeEmbedding(nn.Module):
    """Steps since the reset, as a fraction of the horizon, as a vector."""

    waves: Tensor

    def __init__(self, horizon: int, width: int, generator: torch.Generator):
        super().__init__()
        self.horizon = horizon
        waves = math.pi * torch.tensor([0.5, 1.0, 2.0, 4.0])
        self.register_buffer("waves", waves, persistent=False)
        self.features = linear(9, width, generator)

    def forward(self, times: Tensor) -> Tensor:
        """``[N]`` integers to ``float32 [N, width]``."""
        share = times.float().unsqueeze(-1) / self.horizon
        angles = share * self.waves
        return self.features(torch.cat([share, torch.sin(angles), torch.cos(angles)], dim=-1))
