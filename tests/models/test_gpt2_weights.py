"""The first weights of the published method, and that nobody else's change."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.models.transformer_config import TransformerConfig
from driftline.spaces.codecs import ReturnCodec, VectorCodec
from driftline.spaces.specs import ContinuousActionSpec, VectorSpec

CONFIG = TransformerConfig(
    width=64, layers=3, heads=1, tokens="three", gaussian="squashed", embeddings="plain"
)
GPT2 = replace(CONFIG, weights="gpt2")
SIZE = 3


def made(config: TransformerConfig, seed: int = 0) -> TrajectoryTransformer:
    return TrajectoryTransformer(
        config,
        VectorSpec(5),
        ContinuousActionSpec((-1.0,) * SIZE, (1.0,) * SIZE),
        ReturnCodec.fit(np.arange(50.0)),
        VectorCodec((0.0,) * 5, (1.0,) * 5),
        seed,
    )


def test_blocks_begin_with_the_deviations_of_gpt2() -> None:
    weights = {name: each.detach() for name, each in made(GPT2).named_parameters()}
    for layer, expected in (
        ("query_key_value", 0.02),
        ("rise", 0.02),
        ("joined", 0.02 / 6**0.5),  # three layers add twice
        ("fall", 0.02 / 6**0.5),
    ):
        found = [float(weights[f"blocks.{number}.{layer}.weight"].std()) for number in range(3)]
        assert found == pytest.approx([expected] * 3, rel=0.05)


def test_means_and_deviations_begin_as_orthogonal_rows() -> None:
    weight = made(GPT2).action_head.weight.detach()
    for rows in (weight[:SIZE], weight[SIZE:]):
        assert torch.allclose(rows @ rows.mT, torch.eye(SIZE), atol=1e-5)
    assert not torch.allclose(weight[:SIZE], weight[SIZE:])


def test_all_else_begins_as_it_does_without() -> None:
    scaled, gpt2 = (dict(made(each).named_parameters()) for each in (CONFIG, GPT2))
    changed = {name for name in scaled if not torch.equal(scaled[name], gpt2[name])}
    layers = "query_key_value", "joined", "rise", "fall"
    expected = {f"blocks.{n}.{layer}.weight" for n in range(3) for layer in layers}
    assert changed == {*expected, "action_head.weight"}


def test_they_follow_from_the_seed() -> None:
    first, again, other = (made(GPT2, seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["action_head.weight"], other["action_head.weight"])
