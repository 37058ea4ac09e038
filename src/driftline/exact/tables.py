"""`Tables`: what a demonstrator does and earns at each time and state, exactly.

Knows no history: the world and its demonstrator see time and state alone, so
dynamic programming over (t, s) is enough.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftline.errors import SettingsError
from driftline.exact.atoms import TOLERANCE, merge, nearest
from driftline.exact.markov import check_policy
from driftline.exact.world import FiniteWorld
from driftline.shapes import Booleans, Floats, Integers

ENTRY_LIMIT = 50_000_000


@dataclass(frozen=True, eq=False)
class Tables:
    """A demonstrator ``policy [H, S, A]`` in ``world`` and the returns it earns.

    ``return_values [N]`` are the returns-to-go that can occur, ascending.
    ``return_after[t, s, a]`` is the distribution over them from time t on, this
    step's reward included, when action a is taken in state s and the demonstrator
    goes on: ``[H, S, A, N]``. ``reached [H, S]`` says which times and states some
    history comes to without having ended; rows of others are 0.
    """

    world: FiniteWorld
    policy: Floats
    return_values: Floats
    return_after: Floats
    reached: Booleans

    @property
    def return_before(self) -> Floats:
        """Distributions before the action is chosen, ``[H, S, N]``."""
        return np.asarray(np.einsum("tsa,tsan->tsn", self.policy, self.return_after))


def tables(world: FiniteWorld, policy: Floats, entry_limit: int = ENTRY_LIMIT) -> Tables:
    """The tables of ``policy [H, S, A]`` in ``world``.

    P(G_t = v | s, a) = sum over s' of P(s'|s, a) P(G_{t+1} = v - r | s'), with
    G = 0 after the horizon and in terminal states: the recursion of distributional
    reinforcement learning (Bellemare et al. 2017, arXiv:1707.06887) on its exact
    support. Raises `SettingsError` beyond ``entry_limit`` entries.

    >>> coin = FiniteWorld.of(np.ones((1, 2, 1)), np.array([[[0.0], [1.0]]]), np.ones(1), 2)
    >>> told = tables(coin, np.full((2, 1, 2), 0.5))
    >>> told.return_values, told.return_after[0, 0, 1]
    (array([0., 1., 2.]), array([0. , 0.5, 0.5]))
    """
    check_policy(world, policy)
    reached = world.reached
    values = return_support(world, reached, entry_limit)
    shape = (*policy.shape, len(values))
    _check_room(int(np.prod(shape)), entry_limit)
    after = np.zeros(shape)
    ended = np.zeros((world.states, len(values)))
    ended[:, nearest(values, np.zeros(1))[0]] = 1.0
    before = ended
    for time in reversed(range(world.horizon)):
        acting = reached[time] & ~world.terminal
        after[time] = _back_up(world, acting, values, before)
        earned = np.einsum("sa,san->sn", policy[time], after[time])
        before = np.where(world.terminal[:, None], ended, earned)
    return Tables(world, policy, values, after, reached[:-1] & ~world.terminal)


def return_support(world: FiniteWorld, reached: Booleans, entry_limit: int = ENTRY_LIMIT) -> Floats:
    """Every return-to-go that can occur anywhere in ``world``, ascending, ``[N]``."""
    states = np.flatnonzero(reached[-1])
    values = np.zeros(len(states))
    found = [np.zeros(1)]
    for time in reversed(range(world.horizon)):
        edges = _edges(world, reached[time] & ~world.terminal)
        rows, entries = _join(edges[1], states, world.states)
        _check_room(len(rows), entry_limit)
        ends = np.flatnonzero(reached[time] & world.terminal)
        origins = np.concatenate([edges[0][rows] // world.actions, ends])
        sums = np.concatenate([edges[3][rows] + values[entries], np.zeros(len(ends))])
        states, values = _merge_by_state(origins, sums)
        found.append(values)
    return merge(np.concatenate(found))[0]


def _edges(world: FiniteWorld, acting: Booleans) -> tuple[Integers, Integers, Floats, Floats]:
    """State-action index, successor, chance and reward of each branch of these states."""
    there = (world.chances > 0) & acting[:, None, None]
    states, actions, _ = np.nonzero(there)
    pairs = states * world.actions + actions
    return pairs, world.successors[there], world.chances[there], world.rewards[there]


def _join(successors: Integers, states: Integers, count: int) -> tuple[Integers, Integers]:
    """All pairs (edge, entry) whose successor is the entry's state; ``states`` ascend."""
    starts = np.searchsorted(states, np.arange(count + 1))
    sizes = np.diff(starts)[successors]
    rows = np.repeat(np.arange(len(successors)), sizes)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return rows, starts[successors[rows]] + within


def _merge_by_state(states: Integers, values: Floats) -> tuple[Integers, Floats]:
    order = np.lexsort((values, states))
    states, values = states[order], values[order]
    other = (np.diff(states) > 0) | (np.diff(values) > TOLERANCE)
    first = np.concatenate([np.ones(min(1, len(states)), np.bool_), other])
    return states[first], values[first]


def _back_up(world: FiniteWorld, acting: Booleans, values: Floats, before: Floats) -> Floats:
    """One step of the recursion: ``[S, N]`` at time t + 1 to ``[S, A, N]`` at time t."""
    pairs, successors, chances, rewards = _edges(world, acting)
    states, atoms = np.nonzero(before)
    rows, entries = _join(successors, states, world.states)
    arrived = nearest(values, rewards[rows] + values[atoms[entries]])
    weights = chances[rows] * before[states[entries], atoms[entries]]
    places = pairs[rows] * len(values) + arrived
    size = world.states * world.actions * len(values)
    flat = np.bincount(places, weights=weights, minlength=size)
    return np.asarray(flat.reshape(world.states, world.actions, len(values)), np.float64)


def _check_room(size: int, limit: int) -> None:
    if size > limit:
        raise SettingsError(
            f"the tables would have {size} entries, more than {limit}; round the rewards to "
            "multiples of one step, shorten the horizon or raise entry_limit"
        )
