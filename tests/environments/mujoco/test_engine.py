"""The robots are Gymnasium's: the same observations, rewards and ends, to the last bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import SyncVectorEnv

from driftline.environments.mujoco.compiling import told
from driftline.environments.mujoco.engine import HORIZON, MujocoVectorEnv
from driftline.environments.mujoco.robots import ROBOTS, Robot, robot
from driftline.errors import SettingsError, SpaceError, UnknownNameError

ALL = pytest.mark.parametrize("robot_", ROBOTS.values(), ids=list(ROBOTS))


def actions_for(env: MujocoVectorEnv, steps: int, seed: int = 0) -> Any:
    """Random actions that hold for a while, so that robots get somewhere."""
    draw = np.random.default_rng(seed)
    low, high = env.action_space.low[0], env.action_space.high[0]  # type: ignore[attr-defined]
    held = draw.uniform(low, high, (1 + steps // 5, env.num_envs, len(low)))
    return np.repeat(held, 5, axis=0)[:steps].astype(np.float32)


@ALL
@pytest.mark.parametrize("threads", [1, 2])
def test_it_agrees_with_gymnasium_to_the_last_bit(robot_: Robot, threads: int) -> None:
    ours = MujocoVectorEnv(robot_, 3, threads=threads)
    with told():
        theirs = SyncVectorEnv([lambda: gymnasium.make(robot_.environment_id)] * 3)
    assert ours.single_observation_space == theirs.single_observation_space
    assert ours.single_action_space == theirs.single_action_space
    assert np.array_equal(ours.reset(seed=7)[0], theirs.reset(seed=7)[0])
    ended = 0
    for action in actions_for(ours, 150):
        left, right = ours.step(action), theirs.step(action)
        for a, b in zip(left[:4], right[:4], strict=True):
            assert np.array_equal(a, b)
        assert np.array_equal(left[1], left[4]["hidden_reward"])
        ended += int(left[2].sum())
    assert (ended > 0) == robot_.falls
    ours.close()
    theirs.close()


def test_episodes_are_cut_off_when_time_is_up() -> None:
    env = MujocoVectorEnv(robot("halfcheetah"), 1)
    env.reset(seed=0)
    still = np.zeros_like(env.action_space.sample())
    for step in range(1, HORIZON + 1):
        _, _, terminated, truncated, _ = env.step(still)
        assert not terminated[0]
        assert truncated[0] == (step == HORIZON)
    assert env.step(still)[1][0] == 0.0  # the next episode begins, unpaid
    assert env.step(still)[1][0] != 0.0


def test_a_fall_in_the_last_step_ends_the_episode_and_does_not_cut_it() -> None:
    env = MujocoVectorEnv(robot("hopper"), 1)
    env.reset(seed=0)
    env._clock[:] = HORIZON - 1
    env._simulation._positions[0][2] = 0.5  # bent too far
    _, _, terminated, truncated, info = env.step(np.zeros((1, 3), np.float32))
    assert (terminated[0], truncated[0], info["flags"]["falls"][0]) == (True, False, True)


def test_what_mujoco_says_of_an_absurd_state_is_a_warning_and_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    env = MujocoVectorEnv(robot("hopper"), 1)
    env.reset(seed=0)
    env._simulation._velocities[0][:] = 1e12
    with pytest.warns(RuntimeWarning, match="MuJoCo says of hopper"):
        env.step(np.zeros((1, 3), np.float32))
    assert list(tmp_path.iterdir()) == []


def test_hidden_rewards_stay_what_they_are_under_a_proxy() -> None:
    plain, paid = (MujocoVectorEnv(robot("hopper"), 4, proxy=each) for each in (None, "lean"))  # type: ignore[arg-type]
    plain.reset(seed=1)
    paid.reset(seed=1)
    differ = 0
    for action in actions_for(plain, 60):
        left, right = plain.step(action), paid.step(action)
        assert np.array_equal(left[1], right[4]["hidden_reward"])
        differ += int((left[1] != right[1]).sum())
    assert differ > 100


@pytest.mark.parametrize("robot_", [each for each in ROBOTS.values() if each.planar])
def test_speed_alone_is_paid_by_the_speed_proxy(robot_: Robot) -> None:
    env = MujocoVectorEnv(robot_, 2, proxy="speed")
    _, info = env.reset(seed=3)
    before = info["x_position"]
    for action in actions_for(env, 20):
        _, rewards, terminated, _, info = env.step(action)
        seconds = env._simulation.step_seconds
        assert rewards == pytest.approx((info["x_position"] - before) / seconds)
        before = info["x_position"]
        if terminated.any():
            return


def test_wrong_settings_and_actions_are_refused() -> None:
    with pytest.raises(
        UnknownNameError, match=r"unknown robot 'hop'; did you mean hopper\? the robots are hopper"
    ):
        robot("hop")
    with pytest.raises(SettingsError, match="at least 1 of each"):
        MujocoVectorEnv(robot("hopper"), 0)
    with pytest.raises(SettingsError, match="ant cannot be paid by lean; its proxies are speed"):
        MujocoVectorEnv(robot("ant"), proxy="lean")
    env = MujocoVectorEnv(robot("hopper"), 2)
    with pytest.raises(SettingsError, match="call reset"):
        env.step(np.zeros((2, 3), np.float32))
    env.reset(seed=0)
    with pytest.raises(SpaceError, match=r"float32\[2, 2\]; give float32\[2, 3\]"):
        env.step(np.zeros((2, 2), np.float32))
    with pytest.raises(SpaceError, match="the action of copy 1"):
        env.step(np.array([[0, 0, 0], [0, np.nan, 0]], np.float32))
    with pytest.raises(SettingsError, match=r"give bool\[2\]"):
        env.reset(options={"reset_mask": np.array([True])})


def test_some_copies_can_be_reset_alone() -> None:
    env = MujocoVectorEnv(robot("walker2d"), 2)
    env.reset(seed=0)
    acts = actions_for(env, 5)
    for action in acts:
        after = env.step(action)[0]
    again, _ = env.reset(options={"reset_mask": np.array([True, False])})
    assert not np.array_equal(after[0], again[0])
    assert np.array_equal(after[1], again[1])
