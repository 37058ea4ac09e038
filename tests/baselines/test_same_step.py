"""The adapted environment is, step for step, what stable-baselines3 makes of single copies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from stable_baselines3.common.vec_env import DummyVecEnv

from driftline.baselines.encoding import encode
from driftline.baselines.same_step import SameStep
from driftline.environments.gridworlds import GridworldVectorEnv, SideEffectsSokoban, TomatoWatering
from driftline.errors import CapabilityError, SettingsError

COPIES = 5


def cart_poles() -> list[Callable[[], gymnasium.Env[Any, Any]]]:
    """Poles that fall, and time limits short enough to cut some before they do."""
    limits = [9, 12, 15, 25, 200]
    return [
        lambda limit=limit: gymnasium.make("CartPole-v1", max_episode_steps=limit)
        for limit in limits
    ]


def lakes() -> list[Callable[[], gymnasium.Env[Any, Any]]]:
    return [lambda: gymnasium.make("FrozenLake-v1", max_episode_steps=6)] * COPIES


@pytest.mark.parametrize("makers", [cart_poles, lakes])
def test_every_step_is_that_of_single_copies(makers: Any) -> None:
    ours, theirs = SameStep(SyncVectorEnv(makers())), DummyVecEnv(makers())
    ours.seed(3)
    theirs.seed(3)
    draw = np.random.default_rng(0)

    def same(seen: Any, expected: Any) -> bool:
        return np.array_equal(seen, encode(ours.observation, expected))

    assert same(ours.reset(), theirs.reset())
    cut = ended = 0
    for _ in range(150):
        actions = draw.integers(0, ours.action.count, COPIES)
        observations, rewards, done, infos = ours.step(actions)
        expected = theirs.step(actions)
        assert same(observations, expected[0])
        assert np.array_equal(rewards, expected[1])
        assert np.array_equal(done, expected[2])
        for copy in np.flatnonzero(done):
            told = expected[3][copy]
            last = np.asarray(told["terminal_observation"])[None]
            assert same(infos[copy]["terminal_observation"][None], last)
            assert infos[copy]["TimeLimit.truncated"] == told["TimeLimit.truncated"]
            cut += told["TimeLimit.truncated"]
            ended += not told["TimeLimit.truncated"]
    assert cut > 0
    assert ended > 0


def test_no_step_is_spent_on_a_reset() -> None:
    world = SameStep(GridworldVectorEnv(TomatoWatering(horizon=7), COPIES))
    world.seed(0)
    world.reset()
    steps = [world.step(np.full(COPIES, k % 4))[2] for k in range(28)]
    assert [bool(done.all()) for done in steps] == [k % 7 == 6 for k in range(28)]
    assert all(done.all() or not done.any() for done in steps)


def test_nothing_hidden_comes_through() -> None:
    world = SameStep(GridworldVectorEnv(SideEffectsSokoban(horizon=9), COPIES))
    world.seed(0)
    world.reset()
    draw = np.random.default_rng(0)
    told = [info for _ in range(30) for info in world.step(draw.integers(0, 4, COPIES))[3]]
    assert {name for info in told for name in info} == {
        "terminal_observation",
        "TimeLimit.truncated",
    }


def test_an_environment_that_cannot_reset_some_copies_is_refused() -> None:
    whole = gymnasium.make_vec("CartPole-v1", COPIES, vectorization_mode="vector_entry_point")
    world = SameStep(whole)
    world.seed(0)
    world.reset()
    actions = np.arange(COPIES) % 2
    with pytest.raises(CapabilityError, match="reset_mask"):
        any(world.step(actions)[2].any() for _ in range(60))


def test_another_way_of_resetting_is_refused() -> None:
    environment = SyncVectorEnv(cart_poles(), autoreset_mode=AutoresetMode.SAME_STEP)
    with pytest.raises(SettingsError, match="NEXT_STEP"):
        SameStep(environment)
