"""A world of two actions, each followed by chance, small enough to enumerate whole.

Knows no measure. Axes of every array over trajectories: first action, first
outcome, second action, second outcome.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftline.shapes import Floats


@dataclass(frozen=True, eq=False)
class Tree:
    """``first [A, C]`` and ``second [A, C, A, C]`` are chances, ``policy`` is pi0's."""

    first: Floats
    second: Floats
    first_policy: Floats
    second_policy: Floats
    returns: Floats

    @classmethod
    def drawn(cls, draw: np.random.Generator, actions: int, outcomes: int) -> Tree:
        """Random chances, policy and returns; one outcome makes it deterministic."""
        one = np.ones(outcomes)
        return cls(
            first=draw.dirichlet(one, actions),
            second=draw.dirichlet(one, (actions, outcomes, actions)),
            first_policy=draw.dirichlet(np.ones(actions)),
            second_policy=draw.dirichlet(np.ones(actions), (actions, outcomes)),
            returns=draw.normal(size=(actions, outcomes, actions, outcomes)),
        )

    def probabilities(self, first_policy: Floats, second_policy: Floats) -> Floats:
        """Of every trajectory under a policy."""
        start = first_policy[:, None] * self.first
        return start[:, :, None, None] * second_policy[..., None] * self.second

    @property
    def reference(self) -> Floats:
        """Probabilities of every trajectory under pi0."""
        return self.probabilities(self.first_policy, self.second_policy)

    def conditioned(self, weights: Floats) -> Floats:
        """Trajectory probabilities of pi(a|h) proportional to pi0(a|h) E0[weight | h, a].

        The best an agent can do that must choose before chance does.
        """
        after_second = (self.second * weights).sum(-1)
        second = self.second_policy * after_second
        value = second.sum(-1)
        first = self.first_policy * (self.first * value).sum(-1)
        reached = np.where(value > 0, value, 1.0)[..., None]
        return self.probabilities(first / first.sum(), second / reached)

    def best_share(self, q: float) -> Floats:
        """Weights from 0 to 1 that keep exactly the best share ``q`` of the reference."""
        flat, mass = self.returns.ravel(), self.reference.ravel()
        order = np.argsort(-flat)
        above = np.cumsum(mass[order]) - mass[order]
        kept = np.empty_like(flat)
        kept[order] = np.clip((q - above) / mass[order], 0.0, 1.0)
        return kept.reshape(self.returns.shape)
