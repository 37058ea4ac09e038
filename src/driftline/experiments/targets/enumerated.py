"""Random worlds with every history of theirs, and what a way of asking for returns does in one.

Knows no target: a way of asking is a distribution over the trajectories.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from driftline.exact.divergences import kl, maximum_ratio
from driftline.exact.histories import HistoryTree, enumerate_histories
from driftline.exact.random_worlds import random_policy, random_tree
from driftline.exact.world import FiniteWorld
from driftline.shapes import Floats

REWARD_STEPS = (1.0, 0.5, None)
REAL_LIMIT = 256
"""Trajectories beyond which rewards are multiples of a step: returns are asked for one by one."""


@dataclass(frozen=True, eq=False)
class Enumerated:
    """A tree, its demonstrator ``markov [H, S, A]`` and the same as ``policy [nodes, A]``.

    ``demonstrated [leaves]`` are the log-probabilities of its trajectories.
    """

    tree: HistoryTree
    markov: Floats
    policy: Floats
    demonstrated: Floats

    @classmethod
    def of(cls, world: FiniteWorld, markov: Floats) -> Enumerated:
        """Every history of ``world``."""
        tree = enumerate_histories(world)
        policy = tree.markov(markov)
        return cls(tree, markov, policy, tree.log_probabilities(policy))

    @classmethod
    def drawn(
        cls, sizes: Sequence[tuple[int, int]], branches: int, generator: np.random.Generator
    ) -> Enumerated:
        """A random tree of one of these depths and widths (actions).

        Rewards are whole or half numbers or, where the tree is small, perhaps real ones.
        """
        depth, width = sizes[int(generator.integers(len(sizes)))]
        small = (width * branches) ** depth <= REAL_LIMIT
        step = REWARD_STEPS[generator.integers(len(REWARD_STEPS) if small else 2)]
        world = random_tree(depth, width, generator, branches=branches, reward_step=step)
        return cls.of(world, random_policy(world, generator))

    def size(self) -> dict[str, int]:
        """How large the world is."""
        return {
            "depth": self.tree.world.horizon,
            "actions": self.tree.world.actions,
            "trajectories": len(self.tree.leaves),
            "returns": len(self.tree.atoms),
        }

    def measured(self, trajectories: Floats, beta: float) -> dict[str, Any]:
        """What this distribution ``[leaves]`` earns, and for how much of a departure.

        ``worth`` is βE[R] − KL, in nats.
        """
        mean = self.tree.expectation(trajectories)
        distance = kl(trajectories, self.demonstrated)
        return {
            "mean": mean,
            "kl": distance,
            "worth": beta * mean - distance,
            "ratio": maximum_ratio(trajectories, self.demonstrated),
        }
