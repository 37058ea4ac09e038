"""Drawn classic tasks: lengths and places are Gymnasium's."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest

from driftline.environments.classic.drawn import DRAWN, cartpole, mountain_car, pendulum
from driftline.environments.classic.tasks import TASKS
from driftline.environments.drawing import Drawing
from driftline.errors import SettingsError


def test_every_task_is_drawn() -> None:
    assert set(DRAWN) == set(TASKS)


def test_steps_are_as_long_as_gymnasiums() -> None:
    cart: Any = gymnasium.make("CartPole-v1").unwrapped
    rod: Any = gymnasium.make("Pendulum-v1").unwrapped
    assert cartpole(np.zeros((1, 4))).seconds == cart.tau
    assert pendulum(np.ones((1, 3))).seconds == rod.dt
    assert mountain_car(np.zeros((1, 2))).seconds is None


def test_a_pole_that_falls_to_the_right_points_there() -> None:
    drawing = cartpole(np.array([[0.5, 0.0, 0.0, 0.0], [0.5, 0.0, np.pi / 2, 0.0]], np.float32))
    (*_, up), (left, right, hinge, fallen) = drawing.places
    assert up == pytest.approx([0.5, 1.0])
    assert fallen == pytest.approx([1.5, 0.0], abs=1e-6)
    assert (left + right) / 2 == pytest.approx(hinge)


def test_a_rod_stands_up_where_its_cosine_is_one_and_turns_to_the_left() -> None:
    turned = np.array([[np.cos(a), np.sin(a), 0.0] for a in (0.0, np.pi / 2, np.pi)])
    tips = pendulum(turned).places[:, 1]
    assert tips == pytest.approx(np.array([[0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]), abs=1e-9)


def test_a_car_stands_on_the_hill_that_gymnasium_draws() -> None:
    inner = gymnasium.make("MountainCarContinuous-v0").unwrapped
    x = np.linspace(inner.min_position, inner.max_position, 7)  # type: ignore[attr-defined]
    drawing = mountain_car(np.stack([x, np.zeros(7)], axis=1))
    stands = drawing.places[:, 0, 1] - drawing.links[0].width / 2
    assert stands == pytest.approx(inner._height(x))  # type: ignore[attr-defined]
    goal = next(each for each in drawing.still if each.part == "goal")
    assert goal.points[0, 0] == inner.goal_position  # type: ignore[attr-defined]


@pytest.mark.parametrize("shape", [(4, 2), (4, 2, 3)])
def test_places_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(SettingsError, match=r"places are \[4, 2"):
        Drawing(np.zeros(shape), (), (1.0, 1.0), (0.0, 0.0), 1.0)


def test_what_is_followed_has_a_place_for_every_step() -> None:
    with pytest.raises(SettingsError, match=r"follows is \[3\] beside 4 places"):
        Drawing(np.zeros((4, 1, 2)), (), (1.0, 1.0), (0.0, 0.0), 1.0, follows=np.zeros(3))
