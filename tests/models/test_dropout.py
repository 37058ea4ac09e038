"""Dropping keeps the mean, leaves out the share that is asked for and follows its generator."""

from __future__ import annotations

import pytest
import torch

from driftline.models.dropout import Dropout, dropout


def drawn(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_share_is_left_out_and_the_mean_is_kept(share: float) -> None:
    values = torch.ones(1000, 1001)
    dropped = Dropout(share, drawn())(values)
    assert (dropped == 0).float().mean().item() == pytest.approx(share, abs=0.003)
    assert dropped.mean().item() == pytest.approx(1.0, abs=0.01)
    assert len(dropped.unique()) == 2
    # Neighbours, which are bytes of one number, are dropped independently.
    gone = (dropped == 0).float()
    for apart in (1, 7, 8):
        both = (gone[:, apart:] * gone[:, :-apart]).mean().item()
        assert both == pytest.approx(share**2, abs=0.004)


def test_the_same_generator_drops_the_same_and_another_does_not() -> None:
    values = torch.randn(64, 3, generator=drawn(1))
    first, second, other = (Dropout(0.5, drawn(seed))(values) for seed in (0, 0, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_few_bits_keep_the_mean_too() -> None:
    values = torch.ones(1000, 1000, dtype=torch.bfloat16)
    dropped = Dropout(0.1, drawn())(values)
    assert dropped.dtype == torch.bfloat16
    # A single value rounds, to 1 part in 256.
    assert dropped.float().mean().item() == pytest.approx(1.0, abs=0.005)


def test_nothing_is_dropped_where_the_share_is_nothing() -> None:
    assert dropout(0.0, drawn()) is None
    assert isinstance(dropout(0.1, drawn()), Dropout)


def test_gradients_reach_what_was_kept_alone() -> None:
    values = torch.ones(1000, requires_grad=True)
    dropped = Dropout(0.25, drawn())(values)
    dropped.sum().backward()  # type: ignore[no-untyped-call]
    assert values.grad is not None
    assert torch.equal(values.grad == 0, dropped == 0)
    assert values.grad.max().item() == pytest.approx(4 / 3)
