"""Continuous actions from demonstrations to a run, by every family of models and learners."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import driftline as dl
from driftline.errors import CapabilityError, SpaceError
from driftline.experiments import reckoning
from driftline.models.flow_policy import FlowPolicy
from driftline.models.flow_policy_config import FlowPolicyConfig
from driftline.training.precision import Trial
from tests.data.test_store import same
from tests.experiments.point_mass import REACH, PointMass, demonstrated
from tests.training.learners import same_weights

DEMONSTRATIONS = demonstrated()
RETURNS = DEMONSTRATIONS.trajectories.returns
SMALL = dl.TransformerConfig(width=32, layers=1, heads=2, context_length=6)
FLOW = FlowPolicyConfig(width=32, layers=2, flow_steps=4, context_length=3)
QUICK = dl.OfflineSettings(
    updates=300, update=dl.UpdateSettings(batch=64, window=10, learning_rate=5e-3)
)
ONLINE = dl.OnlineSettings(
    dl.Quantile(0.9),
    updates_per_round=20,
    update=dl.UpdateSettings(batch=64, window=10, learning_rate=2e-3),
    mixture=dl.MixtureSettings(refresh_rate=0.5, capacity=96),
)
ROUNDS = dl.RoundSettings(rounds=4, episodes_per_round=48)


@pytest.fixture(scope="module")
def pushing() -> Any:
    return dl.fit(DEMONSTRATIONS, model=SMALL, offline=QUICK)


@pytest.fixture(scope="module")
def flowing() -> Any:
    return dl.fit(DEMONSTRATIONS, model=FLOW, offline=QUICK)


@pytest.mark.parametrize("family", ["pushing", "flowing"])
def test_unasked_it_does_as_well_as_its_demonstrators_and_asked_for_more_better(
    request: pytest.FixtureRequest, family: str
) -> None:
    model = request.getfixturevalue(family)
    imitating, asked = (
        dl.play(model, DEMONSTRATIONS, PointMass, target=target, episodes=200).observed_returns
        for target in (dl.Unconditioned(), dl.Quantile(0.9))
    )
    spread = RETURNS.std()
    assert abs(imitating.mean() - RETURNS.mean()) < 0.3 * spread
    assert asked.mean() > RETURNS.mean() + 0.4 * spread


@pytest.mark.parametrize("family", ["pushing", "flowing"])
def test_going_online_beats_the_demonstrators_and_can_be_loaded(
    request: pytest.FixtureRequest, tmp_path: Path, family: str
) -> None:
    model, run = request.getfixturevalue(family), tmp_path / "run"
    events = list(
        dl.go_online(model, DEMONSTRATIONS, PointMass, run=run, online=ONLINE, rounds=ROUNDS)
    )
    recorded = dl.read_episodes(run)
    assert recorded.trajectories.actions.shape == (recorded.trajectories.steps, 2)
    assert np.abs(recorded.trajectories.actions).max() <= np.float32(REACH)
    returns = [recorded.observed_returns[recorded.rounds == k].mean() for k in range(4)]
    assert returns[3] > RETURNS.mean() + 0.5 * RETURNS.std()
    assert returns[3] > returns[0]
    last = dl.load_model(run)
    assert type(last) is type(model)
    assert not same_weights(last, model)
    measured = [each for each in events if isinstance(each, dl.RoundMeasured)]
    for column in (recorded.kl, recorded.kl_previous, recorded.log_ratio):
        assert np.isfinite(column).all() == (family == "pushing")
        assert np.isnan(column).all() == (family == "flowing")
    assert all(np.isnan(each.kl) == (family == "flowing") for each in measured)
    assert "observed return" in str(dl.measure_run(run))


def test_the_same_call_goes_on_to_the_same_numbers(pushing: Any, tmp_path: Path) -> None:
    def online(run: Path) -> Any:
        few = replace(ROUNDS, rounds=2)
        return dl.go_online(pushing, DEMONSTRATIONS, PointMass, run=run, online=ONLINE, rounds=few)

    list(online(tmp_path / "whole"))
    begun = online(tmp_path / "parts")
    for _ in range(3):
        next(begun)
    begun.close()
    list(online(tmp_path / "parts"))
    expected, found = (dl.read_episodes(tmp_path / name) for name in ("whole", "parts"))
    same(expected.trajectories.actions, found.trajectories.actions)
    same(expected.log_ratio, found.log_ratio)
    assert same_weights(dl.load_model(tmp_path / "whole"), dl.load_model(tmp_path / "parts"))


@pytest.mark.parametrize("family", ["pushing", "flowing"])
def test_a_saved_model_plays_the_same(
    request: pytest.FixtureRequest, tmp_path: Path, family: str
) -> None:
    model = request.getfixturevalue(family)
    loaded = dl.load_model(dl.save_model(model, tmp_path / "model"))
    played = [
        dl.play(each, DEMONSTRATIONS, PointMass, target=dl.Quantile(0.9), episodes=8)
        for each in (model, loaded)
    ]
    same(played[0].trajectories.actions, played[1].trajectories.actions)


def test_fine_tuning_climbs_and_stays_near_its_target_divergence(
    pushing: Any, tmp_path: Path
) -> None:
    penalty = dl.AdaptivePenalty(3.0, initial=0.5, gain=0.5, clip=0.4)
    settings = dl.FineTuneSettings(
        kl_penalty=penalty, learning_rate=2e-3, epochs=2, episodes_per_batch=32
    )
    rounds = dl.RoundSettings(rounds=12, episodes_per_round=64)
    list(
        dl.go_online(
            pushing, DEMONSTRATIONS, PointMass, run=tmp_path / "run", online=settings,
            rounds=rounds,
        )
    )  # fmt: skip
    recorded = dl.read_episodes(tmp_path / "run")
    late = recorded.rounds >= 9
    assert recorded.observed_returns[late].mean() > RETURNS.mean() + 0.5 * RETURNS.std()
    reached = recorded.total(recorded.kl)
    assert reached[recorded.rounds == 0].mean() < 1e-4
    assert 1.0 < reached[late].mean() < 9.0
    # The log ratio of what was done is the same divergence, only scattered more.
    ratios = recorded.total(recorded.log_ratio)[late]
    error = ratios.std() / np.sqrt(late.sum())
    assert ratios.mean() == pytest.approx(reached[late].mean(), abs=5 * error)


def test_what_a_model_lacks_is_said_before_anything_is_written(
    flowing: FlowPolicy, pushing: Any, tmp_path: Path
) -> None:
    for settings in (dl.FineTuneSettings(), replace(ONLINE, target=dl.SampledMaximum())):
        with pytest.raises(CapabilityError, match="FlowPolicy lacks HasDensity"):
            dl.go_online(flowing, DEMONSTRATIONS, PointMass, run=tmp_path / "run", online=settings)
    assert not (tmp_path / "run").exists()
    wider = replace(DEMONSTRATIONS, action=type(DEMONSTRATIONS.action)((-1.0,) * 2, (1.0,) * 2))
    with pytest.raises(SpaceError, match="give those it was fitted to"):
        dl.play(pushing, wider, PointMass)


@pytest.mark.parametrize("faster", [1.2, 1.1])
def test_it_is_fitted_in_the_precision_that_is_asked_for(
    faster: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trying(width: int, rows: int, device: str) -> Trial:
        tries.append((width, rows, device))
        return Trial(0.001 * faster, 0.001)

    tries: list[tuple[int, int, str]] = []
    monkeypatch.setattr(reckoning, "tried", trying)
    few = replace(QUICK, updates=5)
    half = replace(few, update=replace(few.update, precision="bfloat16"))
    plain, told, tried = (
        dl.fit(DEMONSTRATIONS, model=SMALL, offline=few, precision=precision)
        for precision in (None, "bfloat16", "auto")
    )
    by_settings = dl.fit(DEMONSTRATIONS, model=SMALL, offline=half)
    assert same_weights(told, by_settings)
    assert not same_weights(told, plain)
    assert same_weights(tried, told if faster > 1.15 else plain)
    assert same_weights(
        plain, dl.fit(DEMONSTRATIONS, model=SMALL, offline=half, precision="float32")
    )
    assert tries == [(32, 640, "cpu")]


def test_it_learns_on_in_the_precision_that_is_asked_for(pushing: Any, tmp_path: Path) -> None:
    half = replace(ONLINE, update=replace(ONLINE.update, precision="bfloat16"))
    asked = {"asked": (ONLINE, "bfloat16"), "set": (half, None), "plain": (ONLINE, None)}
    rounds = dl.RoundSettings(rounds=2, episodes_per_round=8)
    for name, (online, precision) in asked.items():
        run = tmp_path / name
        list(
            dl.go_online(
                pushing,
                DEMONSTRATIONS,
                PointMass,
                run=run,
                online=online,
                rounds=rounds,
                precision=precision,
            )
        )
    asked_for, by_settings, plain = (dl.load_model(tmp_path / name) for name in asked)
    assert same_weights(asked_for, by_settings)
    assert not same_weights(asked_for, plain)
