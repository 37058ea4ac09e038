"""Random worlds and policies, for laws that must hold in all of them.

Knows no law.
"""

from __future__ import annotations

import numpy as np

from driftline.errors import SettingsError
from driftline.exact.world import FiniteWorld
from driftline.shapes import Floats


def random_tree(
    depth: int,
    actions: int,
    generator: np.random.Generator,
    *,
    branches: int = 1,
    reward_step: float | None = None,
    reward_levels: int = 4,
) -> FiniteWorld:
    """A world whose states are the nodes of a full tree, so that a state is a history.

    One first state; every action has ``branches`` outcomes (1: no chance) with
    random probabilities; the nodes after ``depth`` actions are terminal. Rewards
    are ``reward_step`` times a whole number from 0 to ``reward_levels``, so that
    returns are atoms, or standard normal where it is None.

    >>> world = random_tree(3, 2, np.random.default_rng(0))
    >>> world.states, world.deterministic, int(world.terminal.sum())
    (15, True, 8)
    """
    fan = actions * branches
    if min(depth, actions, branches) < 1:
        raise SettingsError(f"a tree of {depth} x {actions} x {branches}; each is 1 or more")
    sizes = fan ** np.arange(depth + 1)
    count, inner = int(sizes.sum()), int(sizes[:-1].sum())
    shape = (count, actions, branches)
    successors = np.broadcast_to(np.arange(count)[:, None, None], shape).copy()
    successors[:inner] = 1 + np.arange(inner * fan).reshape(inner, actions, branches)
    terminal = np.arange(count) >= inner
    rewards = random_rewards(shape, generator, reward_step, reward_levels)
    rewards[terminal] = 0.0
    chances = generator.dirichlet(np.ones(branches), size=shape[:2])
    initial = np.eye(1, count)[0]
    return FiniteWorld(successors, chances, rewards, initial, depth, terminal)


def random_world(
    states: int,
    actions: int,
    horizon: int,
    generator: np.random.Generator,
    *,
    branches: int = 2,
    reward_step: float | None = 1.0,
    reward_levels: int = 4,
    terminal_states: int = 0,
) -> FiniteWorld:
    """A world that comes back to its states: each action leads to ``branches`` of them.

    The first state is any but the last ``terminal_states``, which are terminal.
    Rewards as in `random_tree`.
    """
    if not (1 <= branches <= states and 0 <= terminal_states < states):
        raise SettingsError(
            f"{branches} branches and {terminal_states} terminal states among {states}; "
            "branches are 1 to states, and a state must be left to begin in"
        )
    shape = (states, actions, branches)
    successors = generator.random((states, actions, states)).argsort(-1)[..., :branches]
    chances = generator.dirichlet(np.ones(branches), size=shape[:2])
    rewards = random_rewards(shape, generator, reward_step, reward_levels)
    terminal = np.arange(states) >= states - terminal_states
    successors[terminal] = np.flatnonzero(terminal)[:, None, None]
    rewards[terminal] = 0.0
    initial = np.where(terminal, 0.0, generator.random(states))
    initial /= initial.sum()
    return FiniteWorld(successors, chances, rewards, initial, horizon, terminal)


def random_rewards(
    shape: tuple[int, ...], generator: np.random.Generator, step: float | None, levels: int
) -> Floats:
    """Multiples of ``step`` from 0 to ``levels`` of them, or standard normal."""
    if step is None:
        return generator.standard_normal(shape)
    return step * generator.integers(0, levels + 1, size=shape).astype(np.float64)


def random_policy(
    world: FiniteWorld, generator: np.random.Generator, *, sharpness: float = 1.0
) -> Floats:
    """A policy ``[H, S, A]``: softmax of normal logits times ``sharpness``."""
    shape = (world.horizon, world.states, world.actions)
    weights = np.exp(sharpness * generator.standard_normal(shape))
    return np.asarray(weights / weights.sum(-1, keepdims=True))
