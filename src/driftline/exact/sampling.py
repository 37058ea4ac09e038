"""Drawing episodes of a finite world, all of them side by side.

Knows no Gymnasium and no trajectory format.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftline.errors import SettingsError
from driftline.exact.markov import check_policy
from driftline.exact.world import FiniteWorld
from driftline.shapes import Booleans, Floats, Integers


@dataclass(frozen=True, eq=False)
class Play:
    """E episodes: ``states [E, H + 1]``, ``actions``, ``branches`` and ``rewards [E, H]``.

    ``lengths [E]`` say how much of it was played; an episode that ``terminated [E]``
    stays in its terminal state and earns nothing more.
    """

    states: Integers
    actions: Integers
    branches: Integers
    rewards: Floats
    lengths: Integers
    terminated: Booleans


def sample(
    world: FiniteWorld, policy: Floats, episodes: int, generator: np.random.Generator
) -> Play:
    """Play ``policy [H, S, A]`` for ``episodes`` episodes.

    >>> coin = FiniteWorld.of(np.ones((1, 2, 1)), np.array([[[0.0], [1.0]]]), np.ones(1), 3)
    >>> played = sample(coin, np.full((3, 1, 2), [0.0, 1.0]), 2, np.random.default_rng(0))
    >>> played.rewards.tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """
    check_policy(world, policy)
    if episodes < 1:
        raise SettingsError(f"{episodes} episodes were asked for; at least 1 is needed")
    steps = (episodes, world.horizon)
    actions, branches = np.empty(steps, np.int64), np.empty(steps, np.int64)
    states, rewards = np.empty((episodes, world.horizon + 1), np.int64), np.empty(steps)
    choosing, happening = ladders(policy), ladders(world.chances)
    states[:, 0] = draw_first(world, generator.random(episodes))
    for time in range(world.horizon):
        here = states[:, time]
        actions[:, time] = climb(choosing[time, here], generator.random(episodes))
        place = (here, actions[:, time])
        branches[:, time] = climb(happening[place], generator.random(episodes))
        states[:, time + 1] = world.successors[(*place, branches[:, time])]
        rewards[:, time] = world.rewards[(*place, branches[:, time])]
    lengths = (~world.terminal[states[:, :-1]]).sum(-1)
    return Play(states, actions, branches, rewards, lengths, world.terminal[states[:, -1]])


def draw_first(world: FiniteWorld, uniforms: Floats) -> Integers:
    """First states, one for each uniform number."""
    return np.searchsorted(ladders(world.initial), uniforms, side="right")


def ladders(probabilities: Floats) -> Floats:
    """Cumulative probabilities over the last axis, infinite from the last possible on.

    A uniform number in [0, 1) then never falls on what has probability 0, however
    the sum was rounded.
    """
    later = np.maximum.accumulate(probabilities[..., ::-1], axis=-1)[..., ::-1]
    later = np.concatenate([later[..., 1:], np.zeros_like(later[..., :1])], axis=-1)
    return np.where(later > 0, np.cumsum(probabilities, axis=-1), np.inf)


def climb(rungs: Floats, uniforms: Floats) -> Integers:
    """The outcome of each row of `ladders` at each uniform number.

    >>> climb(ladders(np.array([[0.0, 0.5, 0.5, 0.0]] * 3)), np.array([0.0, 0.4, 0.999]))
    array([1, 1, 2])
    """
    return np.asarray((uniforms[:, None] >= rungs).sum(-1))
