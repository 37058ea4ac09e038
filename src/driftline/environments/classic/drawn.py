"""The classic tasks drawn from what was observed.

Knows no reward; lengths and times are Gymnasium's (its ``tau`` and ``dt``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from driftline.environments.drawing import Drawing, Link, Stroke
from driftline.shapes import Floats

Array = npt.NDArray[Any]


def cartpole(observations: Array) -> Drawing:
    """The cart on its track and the pole, 1 m long, both ways of its middle."""
    x, _, angle, _ = observations.astype(np.float64).T
    level = np.zeros_like(x)
    left, right = (np.stack([x + by, level], axis=1) for by in (-0.2, 0.2))
    tip = np.stack([x + np.sin(angle), np.cos(angle)], axis=1)
    hinge = np.stack([x, level], axis=1)
    track = Stroke(np.array([[-2.4, -0.14], [2.4, -0.14]]), 0.03)
    return Drawing(
        places=np.stack([left, right, hinge, tip], axis=1),
        links=(Link(0, 1, 0.2, "far"), Link(2, 3, 0.09)),
        window=(5.6, 1.9),
        middle=(0.0, 0.5),
        seconds=0.02,
        still=(track,),
    )


def pendulum(observations: Array) -> Drawing:
    """The rod, 1 m long, that should stand up."""
    cosine, sine, _ = observations.astype(np.float64).T
    tip = np.stack([-sine, cosine], axis=1)
    wanted = Stroke(np.array([[0.0, 1.2], [0.0, 1.25]]), 0.06, "goal")
    return Drawing(
        places=np.stack([np.zeros_like(tip), tip], axis=1),
        links=(Link(0, 1, 0.2),),
        window=(4.2, 2.8),
        middle=(0.0, 0.05),
        seconds=0.05,
        still=(wanted,),
    )


def mountain_car(observations: Array) -> Drawing:
    """The car between the hills, and the top at .45."""
    x = observations[:, 0].astype(np.float64)
    car = np.stack([x, _height(x) + 0.05], axis=1)
    along = np.linspace(-1.2, 0.6, 61)
    top = _height(np.array([0.45]))[0]
    return Drawing(
        places=car[:, None],
        links=(Link(0, 0, 0.1),),
        window=(1.9, 1.25),
        middle=(-0.3, 0.55),
        seconds=None,
        still=(
            Stroke(np.stack([along, _height(along)], axis=1), 0.015),
            Stroke(np.array([[0.45, top], [0.45, top + 0.12]]), 0.02, "goal"),
        ),
    )


DRAWN: Mapping[str, Callable[[Array], Drawing]] = {
    "cartpole": cartpole,
    "pendulum": pendulum,
    "mountain-car": mountain_car,
}
"""By the task's name."""


def _height(x: Floats) -> Floats:
    return np.asarray(0.45 * np.sin(3.0 * x) + 0.55)
