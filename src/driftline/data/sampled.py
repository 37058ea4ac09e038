"""`sample_trajectories`: play of a finite world as `Trajectories`, without an environment.

Knows no model. The observation is the state.
"""

from __future__ import annotations

import numpy as np

from driftline.data.trajectories import Trajectories
from driftline.exact.sampling import sample
from driftline.exact.world import FiniteWorld
from driftline.shapes import Floats


def sample_trajectories(
    world: FiniteWorld, policy: Floats, episodes: int, generator: np.random.Generator
) -> Trajectories:
    """Play ``policy [H, S, A]`` for ``episodes`` whole episodes.

    An episode that the horizon cut is truncated, one that came to a terminal state
    is terminated, also when both happen at once.

    >>> from driftline.exact.random_worlds import random_policy, random_tree
    >>> draw = np.random.default_rng(0)
    >>> world = random_tree(3, 2, draw, reward_step=1.0)
    >>> played = sample_trajectories(world, random_policy(world, draw), 5, draw)
    >>> played.lengths.tolist(), played.terminated.all()
    ([3, 3, 3, 3, 3], np.True_)
    """
    play = sample(world, policy, episodes, generator)
    times = np.arange(world.horizon + 1)
    seen = times <= play.lengths[:, None]
    acted = seen[:, 1:]
    return Trajectories(
        observations=play.states[seen],
        actions=play.actions[acted],
        rewards=play.rewards[acted],
        starts=np.concatenate([[0], np.cumsum(play.lengths)]),
        terminated=play.terminated,
        truncated=~play.terminated,
    )
