"""What is packed of a training does what the learner does."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

PLACE = Path(__file__).parents[2] / "tools"
if not PLACE.is_dir():
    pytest.skip("tools/ is not beside the tests", allow_module_level=True)
for needed in ("stable_baselines3", "mujoco"):
    pytest.importorskip(needed, reason=f"training behaviour policies needs {needed}")
sys.path.insert(0, str(PLACE))
from behaviour_learners import ByPPO, BySAC, Training  # noqa: E402
from driftline.environments.mujoco.robots import robot  # noqa: E402

HOPPER = robot("hopper")
SMALL: dict[str, Any] = {
    "sac": BySAC(width=8, batch=8, every=20),
    "ppo": ByPPO(width=8, copies=2, steps=64, every=128),
}


@pytest.fixture(params=SMALL)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Still(np.random.Generator):
    """Draws the middle of every distribution."""

    def standard_normal(self, size: Any = None, *rest: Any) -> Any:
        return np.zeros(size, np.float32)


def means_of(training: Any, seen: Any) -> Any:
    """What the learner itself would do, without noise."""
    if hasattr(training, "scaled"):
        scaled = training.scaled.normalize_obs(seen)
        return np.tanh(training.learner.predict(scaled, deterministic=True)[0])
    return training.learner.predict(seen, deterministic=True)[0]


def test_the_policy_is_the_learner_s(name: str, tmp_path: Path) -> None:
    training: Training = SMALL[name].begun(HOPPER, tmp_path)
    training.learn(300)
    seen = np.random.default_rng(0).normal(0.5, 2.0, (50, 11))
    policy = training.acting()
    found = policy.act(seen, Still(np.random.PCG64(0)))
    assert found == pytest.approx(means_of(training, seen), abs=1e-4)
    assert np.ptp(found, axis=0).min() > 0.05  # which observations tell apart


def test_deviations_are_the_learner_s(tmp_path: Path) -> None:
    training = SMALL["ppo"].begun(HOPPER, tmp_path)
    training.learn(300)
    policy, seen = training.acting(), np.zeros((40_000, 11))
    drawn = np.arctanh(policy.act(seen, np.random.default_rng(1)).astype(np.float64))
    expected = training.learner.policy.log_std.detach().exp().numpy()
    assert drawn.std(0) == pytest.approx(expected, rel=0.03)


def test_a_training_goes_on_where_it_was_stored(name: str, tmp_path: Path) -> None:
    training: Training = SMALL[name].begun(HOPPER, tmp_path)
    training.learn(300)
    training.store()
    again = SMALL[name].begun(HOPPER, tmp_path)
    assert again.steps == training.steps >= 300
    kept = [each.acting() for each in (training, again)]
    layers = [(*each.hidden, each.mean, each.log_deviation) for each in kept]
    for pair in zip(*layers, strict=True):
        assert all(np.array_equal(*parts) for parts in zip(*pair, strict=True))
    before = again.acting().mean[0]
    again.learn(300)
    assert again.steps > training.steps
    assert not np.array_equal(again.acting().mean[0], before)


def test_the_shipped_trainings_tell_what_they_are() -> None:
    from behaviour_policies import HOW
    from driftline.environments.mujoco.robots import ROBOTS

    assert set(HOW) == set(ROBOTS)
    assert "SAC" in HOW["hopper"].told()
    assert "PPO" in HOW["walker2d"].told()
