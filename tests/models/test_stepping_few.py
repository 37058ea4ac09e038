"""Acting in a few episodes and in many is the forward pass over the whole episode, all alike."""

from __future__ import annotations

import copy
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from driftline.data.windows import Windows
from driftline.errors import SettingsError
from driftline.models import memory
from driftline.models.memory import Memory
from driftline.models.stepping import ManyRings
from driftline.models.stepping_attention import WIDE
from driftline.models.stepping_few import FEW, FewRings, Layer
from driftline.models.stepping_head import FewHead
from driftline.models.stepping_tokens import FewTokens, StepTokens
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.models.transformer_config import TransformerConfig
from driftline.spaces.codecs import ReturnCodec, VectorCodec
from driftline.spaces.specs import ContinuousActionSpec, VectorSpec

BOX = ContinuousActionSpec((-1.0, 0.0), (1.0, 4.0))
CONFIG = TransformerConfig(width=16, heads=2, context_length=3, gaussian="squashed")
STEPS, SIZE = 8, 5


def model(config: TransformerConfig) -> TrajectoryTransformer:
    """With every weight drawn anew, norms and offsets too: fresh ones are ones and zeros."""
    vector = VectorCodec((-1.0, -0.5, 0.0, 0.5, 1.0), (0.5, 0.8, 1.1, 1.5, 2.0))
    returns = ReturnCodec(1.0, 2.0, 0.0, 10.0, 5)
    made = TrajectoryTransformer(config, VectorSpec(SIZE), BOX, returns, vector)
    draw = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in made.parameters():
            weight.add_(0.3 * torch.randn(weight.shape, generator=draw))
    return made.eval()


def episode(batch: int) -> Windows:
    """Random steps of ``batch`` episodes, the same in each but for a shift of the observations."""
    draw = np.random.default_rng(0)
    observations = draw.normal(size=(1, STEPS, SIZE)) + 0.1 * np.arange(batch)[:, None, None]
    actions = draw.uniform(BOX.low, BOX.high, (batch, STEPS, 2)).astype(np.float32)
    return Windows(
        observations=observations.astype(np.float32),
        actions=actions,
        previous_actions=np.concatenate([np.zeros((batch, 1, 2), np.float32), actions[:, :-1]], 1),
        returns_to_go=draw.normal(size=(batch, STEPS)),
        times=np.tile(np.arange(STEPS), (batch, 1)),
        valid=np.ones((batch, STEPS), np.bool_),
        ends=np.zeros((batch, STEPS), np.int8),
    )


def stepped(made: TrajectoryTransformer, whole: Windows, asked: bool) -> torch.Tensor:
    """Distributions ``[B, steps, P]`` of acting step by step."""
    state, found = made.begin(len(whole.valid)), []
    for step in range(whole.valid.shape[1]):
        returns = whole.returns_to_go[:, step] if asked else None
        state = made.observe(state, whole.observations[:, step], returns)
        found.append(made.distribution(state))
        state = made.remember(state, whole.actions[:, step])
    return torch.stack(found, dim=1)


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize("batch", [1, 3, FEW + 1])
@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"gaussian": "clipped"},
        {"time": "elapsed", "horizon": STEPS},
        {"embeddings": "plain", "time": "none"},
        {"tokens": "three"},
        {"width": 48, "heads": 3},
    ],
    ids=str,
)
def test_acting_is_the_forward_pass(choices: dict[str, Any], batch: int, asked: bool) -> None:
    made, whole = model(replace(CONFIG, **choices)), episode(batch)
    with torch.inference_mode():
        expected = made.window_distributions(whole, conditioned=asked)
    found = stepped(made, whole, asked)
    assert torch.allclose(found, expected, atol=5e-5)
    assert found.std(dim=1).min() > 0.01


def test_what_is_not_finite_stays_so_without_a_word() -> None:
    made, whole = model(CONFIG), episode(2)
    seen = whole.observations[:, 0].copy()
    seen[1, 2] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        actions, _ = made.act(made.begin(2), seen, np.zeros(2), torch.Generator().manual_seed(0))
    assert np.isfinite(actions[0]).all()
    assert np.isnan(actions[1]).all()


def test_one_return_is_asked_of_all() -> None:
    made, whole = model(CONFIG), episode(2)
    seen = whole.observations[:, 0]
    one, each = (made.observe(made.begin(2), seen, np.full(n, 3.0)) for n in (1, 2))
    assert torch.equal(made.distribution(one), made.distribution(each))


@pytest.mark.parametrize("batch", [2, FEW + 1])
@pytest.mark.parametrize("context", [None, 2])
def test_every_episode_has_an_observation_of_its_own(batch: int, context: int | None) -> None:
    made = model(replace(CONFIG, acting_context=context))
    seen = episode(batch).observations[:, 0]
    for given in (seen[:1], seen[:0], np.concatenate([seen, seen])):
        with pytest.raises(SettingsError, match=f"{batch} episodes go on and {len(given)} "):
            made.observe(made.begin(batch), given, np.zeros(batch))


def test_episodes_go_on_with_the_model_and_the_weights_they_began_with() -> None:
    made, whole = model(CONFIG), episode(2)
    seen = whole.observations[:, 0], np.zeros(2)
    state = made.observe(made.begin(2), *seen)
    made.observe(copy.deepcopy(state), *seen)
    with pytest.raises(SettingsError, match="begun by another model"):
        copy.deepcopy(made).observe(state, *seen)
    made.load_state_dict({k: 2.0 * v for k, v in made.state_dict().items()}, assign=True)
    with pytest.raises(SettingsError, match="weights have changed"):
        made.observe(state, *seen)


def test_few_and_many_are_computed_in_their_own_ways() -> None:
    made = model(CONFIG)
    few, many = made.begin(FEW), made.begin(FEW + 1)
    assert isinstance(few, Memory)
    assert isinstance(many, Memory)
    assert isinstance(few.rings, FewRings)
    assert isinstance(few.tokens, FewTokens)
    assert isinstance(many.rings, ManyRings)
    assert isinstance(many.tokens, StepTokens)


@pytest.mark.parametrize("gaussian", ["clipped", "squashed"])
@pytest.mark.parametrize("asked", [True, False])
def test_few_draw_what_many_propose(
    gaussian: str, asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, whole = model(replace(CONFIG, gaussian=gaussian)), episode(2)  # type: ignore[arg-type]
    ours, theirs = (torch.Generator().manual_seed(5) for _ in range(2))
    acting = made.begin(2)
    monkeypatch.setattr(memory, "FEW", 0)
    asking = made.begin(2)
    assert isinstance(asking, Memory)
    assert isinstance(asking.rings, ManyRings)
    drawn = []
    for step in range(STEPS):
        seen = whole.observations[:, step], whole.returns_to_go[:, step] if asked else None
        actions, acting = made.act(acting, *seen, ours)
        asking = made.observe(asking, *seen)
        proposed = made.propose(asking, 1, theirs)[:, 0]
        asking = made.remember(asking, proposed)
        assert actions.dtype == np.float32
        assert np.allclose(actions, proposed.numpy(), atol=1e-4)
        drawn.append(actions)
    assert np.std(drawn) > 0.1
    assert (np.stack(drawn) >= BOX.low).all()
    assert (np.stack(drawn) <= BOX.high).all()


@pytest.mark.parametrize("rows", [[2, 0], [3, 3, 1], [True, False, True, True]], ids=str)
@pytest.mark.parametrize("batch", [4, FEW + 4])
def test_episodes_that_go_on_are_as_if_alone(batch: int, rows: list[int] | list[bool]) -> None:
    kept_on = np.array(rows + [False] * (batch - 4) if rows[0] is True else rows)
    made, whole = model(CONFIG), episode(batch)
    state = made.begin(batch)
    for step in range(STEPS):
        seen = whole.observations[:, step], whole.returns_to_go[:, step]
        if step == 5:
            state = made.narrow(state, kept_on)
        if step >= 5:
            seen = seen[0][kept_on], seen[1][kept_on]
        state = made.observe(state, *seen)
        kept = whole.actions[:, step]
        state = made.remember(state, kept[kept_on] if step >= 5 else kept)
    alone = stepped(made, episode(batch), asked=True)[kept_on, -1]
    assert torch.allclose(made.distribution(state), alone, atol=5e-5)


@pytest.mark.parametrize("width", [CONFIG.width, CONFIG.heads * WIDE])
def test_fewer_bits_are_used_where_many_act_and_are_near(width: int) -> None:
    config = replace(CONFIG, width=width)
    whole, half = episode(FEW + 4), replace(config, acting_precision="bfloat16")
    exact, near = (stepped(model(each), whole, asked=True) for each in (config, half))
    apart = (exact - near).abs()
    assert apart.max() > 1e-4
    assert apart.mean() < 0.03
    few = episode(FEW)
    assert torch.equal(*(stepped(model(each), few, asked=True) for each in (config, half)))


@pytest.mark.parametrize("shape", [(7, 5), (6, 40_000), (96, 512), (192, 512), (130, 300)])
def test_products_in_pieces(shape: tuple[int, int]) -> None:
    draw = torch.Generator().manual_seed(0)
    matrix, offset = torch.randn(shape, generator=draw), torch.randn(shape[0], generator=draw)
    rows = torch.randn(3, shape[1], generator=draw)
    found = Layer(matrix, offset)(rows.numpy())
    expected = (rows.double() @ matrix.mT.double() + offset).numpy()
    assert np.allclose(found, expected, atol=1e-5 * shape[1] ** 0.5)


def test_a_model_that_was_always_asked_is_not_believed_unasked() -> None:
    made, whole = model(replace(CONFIG, return_dropout=0.0)), episode(2)
    stepped(made, whole, asked=True)
    with pytest.raises(SettingsError, match="has not learnt to act without one"):
        made.observe(made.begin(2), whole.observations[:, 0], None)
    with pytest.raises(SettingsError, match="above 0"):
        made.window_distributions(whole, conditioned=False)


@pytest.mark.parametrize("box", [(-1.0, 1.0), (-0.1, 0.7), (48.3, 49.1)], ids=str)
def test_edges_are_met_exactly(box: tuple[float, float]) -> None:
    spec = ContinuousActionSpec((box[0],), (box[1],))
    layer = torch.nn.Linear(1, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0], [0.0]]))
        layer.bias.copy_(torch.tensor([0.0, -4.0]))
    ends = np.array([[-4.0], [4.0], [0.0]], np.float32)
    drawn = FewHead(layer, spec).draw(ends, torch.Generator().manual_seed(0))
    assert drawn[:2, 0].tolist() == np.array(box, np.float32).tolist()
    assert box[0] < drawn[2, 0] < box[1]
