"""A point that is pushed towards a goal in the plane, and demonstrators of unequal skill.

Knows no test.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box

from driftline.data.demonstrations import Demonstrations
from driftline.data.gymnasium_spaces import action_spec, observation_spec
from driftline.data.trajectories import Trajectories
from driftline.data.trajectory import Trajectory

STEPS, REACH = 10, 0.3


class PointMass(gymnasium.Env[Any, Any]):
    """Observes where the goal is from here; a push of at most `REACH` a dimension moves it there.

    The reward is minus the distance that is left; the goal begins 1 away.
    """

    def __init__(self) -> None:
        self.observation_space = Box(-np.inf, np.inf, (2,), np.float32)
        self.action_space = Box(-REACH, REACH, (2,), np.float32)

    def reset(self, *, seed: Any = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        angle = self.np_random.uniform(0.0, 2.0 * np.pi)
        self.goal, self.age = np.array([np.cos(angle), np.sin(angle)], np.float32), 0
        return self.goal.copy(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        assert self.action_space.contains(action), action
        self.goal, self.age = self.goal - action, self.age + 1
        left = -float(np.linalg.norm(self.goal))
        return self.goal.copy(), left, False, self.age == STEPS, {}


def played(skill: float, seed: int) -> Trajectory:
    """Pushes towards the goal, more so the more skilled, and about as much anywhere."""
    environment, draw = PointMass(), np.random.default_rng(seed)
    observations, actions, rewards = [environment.reset(seed=seed)[0]], [], []
    for _ in range(STEPS):
        noise = draw.normal(0.0, 0.5 * REACH, 2)
        push = np.clip(skill * observations[-1] + noise, -REACH, REACH).astype(np.float32)
        observed, reward, *_ = environment.step(push)
        observations.append(observed)
        actions.append(push)
        rewards.append(reward)
    columns = (np.array(each) for each in (observations, actions))
    return Trajectory(*columns, np.array(rewards), terminated=False, truncated=True)


def demonstrated(episodes: int = 200) -> Demonstrations:
    """Demonstrators of skills from none at all to quick."""
    draw = np.random.default_rng(0)
    skills = draw.uniform(-0.1, 0.4, episodes)
    whole = Trajectories.of([played(skill, seed) for seed, skill in enumerate(skills)])
    spaces = PointMass()
    return Demonstrations(
        whole, observation_spec(spaces.observation_space), action_spec(spaces.action_space)
    )
