"""Embeddings: sums of rows are products with one-hot codes, and their gradients too."""

from __future__ import annotations

import math

import pytest
import torch

from driftline.errors import SettingsError
from driftline.models import embeddings
from driftline.models.embeddings import (
    ReturnEmbedding,
    SumOfRows,
    VectorEmbedding,
    each_once,
    observation_embedding,
)
from driftline.models.transformer_config import TransformerConfig
from driftline.spaces.codecs import VectorCodec
from driftline.spaces.specs import CodesSpec, VectorSpec


@pytest.mark.parametrize("cells", [1, 4])
def test_a_sum_of_rows_is_a_product_with_one_hot_codes(cells: int) -> None:
    draw = torch.Generator().manual_seed(0)
    indices = torch.randint(3, (20, cells), generator=draw) + 3 * torch.arange(cells)
    summed = torch.randn(12, 5, generator=draw).requires_grad_()
    multiplied = summed.detach().clone().requires_grad_()
    weights = torch.randn(20, 5, generator=draw)
    one_hot = torch.nn.functional.one_hot(indices, 12).sum(1).float()
    first, second = SumOfRows.apply(indices.int(), summed), one_hot @ multiplied
    (first * weights).sum().backward()
    (second * weights).sum().backward()
    assert torch.allclose(first, second, atol=1e-6)
    assert torch.allclose(summed.grad, multiplied.grad, atol=1e-5)


def gradients(embed: torch.nn.Module, embedded: torch.Tensor) -> list[torch.Tensor]:
    """Of a weighted sum of the vectors, for every weight of ``embed``."""
    draw = torch.Generator().manual_seed(2)
    total = (embedded * torch.randn(embedded.shape, generator=draw)).sum()
    return list(torch.autograd.grad(total, list(embed.parameters())))


@pytest.mark.parametrize("encoder", ["dense", "convolution"])
@pytest.mark.parametrize(("kinds", "mixed"), [(3, True), (3, False), (200, True)])
def test_a_board_that_occurs_again_is_embedded_once(
    monkeypatch: pytest.MonkeyPatch, encoder: str, kinds: int, mixed: bool
) -> None:
    """Unless most differ, or sums that should tell boards apart do not."""
    draw = torch.Generator().manual_seed(0)
    config = TransformerConfig(board_encoder=encoder)  # type: ignore[arg-type]
    embed = observation_embedding(CodesSpec((3, 4), 5), None, config, draw)
    rows: list[int] = []
    embed.register_forward_hook(lambda _, given, __: rows.append(len(given[0])))
    different = torch.randint(5, (kinds, 3, 4), generator=draw).byte()
    boards = different[torch.randint(kinds, (60,), generator=draw)]
    if not mixed:
        monkeypatch.setattr(embeddings, "MIXERS", torch.zeros(4096, dtype=torch.int64))
    found, expected = each_once(embed, boards), embed(boards)
    assert rows == [3 if kinds == 3 and mixed else 60, 60]
    assert torch.allclose(found, expected, atol=1e-6)
    for one, other in zip(gradients(embed, found), gradients(embed, expected), strict=True):
        assert torch.allclose(one, other, atol=1e-4)


@pytest.mark.parametrize("encoder", ["dense", "convolution"])
def test_boards_are_told_apart_and_rows_do_not_meet(encoder: str) -> None:
    embed = observation_embedding(
        CodesSpec((3, 4), 5),
        None,
        TransformerConfig(board_encoder=encoder),
        torch.Generator().manual_seed(0),
    )
    boards = torch.randint(5, (6, 3, 4), generator=torch.Generator().manual_seed(1)).byte()
    together = embed(boards)
    assert torch.allclose(together[2:3], embed(boards[2:3]), atol=1e-6)
    assert torch.pdist(together).min() > 0.5


def test_a_convolution_needs_a_board() -> None:
    with pytest.raises(SettingsError, match="use 'dense'"):
        observation_embedding(
            CodesSpec((8,), 5),
            None,
            TransformerConfig(board_encoder="convolution"),
            torch.Generator(),
        )


def test_vectors_are_standardised_so_that_their_units_do_not_matter() -> None:
    raw = torch.randn(50, 3, generator=torch.Generator().manual_seed(0))
    outputs = []
    for unit in (1.0, 1000.0):
        codec = VectorCodec.fit((raw * unit).double().numpy())
        embed = VectorEmbedding(VectorSpec(3), codec, 8, torch.Generator().manual_seed(1))
        outputs.append(embed(raw * unit))
    assert torch.allclose(*outputs, atol=1e-3)


def test_a_dropped_return_is_one_vector_and_large_ones_stay_bounded() -> None:
    embed = ReturnEmbedding(8, torch.Generator().manual_seed(0))
    returns = torch.tensor([[-1.0, 0.5], [2.0, 1e9]])
    blind = embed(returns, torch.tensor([False, False]))
    assert torch.allclose(blind, embed.dropped().expand(2, 2, 8))
    seen = embed(returns, torch.tensor([True, True]))
    assert torch.pdist(seen.flatten(0, 1)).min() > 0.1
    assert seen.abs().max() < 10 * math.sqrt(12)
