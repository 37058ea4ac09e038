"""Levels are made of the right snapshots, and policies act as the networks they came from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from driftline.agents.rollout import rollout
from driftline.agents.scripted import ScriptedAgent
from driftline.environments.mujoco.engine import MujocoVectorEnv
from driftline.environments.mujoco.levels import (
    FOLDER,
    LevelDemonstrator,
    check_level,
    players,
    snapshots_of,
    trained_by,
)
from driftline.environments.mujoco.policy import (
    Layer,
    Policy,
    Snapshot,
    load_snapshots,
    save_snapshots,
)
from driftline.environments.mujoco.robots import robot
from driftline.errors import DataError, UnknownNameError
from driftline.experiments.stages import stage


def drawn(seed: int, observed: int = 4, motors: int = 2, width: int = 8) -> Policy:
    draw = np.random.default_rng(seed)

    def layer(inputs: int, outputs: int) -> Layer:
        rows = draw.normal(0.0, inputs**-0.5, (outputs, inputs)).astype(np.float32)
        return rows, draw.normal(0.0, 0.1, outputs).astype(np.float32)

    hidden = (layer(observed, width), layer(width, width))
    return Policy(hidden, layer(width, motors), layer(width, motors))


def through(features: torch.Tensor, layer: Layer) -> torch.Tensor:
    return torch.nn.functional.linear(features, *map(torch.from_numpy, layer))


def snapshots(*returns: float) -> list[Snapshot]:
    return [Snapshot(10 * (i + 1), drawn(i), (each, each)) for i, each in enumerate(returns)]


def test_a_policy_acts_as_the_network_it_stands_for() -> None:
    policy = drawn(0)
    observations = np.random.default_rng(1).normal(size=(20_000, 4))
    observations[:] = observations[0]
    features = torch.from_numpy(observations[:1]).float()
    for layer in policy.hidden:
        features = torch.relu(through(features, layer))
    mean, log_deviation = (through(features, each) for each in (policy.mean, policy.log_deviation))
    actions = policy.act(observations, np.random.default_rng(2))
    before = np.arctanh(actions.astype(np.float64))
    assert before.mean(0) == pytest.approx(mean[0].numpy(), abs=0.05)
    assert before.std(0) == pytest.approx(log_deviation[0].exp().numpy(), rel=0.03)


@pytest.mark.parametrize(
    ("name", "algorithm"), [("hopper", "SAC"), ("halfcheetah", "SAC"), ("walker2d", "PPO")]
)
def test_demonstrations_say_who_was_trained(name: str, algorithm: str) -> None:
    assert trained_by(robot(name)) == algorithm
    assert stage(name).demonstrated_by("medium") == algorithm
    assert stage(name).demonstrated_by("random") == "chance"


def test_levels_are_of_the_right_snapshots() -> None:
    four = snapshots(10.0, 200.0, 320.0, 900.0)
    assert players("random", four) == []
    assert players("expert", four) == [four[3].policy]
    assert players("medium", four) == [four[2].policy]
    assert players("medium-replay", four) == [each.policy for each in four[:3]]
    declining = snapshots(10.0, 900.0, 500.0)
    assert players("expert", declining) == [declining[1].policy]


def test_episodes_are_dealt_out_evenly_and_each_stays_with_its_policy() -> None:
    four = snapshots(1.0, 2.0)
    low, high = -np.ones(2), np.ones(2)
    both = LevelDemonstrator([each.policy for each in four], low, high)
    both.begin(5, np.random.default_rng(0))
    assert np.bincount(both._owners).tolist() == [3, 2]
    seen = np.zeros((5, 4))
    first = [both.act(seen, np.random.default_rng(seed)) for seed in range(300)]
    means = np.arctanh(np.mean(first, axis=0).astype(np.float64))
    assert means[0] == pytest.approx(means[2], abs=0.3)
    assert np.abs(means[0] - means[1]).max() > 0.05


def test_chance_uses_all_of_the_box() -> None:
    low, high = np.array([-1.0, 0.0]), np.array([1.0, 2.0])
    anyone = LevelDemonstrator([], low, high)
    anyone.begin(1000, np.random.default_rng(0))
    actions = anyone.act(np.zeros((1000, 4)), np.random.default_rng(0))
    assert actions.dtype == np.float32
    assert actions.min(0) == pytest.approx(low, abs=0.01)
    assert actions.max(0) == pytest.approx(high, abs=0.01)


def test_what_is_stored_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "hopper.safetensors"
    stored = snapshots(1.0, 5.0)
    save_snapshots(path, stored, {"seed": 3})
    found, provenance = load_snapshots(path)
    assert provenance == {"seed": 3}
    assert [(each.steps, each.returns) for each in found] == [(10, (1.0, 1.0)), (20, (5.0, 5.0))]
    seen = np.random.default_rng(0).normal(size=(50, 4))
    for before, after in zip(stored, found, strict=True):
        acted = [each.policy.act(seen, np.random.default_rng(1)) for each in (before, after)]
        assert acted[0] == pytest.approx(acted[1], abs=5e-3)


def test_what_is_damaged_or_unknown_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "hopper.safetensors"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(DataError, match=r"hopper\.safetensors holds no behaviour policies"):
        load_snapshots(path)
    with pytest.raises(UnknownNameError, match="unknown level 'good'; the levels are random"):
        check_level("good")


SHIPPED = sorted(each.stem for each in FOLDER.glob("*.safetensors"))


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_policies_earn_what_is_written_of_them(name: str) -> None:
    found = snapshots_of(robot(name))
    _, provenance = load_snapshots(FOLDER / f"{name}.safetensors")
    assert {"algorithm", "seed", "steps", "versions"} <= set(provenance)
    expert = max(found, key=lambda each: each.mean_return)
    (medium,) = players("medium", found)
    (best,) = players("expert", found)
    assert best is expert.policy is not medium
    environment = MujocoVectorEnv(robot(name), 6)
    box = environment.single_action_space
    for policy in (medium, best):
        wanted = next(each for each in found if each.policy is policy)
        script = LevelDemonstrator([policy], box.low, box.high)  # type: ignore[attr-defined]
        earned = rollout(environment, ScriptedAgent(script), 6, 7).episodes.observed_returns
        spread = np.std(wanted.returns) * (1 / 6 + 1 / len(wanted.returns)) ** 0.5
        assert earned.mean() == pytest.approx(wanted.mean_return, abs=4 * spread + 20.0)
