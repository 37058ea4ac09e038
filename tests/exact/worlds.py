"""Worlds, demonstrators and trees of them, drawn from one seed.

Knows no test.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from driftline.exact.histories import HistoryTree, enumerate_histories
from driftline.exact.random_worlds import random_policy, random_tree, random_world
from driftline.exact.world import FiniteWorld
from driftline.seeding import generator
from driftline.shapes import Floats

SIZES = [(4, 3), (4, 4), (4, 5), (5, 3), (5, 4), (5, 5), (6, 3), (6, 4), (7, 3), (8, 3)]
"""Depth and actions of deterministic trees, 81 to 6,561 trajectories."""

seeds = st.integers(0, 100_000)
shares = st.floats(0.02, 1.0)
slopes = st.floats(-2.0, 2.0)


@dataclass(frozen=True, eq=False)
class Case:
    """A world, its histories and a demonstrator ``[nodes, A]`` that remembers them."""

    world: FiniteWorld
    tree: HistoryTree
    policy: Floats

    @property
    def demonstrated(self) -> Floats:
        return self.tree.log_probabilities(self.policy)


def case(world: FiniteWorld, seed: int) -> Case:
    tree = enumerate_histories(world)
    logits = generator(seed, "demonstrator").standard_normal((tree.nodes, world.actions))
    return Case(world, tree, logits - np.log(np.exp(logits).sum(-1, keepdims=True)))


def deterministic(seed: int) -> Case:
    """A tree without chance; whole, tenth or real rewards."""
    draw = generator(seed, "tree")
    depth, actions = SIZES[seed % len(SIZES)]
    step = (1.0, 0.1, None)[seed % 3]
    if step is None and actions**depth > 1100:
        step = 0.1
    return case(random_tree(depth, actions, draw, reward_step=step), seed)


def stochastic(seed: int) -> Case:
    """A small world with chance: a tree, or states that come back and may end it."""
    draw = generator(seed, "world")
    step = (1.0, 0.1, None)[seed % 3]
    if seed % 2:
        return case(random_tree(3, 2 + seed % 4 // 2, draw, branches=2, reward_step=step), seed)
    ends = int(draw.integers(0, 3))
    return case(random_world(5, 2, 4, draw, reward_step=step, terminal_states=ends), seed)


def markov_case(seed: int) -> tuple[Case, Floats]:
    """A stochastic world whose demonstrator sees time and state alone, ``[H, S, A]`` too."""
    world = stochastic(seed).world
    policy = random_policy(world, generator(seed, "policy"))
    tree = enumerate_histories(world)
    return Case(world, tree, tree.markov(policy)), policy
