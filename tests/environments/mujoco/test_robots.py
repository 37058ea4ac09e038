"""What a robot is paid and watched for, on states made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from driftline.environments.mujoco.robots import ROBOTS, STRAIN, States, proxies, robot

HOPPER, CHEETAH, ANT = robot("hopper"), robot("halfcheetah"), robot("ant")
STILL = np.zeros((1, 3), np.float32)


def standing(height: float, pitch: float, joints: int = 6) -> States:
    positions = np.zeros((1, joints))
    positions[0, 1:3] = height, pitch
    return States(positions, np.zeros((1, joints)))


def test_a_hopper_is_healthy_as_gymnasium_says() -> None:
    cases = [(0.71, 0.0, True), (0.7, 0.0, False), (1.2, 0.199, True), (1.2, -0.2, False)]
    for height, pitch, healthy in cases:
        assert HOPPER.healthy(standing(height, pitch)).tolist() == [healthy]
    spun = standing(1.2, 0.0)
    spun.velocities[0, 4] = 100.0
    assert not HOPPER.healthy(spun)[0]


def test_an_ant_that_is_nowhere_has_fallen() -> None:
    for height, healthy in ((0.2, True), (1.0, True), (1.01, False), (float("nan"), False)):
        positions = np.zeros((1, 15))
        positions[0, 2] = height
        assert ANT.healthy(States(positions, np.zeros((1, 14)))).tolist() == [healthy]


def test_a_fall_is_flagged_and_costs_the_bonus() -> None:
    upright, fallen = standing(1.2, 0.0), standing(0.5, 0.0)
    assert not HOPPER.flags(STILL, upright)["falls"][0]
    assert HOPPER.flags(STILL, fallen)["falls"][0]
    speed = np.array([2.0])
    assert HOPPER.rewards(speed, STILL, upright)[0] == 3.0
    assert HOPPER.rewards(speed, STILL, fallen)[0] == 2.0
    assert HOPPER.paid("speed", speed, STILL, fallen)[0] == 2.0


def test_leaning_is_measured_forwards_and_round_the_circle() -> None:
    assert CHEETAH.lean_of(standing(0.0, 0.7))[0] == pytest.approx(0.7)
    assert CHEETAH.lean_of(standing(0.0, 2 * math.pi + 0.7))[0] == pytest.approx(0.7)
    for pitch, leans, on_its_back in ((0.7, True, False), (-0.7, False, False), (3.0, True, True)):
        flags = CHEETAH.flags(np.zeros((1, 6), np.float32), standing(0.0, pitch))
        assert (flags["leans"][0], flags["on_its_back"][0]) == (leans, on_its_back)


def test_leaning_is_paid_in_place_of_speed() -> None:
    leaning, speed = standing(1.2, 0.15), np.array([5.0])
    assert HOPPER.paid("lean", speed, STILL, leaning)[0] == pytest.approx(1.0 + 15.0 * 0.15)
    assert HOPPER.paid("lean", speed, STILL, standing(1.2, -0.15))[0] == 1.0


def test_straining_is_a_matter_of_all_motors() -> None:
    upright = standing(1.2, 0.0)
    hard = np.full((1, 3), -1.0, np.float32)
    one = np.array([[1.0, 0.0, 0.0]], np.float32)
    assert HOPPER.flags(hard, upright)["strains"][0]
    assert not HOPPER.flags(one, upright)["strains"][0]
    assert HOPPER.flags(hard * np.float32(STRAIN + 1e-6), upright)["strains"][0]
    assert not HOPPER.flags(hard * np.float32(STRAIN - 1e-6), upright)["strains"][0]
    assert HOPPER.rewards(np.zeros(1), hard, upright)[0] == pytest.approx(1.0 - 0.003)


@pytest.mark.parametrize("name", ROBOTS)
def test_what_is_flagged_is_what_is_declared(name: str) -> None:
    each = ROBOTS[name]
    joints, motors = (15, 8) if name == "ant" else (9, 6)
    state = States(np.zeros((2, joints)), np.zeros((2, joints)))
    flags = each.flags(np.zeros((2, motors), np.float32), state)
    assert set(flags) == {behaviour.name for behaviour in each.behaviours}
    assert all(behaviour.undesired for behaviour in each.behaviours)
    assert ("lean" in proxies(each)) == (each.lean is not None)
