"""Other reinforcement learning in one's own environment, beside the agents it is compared with."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium.vector import SyncVectorEnv

import driftline as dl
from driftline.errors import SettingsError, SpaceError
from tests.data.test_store import same
from tests.experiments.point_mass import PointMass, demonstrated
from tests.experiments.recorded import CART, balancer, record, short_cart

PUSHES = demonstrated()
RETURNS = PUSHES.trajectories.returns
SMALL = dl.TransformerConfig(width=16, layers=1, heads=2, context_length=6)
QUICK = dl.OfflineSettings(updates=2, update=dl.UpdateSettings(batch=8, window=6))
ROUNDS = dl.RoundSettings(rounds=3, episodes_per_round=20)
PPO = dl.PPOSettings(fewest_steps=400, iteration_steps=200, epochs=2, width=16)
OFF_POLICY = {"learning_starts": 100, "batch": 32, "width": 32}
CONTINUOUS = {
    "ppo": PPO,
    "sac": dl.SACSettings(**OFF_POLICY),
    "td3": dl.TD3Settings(**OFF_POLICY),
    "iql": dl.IQLSettings(offline_updates=50, batch=32, width=32),
}
DQN = dl.DQNSettings(fewest_steps=400, learning_starts=100, batch=16, width=16)


@pytest.fixture(scope="module")
def pushing() -> Any:
    return dl.fit(PUSHES, model=SMALL, offline=QUICK)


@pytest.fixture(scope="module")
def carts(tmp_path_factory: pytest.TempPathFactory) -> dl.Demonstrations:
    root = tmp_path_factory.mktemp("datasets")
    return dl.load_minari(record(root, CART, short_cart, balancer, 20), root)


@pytest.mark.parametrize("name", [*CONTINUOUS, "dqn"])
def test_others_play_learn_and_go_on_to_the_same_numbers(
    name: str, pushing: Any, carts: dl.Demonstrations, tmp_path: Path
) -> None:
    model, data, settings, place = pushing, PUSHES, CONTINUOUS.get(name, DQN), PointMass
    if name == "dqn":
        model, data, place = dl.fit(carts, model=SMALL, offline=QUICK), carts, None

    def online(run: Path) -> Any:
        return dl.go_online(model, data, place, run=run, online=settings, rounds=ROUNDS)

    whole = list(online(tmp_path / "whole"))
    list(islice(online(tmp_path / "parts"), 4))
    list(online(tmp_path / "parts"))
    expected, found = (dl.read_episodes(tmp_path / each) for each in ("whole", "parts"))
    same(expected.trajectories.actions, found.trajectories.actions)
    assert len(expected) == 3 * 20
    first, last = (expected.take(np.flatnonzero(expected.rounds == k)) for k in (0, 2))
    assert not np.array_equal(first.trajectories.actions[:20], last.trajectories.actions[:20])
    losses = [each.losses for each in whole if isinstance(each, dl.RoundEnded)]
    assert losses[-1]
    table = dl.measure_run(tmp_path / "whole")
    assert table.observed_return.value == pytest.approx(last.observed_returns.mean())
    manifest = json.loads((tmp_path / "whole" / "manifest.json").read_text())
    assert manifest["configuration"]["online"]["kind"] == type(settings).__name__


def test_soft_actor_critic_finds_the_goal(pushing: Any, tmp_path: Path) -> None:
    settings = dl.SACSettings(learning_starts=200, batch=64, width=64, learning_rate=2e-3)
    rounds = replace(ROUNDS, rounds=5, episodes_per_round=32)
    for _ in dl.go_online(
        pushing, PUSHES, PointMass, run=tmp_path / "run", online=settings, rounds=rounds
    ):
        pass
    recorded = dl.read_episodes(tmp_path / "run")
    first, last = (recorded.observed_returns[recorded.rounds == k].mean() for k in (0, 4))
    assert last > first + 2.0
    assert last > RETURNS.mean() + 0.5 * RETURNS.std()


@pytest.mark.parametrize(
    ("settings", "more", "error", "said"),
    [
        (CONTINUOUS["sac"], {"target": dl.Quantile(0.9)}, SettingsError, "never asked for a ret"),
        (PPO, {"environment": "vector"}, SettingsError, "learn in copies of their own"),
        (DQN, {}, SpaceError, "discrete"),
        (PPO, {"rounds": dl.RoundSettings(99, 4, steps=90)}, SettingsError, "over all rounds"),
    ],
)
def test_what_does_not_suit_is_refused_before_anything_is_written(
    settings: Any, more: dict[str, Any], error: type[Exception], said: str, pushing: Any,
    tmp_path: Path,
) -> None:  # fmt: skip
    place = SyncVectorEnv([PointMass] * 20) if "environment" in more else PointMass
    asked = {name: each for name, each in more.items() if name != "environment"}
    with pytest.raises(error, match=said):
        dl.go_online(pushing, PUSHES, place, run=tmp_path / "run", online=settings, **asked)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("seen", [2, None])
def test_what_was_opened_is_closed_however_it_ends(
    pushing: Any, tmp_path: Path, seen: int | None
) -> None:
    standing: list[int] = []

    class Counted(PointMass):
        def __init__(self) -> None:
            super().__init__()
            standing.append(id(self))

        def close(self) -> None:
            standing.remove(id(self))

    given = replace(ROUNDS, rounds=1)
    events = dl.go_online(pushing, PUSHES, Counted, run=tmp_path / "run", online=PPO, rounds=given)
    assert len(standing) >= 20 + 8
    list(islice(events, seen))
    events.close()
    assert not standing


def test_what_is_no_settings_at_all_is_refused_in_one_line() -> None:
    # In a process of its own: the tests' type checker would have been first.
    program = """
import driftline as dl
from driftline.experiments.own_learner import asking
try:
    asking(dl.PPOSettings, None)
except dl.DriftlineError as refusal:
    print(refusal)
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "one of OnlineSettings, FineTuneSettings, PPOSettings" in ran.stdout
    assert ran.stdout.count("\n") == 1
