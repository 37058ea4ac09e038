"""Laws of the flow policy: acting = windows, causal, bounded, rebuilt, without a density."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from driftline.data.windows import Windows
from driftline.errors import CapabilityError, SettingsError, SpaceError
from driftline.models.conformance import GenerativeModelConformance
from driftline.models.flow_histories import BEFORE_RESET, NOT_SHOWN, THERE, FlowSteps
from driftline.models.flow_policy import FlowPolicy
from driftline.models.flow_policy_config import FlowPolicyConfig
from driftline.models.model import HasDensity, HasReturnDistribution, capability
from driftline.spaces.specs import DiscreteActionSpec
from tests.models import flow_examples as examples

CONTEXTS = pytest.mark.parametrize("context", [1, 2, 5])
TIMES = pytest.mark.parametrize("time", ["none", "elapsed"])


class TestVectors(GenerativeModelConformance):
    @pytest.fixture(params=[1, 4])
    def model(self, request: pytest.FixtureRequest) -> FlowPolicy:
        return examples.model(context_length=request.param, time="elapsed", guidance=1.5)

    @pytest.fixture
    def windows(self) -> Windows:
        return examples.source().whole(np.arange(3))


class TestBoards(GenerativeModelConformance):
    @pytest.fixture
    def model(self) -> FlowPolicy:
        return examples.model(boards=True, context_length=3, solver="euler")

    @pytest.fixture
    def windows(self) -> Windows:
        return examples.source(boards=True).whole(np.arange(3))


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(7)


def contexts(model: FlowPolicy, windows: Windows) -> torch.Tensor:
    """What the flow makes of every real step of the windows, ``[N, width]``."""
    steps = FlowSteps.of(
        windows, model.config.context_length, examples.BOX, model.returns, model.device
    )
    with torch.no_grad():
        return model.read(steps.histories)


@CONTEXTS
@TIMES
@pytest.mark.parametrize("cut", [0, 1, 6])
def test_acting_reads_what_windows_from_the_reset_show(context: int, time: str, cut: int) -> None:
    model = examples.model(context_length=context, time=time)
    windows = examples.source(lengths=(12, 12, 12)).whole(np.arange(3))
    shown = contexts(model, windows).unflatten(0, (3, 12))
    with torch.no_grad():
        before = model.window_return_log_probabilities(windows, after_action=False)
        after = model.window_return_log_probabilities(windows, after_action=True)
    state, rows = model.begin(3), np.arange(3)
    for step in range(12):
        if step == cut:
            state, rows = model.narrow(state, np.array([2, 0])), np.array([2, 0])
        done = windows.actions[rows, step]
        state = model.observe(state, windows.observations[rows, step], None)
        assert torch.allclose(state.context, shown[rows, step], atol=1e-5)
        found = model.return_log_probabilities(state, None)
        assert torch.allclose(found, before[rows, step], atol=1e-5)
        each = model.return_log_probabilities(state, torch.from_numpy(done).unsqueeze(1))
        assert torch.allclose(each[:, 0], after[rows, step], atol=1e-5)
        state = model.remember(state, done)


@CONTEXTS
def test_a_step_reads_its_context_and_nothing_else(context: int) -> None:
    model, windows = examples.model(context_length=context), examples.source().whole(np.array([0]))
    changed = np.zeros((1, 30), np.bool_)
    changed[:, 10] = True
    seen = replace(windows, observations=windows.observations + changed[..., None])
    done = replace(windows, actions=np.where(changed[..., None], 1.0, windows.actions))
    plain = contexts(model, windows)
    for other, first in ((seen, 10), (done, 11)):
        moved = (contexts(model, other) - plain).abs().amax(1) > 1e-6
        assert moved.nonzero().flatten().tolist() == list(range(first, 10 + context))


def test_a_window_that_begins_within_an_episode_says_so() -> None:
    data = examples.source()
    early, late = data.whole(np.array([0]), 3), data.cut(np.array([0]), np.array([1]), 3)
    model = examples.model(context_length=4)
    told = [
        FlowSteps.of(each, 4, examples.BOX, model.returns, model.device).histories.absence.tolist()
        for each in (early, late)
    ]
    t, r, n = THERE, BEFORE_RESET, NOT_SHOWN
    assert told == [[[r, r, r], [t, r, r], [t, t, r]], [[n, r, r], [t, n, r], [t, t, n]]]


def test_proposals_are_many_different_and_inside_the_box() -> None:
    model, windows = examples.model(), examples.source().whole(np.arange(3))
    state = model.observe(model.begin(3), windows.observations[:, 0], windows.returns_to_go[:, 0])
    found = model.propose(state, 200, generator()).numpy()
    assert found.shape == (3, 200, 2)
    assert found.dtype == np.float32
    assert np.all((found >= examples.BOX.low) & (found <= examples.BOX.high))
    assert len(np.unique(found.reshape(-1, 2), axis=0)) > 300
    assert np.array_equal(found, model.propose(state, 200, generator()).numpy())


def test_all_randomness_is_that_of_the_generator() -> None:
    model, windows = examples.model(), examples.source().whole(np.arange(3))
    before = torch.get_rng_state()
    first, second = (model.loss(windows, generator()).total.item() for _ in "ab")
    other = model.loss(windows, torch.Generator().manual_seed(8)).total.item()
    assert first == second != other
    model.act(model.begin(3), windows.observations[:, 0], None, generator())
    assert torch.equal(before, torch.get_rng_state())


def test_guidance_leads_from_the_unconditioned_flow_through_the_conditioned_one() -> None:
    windows = examples.source().whole(np.arange(3))

    def proposed(guidance: float, asked: bool) -> torch.Tensor:
        model = examples.model(guidance=guidance)
        returns = windows.returns_to_go[:, 0] + 2.0 if asked else None
        state = model.observe(model.begin(3), windows.observations[:, 0], returns)
        return model.propose(state, 5, generator())

    plain, asked = proposed(1.0, False), proposed(1.0, True)
    assert not torch.allclose(plain, asked, atol=1e-3)
    assert torch.allclose(proposed(0.0, True), plain, atol=1e-5)
    assert torch.equal(proposed(3.0, False), plain)
    assert not torch.allclose(proposed(3.0, True), asked, atol=1e-3)


def test_the_flow_and_the_return_head_share_no_weights() -> None:
    model, windows = examples.model(), examples.source().whole(np.arange(3))
    silent = examples.model(return_loss_weight=0.0)
    silent.loss(windows, generator()).total.backward()
    model.loss(windows, generator()).total.backward()
    for name, weight in silent.named_parameters():
        gradient = weight.grad
        assert gradient is not None
        if name.startswith(("head_read", "return_head")):
            assert not gradient.any()
        else:
            assert torch.equal(gradient, model.get_parameter(name).grad)


def test_there_is_a_return_distribution_but_no_density() -> None:
    model = examples.model()
    assert isinstance(model, HasReturnDistribution)
    assert not isinstance(model, HasDensity)
    with pytest.raises(CapabilityError, match=r"FlowPolicy lacks HasDensity.*; resample"):
        capability(model, HasDensity, "resample candidates by the return head instead")


def test_a_model_is_rebuilt_from_its_description_and_weights() -> None:
    for boards in (False, True):
        model = examples.model(boards=boards, context_length=3, time="elapsed", seed=5)
        again = FlowPolicy.from_json(json.loads(json.dumps(model.to_json())))
        again.load_state_dict(model.state_dict())
        windows = examples.source(boards=boards).whole(np.arange(3))
        first, second = (
            each.act(each.begin(3), windows.observations[:, 0], None, generator())[0]
            for each in (model, again)
        )
        assert np.array_equal(first, second)
        assert again.to_json() == model.to_json()


def test_the_seed_alone_makes_the_initial_weights() -> None:
    first, again, other = (examples.model(seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["read.merge.weight"], other["read.merge.weight"])


def test_what_cannot_be_done_is_refused() -> None:
    model, windows = examples.model(), examples.source().whole(np.arange(3))
    seen = windows.observations[:, 0]
    with pytest.raises(SettingsError, match="observed no step; call observe"):
        model.propose(model.begin(3), 1, generator())
    state = model.act(model.begin(3), seen, None, generator())[1]
    with pytest.raises(SettingsError, match="at every step or at none"):
        model.observe(state, seen, np.zeros(3))
    with pytest.raises(SpaceError, match="needs continuous actions"):
        FlowPolicy(model.config, model.observation, DiscreteActionSpec(3), model.returns)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"flow_steps": 0}, "flow_steps must be 1 or more"),
        ({"guidance": -1.0}, "guidance must be 0 or more"),
        ({"return_dropout": 1.5}, r"must lie in \[0, 1\]"),
        ({"guidance": 2.0, "return_dropout": 0.0}, "with and without returns"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        FlowPolicyConfig(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["solver", "time"])
def test_unknown_alternatives_are_refused(name: str) -> None:
    """As they come out of a file; in code the type checker refuses them before."""
    config = FlowPolicyConfig()
    object.__setattr__(config, name, "other")
    with pytest.raises(SettingsError, match=f"{name} is 'other'"):
        config.__post_init__()
