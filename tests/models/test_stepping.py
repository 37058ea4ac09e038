"""What acting folds together is what training computes, weight by weight."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from driftline.data.windows import Windows
from driftline.errors import SettingsError, SpaceError
from driftline.models import stepping
from driftline.models.embeddings import ConvolutionEmbedding
from driftline.models.stepping import LookedUpConvolution, ManyRings, stepping_embedding
from driftline.models.stepping_attention import WIDE, NarrowHeads, WideHeads
from driftline.models.stepping_few import FEW
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.models.transformer_config import TransformerConfig
from driftline.spaces.codecs import ReturnCodec
from driftline.spaces.specs import CodesSpec, DiscreteActionSpec

BOARD = CodesSpec((3, 5), 4)
CONFIG = TransformerConfig(width=16, heads=2, context_length=3, board_encoder="convolution")


def model(config: TransformerConfig) -> TrajectoryTransformer:
    """With every weight drawn anew, norms and offsets too: fresh ones are ones and zeros."""
    codec = ReturnCodec(1.0, 2.0, 0.0, 10.0, 5)
    made = TrajectoryTransformer(config, BOARD, DiscreteActionSpec(3), codec)
    draw = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in made.parameters():
            weight.add_(1.2 * config.width**-0.5 * torch.randn(weight.shape, generator=draw))
    return made.eval()


def acted(made: TrajectoryTransformer, boards: np.ndarray, asked: np.ndarray) -> torch.Tensor:
    """Distributions ``[steps, B, A]`` of acting step by step, every second action 2."""
    state, found = made.begin(boards.shape[1]), []
    for step, seen in enumerate(boards):
        state = made.observe(state, seen, asked)
        found.append(made.distribution(state))
        state = made.remember(state, np.full(len(seen), 2 * (step % 2)))
    return torch.stack(found)


@pytest.mark.parametrize("tokens", ["fused", "three"])
@pytest.mark.parametrize("time", ["none", "relative", "elapsed"])
@pytest.mark.parametrize("batch", [4, FEW + 1])
@pytest.mark.parametrize("width", [CONFIG.width, 2 * WIDE])
@pytest.mark.parametrize("large", [False, True])
def test_acting_is_the_forward_pass_whatever_the_weights(
    tokens: str, time: str, batch: int, width: int, large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stepping, "LARGE", 1 if large else stepping.LARGE)
    made = model(replace(CONFIG, tokens=tokens, time=time, width=width))  # type: ignore[arg-type]
    draw = np.random.default_rng(0)
    steps = 9
    boards = draw.integers(0, 4, size=(steps, batch, *BOARD.shape)).astype(np.uint8)
    asked = np.full(batch, 3.0)
    actions = np.tile(2 * (np.arange(steps) % 2), (batch, 1))
    whole = Windows(
        observations=boards.swapaxes(0, 1),
        actions=actions,
        previous_actions=np.concatenate([np.full((batch, 1), -1), actions[:, :-1]], axis=1),
        returns_to_go=np.tile(asked[:, None], (1, steps)),
        times=np.tile(np.arange(steps), (batch, 1)),
        valid=np.ones((batch, steps), np.bool_),
        ends=np.zeros((batch, steps), np.int8),
    )
    expected = made.window_distributions(whole, conditioned=True).transpose(0, 1)
    found = acted(made, boards, asked)
    assert torch.allclose(found, expected, atol=2e-5)
    assert found.std() > 0.05


@pytest.mark.parametrize(("width", "kind"), [(CONFIG.width, NarrowHeads), (2 * WIDE, WideHeads)])
def test_episodes_that_are_left_go_on_as_they_would_have(width: int, kind: type) -> None:
    made = model(replace(CONFIG, width=width))
    boards = np.random.default_rng(0).integers(0, 4, size=(8, 12, *BOARD.shape)).astype(np.uint8)
    whole, kept = acted(made, boards, np.zeros(12)), np.array([7, 0, 3, 11, 4, 5, 6, 8, 9])
    state = made.begin(12)
    assert isinstance(state.rings, ManyRings)
    assert isinstance(state.rings.blocks[0].heads, kind)
    for step, seen in enumerate(boards):
        if step == 4:
            state = made.narrow(state, kept)
        rows = seen if step < 4 else seen[kept]
        state = made.observe(state, rows, np.zeros(len(rows)))
        found = made.distribution(state)
        expected = whole[step] if step < 4 else whole[step][kept]
        assert torch.allclose(found, expected, atol=2e-5)
        state = made.remember(state, np.full(len(rows), 2 * (step % 2)))


@pytest.mark.parametrize("name", [name for name, _ in model(CONFIG).named_parameters()])
def test_episodes_end_with_the_weights_they_began_with(name: str) -> None:
    made = model(CONFIG)
    boards = np.random.default_rng(0).integers(0, 4, size=(3, *BOARD.shape)).astype(np.uint8)
    state = made.observe(made.begin(3), boards, np.zeros(3))
    with torch.no_grad():
        made.get_parameter(name).mul_(3.0)
    with pytest.raises(SettingsError, match="anew after training"):
        made.observe(state, boards, np.zeros(3))
    made.observe(made.begin(3), boards, np.zeros(3))


def test_a_looked_up_convolution_is_the_convolution() -> None:
    draw = torch.Generator().manual_seed(0)
    computed = ConvolutionEmbedding(BOARD, 8, draw)
    with torch.no_grad():
        computed.around.bias.normal_(generator=draw)  # type: ignore[union-attr]
        boards = torch.randint(0, 4, (50, *BOARD.shape), generator=draw, dtype=torch.uint8)
        looked_up = stepping_embedding(computed)
        assert isinstance(looked_up, LookedUpConvolution)
        assert torch.allclose(looked_up(boards), computed(boards), atol=1e-5)


def test_a_table_that_would_be_too_large_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    computed = ConvolutionEmbedding(BOARD, 8, torch.Generator())
    numbers = 15 * 4 * 15 * ConvolutionEmbedding.CHANNELS
    monkeypatch.setattr(stepping, "LARGEST_TABLE", numbers)
    assert isinstance(stepping_embedding(computed), LookedUpConvolution)
    monkeypatch.setattr(stepping, "LARGEST_TABLE", numbers - 1)
    assert stepping_embedding(computed) is computed


def test_a_code_that_is_none_is_refused_where_it_is_looked_up() -> None:
    looked_up = stepping_embedding(ConvolutionEmbedding(BOARD, 8, torch.Generator()))
    boards = torch.zeros(2, *BOARD.shape, dtype=torch.int64)
    for wrong in (4, -1):
        boards[1, 0, 0] = wrong
        with pytest.raises(SpaceError, match="the codes are 0 to 3"):
            looked_up(boards)
