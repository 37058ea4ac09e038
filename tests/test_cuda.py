"""On a GPU models keep the same laws, and agents learn what they learn on the processor."""

from __future__ import annotations

from dataclasses import fields
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import driftline as dl
from driftline.agents.return_conditioned import ReturnConditionedAgent
from driftline.agents.rollout import rollout
from driftline.conditioning.reference import Reference
from driftline.data.windows import Windows
from driftline.experiments import finishing, presets, studies
from driftline.experiments.head_check import check_head
from driftline.models.conformance import GenerativeModelConformance
from driftline.models.dropout import WHOLE, Dropout
from driftline.models.nearby import nearby
from driftline.models.trainable import device_of
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.training.divergence import Divergences
from driftline.training.update import make_optimiser, update
from driftline.training.value_guidance import Guide, ValueGuidance
from tests.experiments.recorded import CART, balancer, record, short_cart
from tests.experiments.tiny import FEW, tiny
from tests.models import examples, flow_examples
from tests.training import learners

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
DIVERGENCES = [each.name for each in fields(Divergences)]
KINDS: dict[str, dict[str, Any]] = {
    "boards": {},
    "three tokens": {"tokens": "three"},
    "convolved boards": {"board_encoder": "convolution"},
    "vectors": {"vectors": True, "time": "elapsed"},
    "clipped actions": {"vectors": True, "box": True},
    "squashed actions": {"vectors": True, "box": True, "gaussian": "squashed"},
}


class TestTransformerOnCuda(GenerativeModelConformance):
    @pytest.fixture(params=KINDS)
    def settings(self, request: pytest.FixtureRequest) -> dict[str, Any]:
        return KINDS[request.param]

    @pytest.fixture
    def model(self, settings: dict[str, Any]) -> Any:
        return examples.model(**settings).to("cuda")

    @pytest.fixture
    def windows(self, settings: dict[str, Any]) -> Windows:
        kind = {name: settings.get(name, False) for name in ("vectors", "box")}
        return examples.source(**kind).whole(np.arange(3))

    def test_is_the_same_function_as_on_the_processor(
        self, settings: dict[str, Any], windows: Windows
    ) -> None:
        found = []
        for device in ("cpu", "cuda"):
            model = examples.model(**settings).to(device)
            loss = model.loss(windows, torch.Generator().manual_seed(2))
            with torch.inference_mode():
                known = model.window_distributions(windows, True)
            assert known.device.type == device
            found.append((loss.total.item(), known.cpu().numpy()[windows.valid]))
        assert found[0][0] == pytest.approx(found[1][0], rel=1e-4)
        assert np.allclose(found[0][1], found[1][1], atol=1e-3, rtol=1e-4)

    @pytest.mark.parametrize(("precision", "apart"), [("float32", 2e-3), ("bfloat16", 5e-2)])
    def test_updates_go_the_same_way(
        self, settings: dict[str, Any], precision: Any, apart: float
    ) -> None:
        kind = {name: settings.get(name, False) for name in ("vectors", "box")}
        losses = []
        for device in ("cpu", "cuda"):
            model = examples.model(**settings).to(device)
            for optimiser in ("adamw", "lamb"):
                named: Any = {"optimiser": optimiser, "precision": precision}
                chosen = dl.UpdateSettings(batch=8, window=6, **named)
                steps = update(
                    model, make_optimiser(model, chosen), examples.source(**kind), chosen,
                    [1.0] * 5, seed=4,
                )  # fmt: skip
                losses.append([each["loss"] for each in steps])
        assert np.allclose(losses[:2], losses[2:], rtol=apart)


def test_a_gpu_drops_by_its_own_draws_from_the_same_generator() -> None:
    values = torch.ones(1000, 1001, device="cuda")
    given = [torch.Generator().manual_seed(seed) for seed in (0, 0, 2)]
    drops = [Dropout(0.25, each) for each in given]
    first, second, other = ([drop(values) for _ in "ab"] for drop in drops)
    once = torch.Generator().manual_seed(0)
    torch.randint(*WHOLE, (), generator=once)
    assert torch.equal(given[0].get_state(), once.get_state())
    assert all(torch.equal(*pair) for pair in zip(first, second, strict=True))
    assert not torch.equal(first[0], first[1])
    assert not torch.equal(first[0], other[0])
    gone = (first[0] == 0).float()
    assert gone.mean().item() == pytest.approx(0.25, abs=0.003)
    for apart in (1, 7, 8):
        both = (gone[:, apart:] * gone[:, :-apart]).mean().item()
        assert both == pytest.approx(0.0625, abs=0.004)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_model_that_drops_learns_the_same_twice(precision: Any) -> None:
    losses = []
    for _ in range(2):
        model = examples.model(vectors=True, box=True, gaussian="squashed", dropout=0.25).to("cuda")
        chosen = dl.UpdateSettings(batch=8, window=6, precision=precision)
        data = examples.source(vectors=True, box=True)
        optimiser = make_optimiser(model, chosen)
        steps = update(model, optimiser, data, chosen, [1.0] * 5, seed=4)
        losses.append([each["loss"] for each in steps])
    assert np.isfinite(losses).all()
    assert np.allclose(*losses, rtol=1e-4)


class TestFlowOnCuda(GenerativeModelConformance):
    @pytest.fixture
    def model(self) -> Any:
        return flow_examples.model().to("cuda")

    @pytest.fixture
    def windows(self) -> Windows:
        return flow_examples.source().whole(np.arange(3))


def on_cuda(patch: pytest.MonkeyPatch) -> None:
    """From now on the learners of the tests begin with a model on the GPU."""
    plain = learners.demonstrator
    patch.setattr(learners, "demonstrator", lambda: plain().to("cuda"))


def numbers(told: Any) -> list[float]:
    """Every number of nested plain values, in order."""
    match told:
        case dict():
            return [number for name in sorted(told) for number in numbers(told[name])]
        case list() | tuple():
            return [number for each in told for number in numbers(each)]
        case bool() | str() | None:
            return []
        case _:
            return [float(told)]


@pytest.mark.parametrize("name", learners.LEARNERS)
def test_a_learner_goes_the_same_way(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    here = learners.play(learners.LEARNERS[name](), 2)
    on_cuda(monkeypatch)
    learner = learners.LEARNERS[name]()
    there = learners.play(learner, 2)
    for before, after in zip(*map(learners.episodes_of, (here, there)), strict=True):
        assert np.array_equal(before.trajectories.actions, after.trajectories.actions)
        for column in DIVERGENCES:
            measured = (getattr(before, column), getattr(after, column))
            # A Hellinger distance of nothing is the root of a rounding error.
            assert np.allclose(*measured, rtol=1e-3, atol=1e-3, equal_nan=True)
    one, other = (numbers(learners.timeless(each)) for each in (here, there))
    assert len(one) > 10
    assert np.allclose(one, other, rtol=1e-3, atol=1e-4, equal_nan=True)
    tensors, values = learner.state()
    again = learners.LEARNERS[name]()
    history = [each.trajectories for each in learners.episodes_of(there)]
    again.restore({key: each.cpu() for key, each in tensors.items()}, values, history)
    assert learners.same_tensors(again.state()[0], tensors)


TARGETS = [
    dl.Unconditioned(),
    dl.Quantile(0.9),
    dl.Quantile(0.9, per="step"),
    dl.BestOfN(4, per="step"),
    dl.ExponentialTilt(0.1, least_samples=0.0),
    dl.ExponentialTilt(0.1, per="step", least_samples=0.0),
    dl.FactorisedTilt(0.1, least_samples=0.0),
    dl.SampledMaximum(4),
]


@pytest.mark.parametrize("place", ["processor", "GPU"])
@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_agents_play_the_same_episodes(
    target: Any, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if place == "GPU":
        monkeypatch.setattr("driftline.models.nearby.SMALL", 0.0)
    played = []
    for device in ("cpu", "cuda"):
        model = learners.demonstrator().to(device)
        reference = Reference.of(learners.demonstrated().returns)
        agent = ReturnConditionedAgent(model, target, reference)
        played.append(rollout(learners.world(), agent, 12, seed=3).episodes.trajectories)
    assert np.array_equal(played[0].actions, played[1].actions)


@pytest.mark.parametrize(("episodes", "place"), [(4, "cpu"), (10**6, "cuda")])
def test_few_episodes_are_acted_in_on_the_processor(episodes: int, place: str) -> None:
    model = learners.demonstrator().to("cuda")
    acting = nearby(model, episodes)
    assert device_of(acting).type == place
    assert device_of(model).type == "cuda"
    assert learners.same_tensors(
        *({key: each.cpu() for key, each in one.state_dict().items()} for one in (model, acting))
    )


def test_a_study_learns_where_it_is_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presets, "study", tiny)
    monkeypatch.setattr(finishing, "write_report", lambda *given: None)
    places: list[str] = []
    plain = TrajectoryTransformer.loss

    def loss(self: Any, *given: Any) -> Any:
        places.append(self.device.type)
        return plain(self, *given)

    monkeypatch.setattr(TrajectoryTransformer, "loss", loss)
    options: dict[str, Any] = {"budget": "smoke", "agents": FEW, "workers": 1, "device": "cuda"}
    assert studies.run_study("tomato-watering", out=tmp_path / "out", **options) == 0
    assert set(places) == {"cuda"}


@pytest.mark.parametrize("target", [dl.Quantile(0.9), dl.FactorisedTilt(0.1, least_samples=0.0)])
def test_a_flow_weighs_candidates_where_it_is(target: Any) -> None:
    windows, asked = flow_examples.source().whole(np.arange(3)), []
    for device in ("cpu", "cuda"):
        model = flow_examples.model().to(device)
        agent = ReturnConditionedAgent(model, target, Reference.of(windows.returns_to_go[:, 0]))
        agent.begin(3, seed=2)
        asked.append(agent.act(windows.observations[:, 0]))
    assert np.allclose(asked[0], asked[1], atol=1e-3)


def test_the_head_is_checked_as_on_the_processor() -> None:
    found = []
    for device in ("cpu", "cuda"):
        found.append(
            numbers(check_head(learners.demonstrator().to(device), learners.demonstrated()))
        )
    assert len(found[0]) > 10
    assert np.allclose(*found, rtol=1e-3, atol=1e-3, equal_nan=True)


def test_a_model_is_fitted_and_goes_on_where_it_is(tmp_path: Path) -> None:
    demos = dl.load_minari(record(tmp_path, CART, short_cart, balancer, 60), tmp_path)
    small = dl.TransformerConfig(width=32, layers=1, heads=2, context_length=8)
    quick = dl.OfflineSettings(updates=60, update=dl.UpdateSettings(batch=32, window=8))
    model = dl.fit(demos, model=small, offline=quick, device="cuda")
    assert device_of(model).type == "cuda"
    rounds = dl.RoundSettings(rounds=3, episodes_per_round=8)
    online = dl.OnlineSettings(
        dl.Quantile(0.9), updates_per_round=4, update=dl.UpdateSettings(batch=16, window=8)
    )

    def go_on() -> Any:
        return dl.go_online(
            model, demos, short_cart, run=tmp_path / "run", online=online, rounds=rounds
        )

    list(islice(go_on(), 3))
    assert isinstance(list(go_on())[-1], dl.RunFinished)
    assert set(dl.read_episodes(tmp_path / "run").rounds) == {0, 1, 2}
    dl.save_model(model, tmp_path / "model")
    for device in ("cpu", "cuda"):
        loaded = dl.load_model(tmp_path / "model", device)
        assert device_of(loaded).type == device
        played = dl.play(loaded, demos, short_cart, episodes=16, seed=1)
        assert played.observed_returns.mean() > 0
    assert device_of(dl.load_model(tmp_path / "run", "cuda")).type == "cuda"


@pytest.mark.parametrize(("precision", "apart"), [("float32", 5e-3), ("bfloat16", 5e-2)])
def test_value_guidance_is_learnt_beside_the_model(precision: Any, apart: float) -> None:
    told = []
    for device in ("cpu", "cuda"):
        model = examples.model(vectors=True, box=True, gaussian="squashed").to(device)
        data = examples.source(vectors=True, box=True)
        settings = ValueGuidance(0.9, width=32, warm_up=2)
        chosen = dl.UpdateSettings(batch=8, window=6, precision=precision)
        guide = Guide(settings, model, data.trajectories, chosen.window, 0, precision)
        guide.begin()
        optimiser = make_optimiser(model, chosen)
        steps = list(update(model, optimiser, data, chosen, [1.0] * 6, 4, guide))
        told.append([[each[name] for name in ("loss", "value")] for each in steps])
    assert np.allclose(told[0], told[1], rtol=apart, atol=1e-3)
