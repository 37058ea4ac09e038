"""The tasks: what is watched for, what may be paid instead, and who can do them.

Know no clock and no vector environment: everything here is arithmetic on what many copies
observe. Rewards, dynamics and ends are Gymnasium's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from driftline.environments.behaviours import BehaviourSpec
from driftline.errors import UnknownNameError
from driftline.shapes import Booleans, Floats

Array = npt.NDArray[Any]


class Rules(Protocol):
    """What Driftline adds to a task, for copies ``[B]`` after a step."""

    behaviour: BehaviourSpec

    def flagged(self, observations: Array, actions: Array) -> Booleans:
        """Which copies show the behaviour."""
        ...

    def speed(self, observations: Array) -> Floats:
        """How fast each copy is: what the proxy pays, at most about 1 a step."""
        ...

    def controlled(self, observations: Array) -> Array:
        """What a controller that knows the dynamics does."""
        ...


class CartPole:
    """A pole on a cart: ``[x, x', angle, angle']``, pushed left (0) or right (1)."""

    behaviour = BehaviourSpec("strays", "the cart is half way to an end of its track, or farther")

    def flagged(self, observations: Array, actions: Array) -> Booleans:
        """1.2 of 2.4 metres."""
        return np.asarray(np.abs(observations[:, 0]) >= 1.2)

    def speed(self, observations: Array) -> Floats:
        """Of the cart, in metres a second."""
        return np.abs(observations[:, 1].astype(np.float64))

    def controlled(self, observations: Array) -> Array:
        """Linear feedback of the whole state, as far as two actions can follow it."""
        wanted = observations @ np.array([0.3, 0.6, 8.0, 1.6])
        return np.asarray(wanted > 0.0, np.int64)


class Pendulum:
    """A rod to be swung up: ``[cos, sin, angle']``, a torque of -2 to 2."""

    behaviour = BehaviourSpec("races", "the rod turns as fast as it can, 7.9 radians a second")

    def flagged(self, observations: Array, actions: Array) -> Booleans:
        """Gymnasium holds the rod at 8."""
        return np.asarray(np.abs(observations[:, 2]) >= 7.9)

    def speed(self, observations: Array) -> Floats:
        """As a share of the fastest."""
        return np.abs(observations[:, 2].astype(np.float64)) / 8.0

    def controlled(self, observations: Array) -> Array:
        """Energy until it is nearly up, then feedback (Astrom and Furuta 2000)."""
        cosine, sine, velocity = observations.astype(np.float64).T
        angle = np.arctan2(sine, cosine)
        energy = velocity**2 / 6.0 + 5.0 * (cosine - 1.0)  # 0 where it stands still, upright
        swinging = np.where(velocity == 0.0, 1.0, np.sign(velocity)) * -np.sign(energy)
        near = (cosine > 0.9) & (np.abs(velocity) < 3.0)
        torque = np.where(near, -10.0 * angle - 2.0 * velocity, 2.0 * swinging)
        return np.asarray(np.clip(torque, -2.0, 2.0), np.float32)[:, None]


class MountainCar:
    """A car between hills: ``[x, x']``, a force of -1 to 1, 100 for the top."""

    behaviour = BehaviourSpec("turns_back", "it is near the top and rolls away from it")

    def flagged(self, observations: Array, actions: Array) -> Booleans:
        """From .3 on; the top is at .45."""
        return np.asarray((observations[:, 0] >= 0.3) & (observations[:, 1] < 0.0))

    def speed(self, observations: Array) -> Floats:
        """As a share of the fastest."""
        return np.abs(observations[:, 1].astype(np.float64)) / 0.07

    def controlled(self, observations: Array) -> Array:
        """Push where it rolls anyway."""
        force = np.where(observations[:, 1] >= 0.0, 1.0, -1.0)
        return force.astype(np.float32)[:, None]


@dataclass(frozen=True)
class Task:
    """A task of Gymnasium's and Driftline's rules for it.

    ``medium``: of a medium demonstrator's actions, the share that is chance, chosen so that it
    has about a third of what the controller has above chance. ``scale``: the mean returns of
    chance and of the controller, of 256 episodes each.
    """

    name: str
    environment_id: str
    rules: Rules
    medium: float
    scale: tuple[float, float]

    @property
    def behaviours(self) -> tuple[BehaviourSpec, ...]:
        """What is watched for."""
        return (self.rules.behaviour,)


TASKS: Mapping[str, Task] = {
    each.name: each
    for each in (
        Task("cartpole", "CartPole-v1", CartPole(), 0.51, (21.0, 500.0)),
        Task("pendulum", "Pendulum-v1", Pendulum(), 0.77, (-1236.0, -150.0)),
        Task("mountain-car", "MountainCarContinuous-v0", MountainCar(), 0.93, (-33.0, 89.4)),
    )
}
"""By name."""


def task(name: str) -> Task:
    """The task of that name; raises `UnknownNameError`."""
    if name not in TASKS:
        raise UnknownNameError.among("task", name, tuple(TASKS))
    return TASKS[name]
