"""A flow policy from end to end, where demonstrators do one thing or another, none between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box

import driftline as dl
from driftline.data.gymnasium_spaces import action_spec, observation_spec
from driftline.models.trainable import TrainableModel
from tests.data.test_store import same
from tests.training.learners import same_weights

STEPS, POST, RIGHT = 3, 0.3, 0.4
QUICK = dl.OfflineSettings(
    updates=250, update=dl.UpdateSettings(batch=256, window=STEPS, learning_rate=1e-2)
)
FLOW = dl.FlowPolicyConfig(width=32, layers=2, flow_steps=5, return_dropout=0.5)
ONLINE = dl.OnlineSettings(
    dl.Quantile(0.8),
    updates_per_round=10,
    update=dl.UpdateSettings(batch=128, window=STEPS, learning_rate=2e-3),
    mixture=dl.MixtureSettings(refresh_rate=0.5, capacity=128),
)


class Posts(gymnasium.Env[Any, Any]):
    """At each step there is a post ahead, wide `POST`: right of it is worth 1, left of it half.

    Running into one costs 2. Only the step's number is observed.
    """

    def __init__(self) -> None:
        self.observation_space = Box(0.0, 1.0, (1,), np.float32)
        self.action_space = Box(-1.0, 1.0, (1,), np.float32)

    def _seen(self) -> Any:
        return np.array([self.age / STEPS], np.float32)

    def reset(self, *, seed: Any = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.age = 0
        return self._seen(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        assert self.action_space.contains(action), action
        self.age += 1
        return self._seen(), worth(float(action[0])), False, self.age == STEPS, {}


def worth(action: float) -> float:
    """What a step brings."""
    return -2.0 if abs(action) < POST else 1.0 if action > 0.0 else 0.5


def demonstrated(episodes: int = 400) -> dl.Demonstrations:
    """Nobody runs into a post; most pass on the left."""
    draw = np.random.default_rng(0)
    sides = np.where(draw.random((episodes, STEPS, 1)) < RIGHT, 0.65, -0.65)
    actions = np.clip(sides + draw.normal(0.0, 0.08, sides.shape), -1.0, 1.0).astype(np.float32)
    seen = (np.arange(STEPS + 1) / STEPS)[:, None].astype(np.float32)
    whole = [
        dl.Trajectory(seen, each, np.array([worth(float(a)) for a in each[:, 0]]), False, True)
        for each in actions
    ]
    spaces = Posts()
    return dl.Demonstrations(
        dl.Trajectories.of(whole),
        observation_spec(spaces.observation_space),
        action_spec(spaces.action_space),
    )


DEMONSTRATIONS = demonstrated()
RETURNS = DEMONSTRATIONS.trajectories.returns


@pytest.fixture(scope="module")
def flow() -> Any:
    return dl.fit(DEMONSTRATIONS, model=FLOW, offline=QUICK)


def played(model: Any, target: Any, episodes: int = 200) -> dl.Episodes:
    return dl.play(model, DEMONSTRATIONS, Posts, target=target, episodes=episodes)


def run_into(episodes: dl.Episodes) -> float:
    """The share of steps that end at a post."""
    pushed: Any = episodes.trajectories.actions
    return float(np.mean(np.abs(pushed) < POST))


def test_it_passes_on_either_side_where_a_gaussian_would_run_into_the_post(flow: Any) -> None:
    assert isinstance(flow, dl.FlowPolicy)
    assert isinstance(flow, TrainableModel)
    imitating = played(flow, dl.Unconditioned())
    assert run_into(imitating) < 0.03
    right = float(np.mean(np.sign(imitating.trajectories.actions) > 0))
    assert right == pytest.approx(RIGHT, abs=0.1)
    gaussian = dl.TransformerConfig(width=32, layers=1, heads=2, context_length=STEPS)
    other = dl.fit(DEMONSTRATIONS, model=gaussian, offline=QUICK)
    assert run_into(played(other, dl.Unconditioned())) > 0.1


@pytest.mark.parametrize(
    "target",
    [
        dl.Quantile(0.8),
        dl.Quantile(0.8, per="step"),
        dl.ExponentialTilt(3.0),
        dl.ExponentialTilt(3.0, per="step"),
        dl.FactorisedTilt(3.0, candidates=16),
        dl.BestOfN(4),
    ],
    ids=repr,
)
def test_every_target_that_needs_no_density_brings_more(flow: Any, target: Any) -> None:
    asked = played(flow, target)
    assert asked.observed_returns.mean() > RETURNS.mean() + 0.4 * RETURNS.std()
    assert run_into(asked) < 0.05


def test_rounds_online_are_recorded_loaded_and_gone_on_with(flow: Any, tmp_path: Path) -> None:
    def online(run: Path) -> Any:
        rounds = dl.RoundSettings(rounds=2, episodes_per_round=64)
        return dl.go_online(flow, DEMONSTRATIONS, Posts, run=run, online=ONLINE, rounds=rounds)

    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert isinstance(list(online(whole))[-1], dl.RunFinished)
    recorded = dl.read_episodes(whole)
    assert len(recorded) == 128
    assert recorded.observed_returns[recorded.rounds == 1].mean() > RETURNS.mean()
    for column in (recorded.kl, recorded.kl_previous, recorded.log_ratio):
        assert np.isnan(column).all()
    last: Any = dl.load_model(whole)
    assert isinstance(last, dl.FlowPolicy)
    assert not same_weights(last, flow)
    assert "observed return" in str(dl.measure_run(whole))
    begun = online(parts)
    for _ in range(4):
        next(begun)
    begun.close()
    list(online(parts))
    same(dl.read_episodes(parts).trajectories.actions, recorded.trajectories.actions)
    resumed: Any = dl.load_model(parts)
    assert same_weights(resumed, last)


def test_a_saved_flow_is_the_same_flow(flow: Any, tmp_path: Path) -> None:
    loaded: Any = dl.load_model(dl.save_model(flow, tmp_path / "model"))
    assert isinstance(loaded, dl.FlowPolicy)
    assert loaded.to_json() == flow.to_json()
    assert same_weights(loaded, flow)
    one, other = (played(each, dl.Quantile(0.8), 8).trajectories for each in (flow, loaded))
    same(one.actions, other.actions)
