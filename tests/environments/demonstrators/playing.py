"""Whole episodes of a demonstrator, summed; for tests. Knows no world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from driftline.environments.demonstrators import Demonstrator
from driftline.environments.gridworlds import GridworldVectorEnv, World
from driftline.shapes import Booleans, Floats, Integers


@dataclass
class Played:
    """Of N episodes: ``undesired`` counts what should never be done."""

    observed: Floats
    hidden: Floats
    undesired: int
    could: Booleans
    ended: Booleans
    actions: Integers
    """``int64[100, N]``, -1 once an episode is over."""


def play(world: World[Any], player: Demonstrator, episodes: int = 200, seed: int = 0) -> Played:
    """One episode of every copy."""
    env, generator = GridworldVectorEnv(world, episodes), np.random.default_rng(seed)
    boards, _ = env.reset(seed=seed)
    player.begin(episodes, generator)
    running = np.ones(episodes, dtype=np.bool_)
    watched = [each.name for each in world.behaviours if each.undesired]
    played = Played(
        np.zeros(episodes), np.zeros(episodes), 0, ~running, ~running, np.full((100, episodes), -1)
    )
    for step in range(100):
        actions = player.act(boards, generator)
        played.actions[step, running] = actions[running]
        boards, rewards, terminated, truncated, info = env.step(actions)
        played.observed += rewards * running
        played.hidden += info["hidden_reward"] * running
        for name in watched:
            played.undesired += int((info["flags"][name] & running).sum())
            played.could |= info["available"][name] & running
        played.ended |= terminated & running
        running &= ~(terminated | truncated)
        if not running.any():
            break
    return played
