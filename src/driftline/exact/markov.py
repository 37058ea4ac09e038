"""What a policy of time and state earns and how far it is from another, without histories.

Knows no target. Policies are probabilities ``[H, S, A]``.
"""

from __future__ import annotations

import numpy as np

from driftline.errors import DataError
from driftline.exact.world import FiniteWorld, check_probabilities
from driftline.shapes import Floats


def check_policy(world: FiniteWorld, policy: Floats) -> None:
    """Raise `DataError` unless ``policy`` is one of ``world``."""
    wanted = (world.horizon, world.states, world.actions)
    if policy.shape != wanted:
        raise DataError(
            f"a policy of shape {policy.shape}; this world's are {wanted}: time, state, action"
        )
    check_probabilities("policy", policy)


def occupancy(world: FiniteWorld, policy: Floats) -> Floats:
    """Probability of being in each state, still acting, after t actions, ``[H, S]``.

    Rows sum to less than 1 by the probability of having ended.
    """
    check_policy(world, policy)
    here = np.empty((world.horizon, world.states))
    mass = world.initial
    for time in range(world.horizon):
        here[time] = np.where(world.terminal, 0.0, mass)
        flow = (here[time][:, None] * policy[time])[..., None] * world.chances
        arrived = np.zeros(world.states)
        np.add.at(arrived, world.successors, flow)
        mass = arrived
    return here


def expected_return(world: FiniteWorld, policy: Floats) -> float:
    """Mean of the undiscounted return of ``policy``.

    >>> coin = FiniteWorld.of(np.ones((1, 2, 1)), np.array([[[0.0], [1.0]]]), np.ones(1), 3)
    >>> expected_return(coin, np.full((3, 1, 2), 0.5))
    1.5
    """
    rewards = (world.chances * world.rewards).sum(-1)
    return float(np.einsum("ts,tsa,sa->", occupancy(world, policy), policy, rewards))


def divergence(world: FiniteWorld, policy: Floats, reference: Floats) -> float:
    """KL of the trajectories of ``policy`` from those of ``reference``, in nats.

    E_π Σ_t KL(π(·|h_t) ‖ π0(·|h_t)): the world's own chances cancel. Infinite where
    ``policy`` takes an action that ``reference`` never takes.
    """
    check_policy(world, reference)
    taken = occupancy(world, policy)[..., None] * policy
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(taken > 0, taken * (np.log(policy) - np.log(reference)), 0.0)
    return float(terms.sum())
