"""`HistoryTree`: every history of a small world, level by level.

Knows no target. A policy over histories is an array of log-probabilities
``[nodes, A]``; rows of ended histories are never read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftline.errors import SettingsError
from driftline.exact.atoms import merge
from driftline.exact.logarithms import log
from driftline.exact.markov import check_policy
from driftline.exact.world import FiniteWorld
from driftline.shapes import Floats, Integers

LEAF_LIMIT = 5_000_000


@dataclass(frozen=True, eq=False)
class Fan:
    """How one level opens into the next.

    ``decisions [D]`` are the nodes that go on, ``children`` the nodes that they
    open into, in the order of decision, action and branch; ``owners`` are the rows
    of ``decisions`` that they come from, and ``groups [D * A]`` is where each
    decision's and action's run of children begins.
    """

    decisions: Integers
    children: slice
    owners: Integers
    groups: Integers


@dataclass(frozen=True, eq=False)
class HistoryTree:
    """Nodes are histories (first state, then action and branch, again and again).

    All arrays are ``[nodes]``, in order of the number of actions: ``states`` the
    last state, ``parents`` and ``actions`` the history before and the action since
    (-1 in a first state), ``chances`` the probability of the last branch given
    both (of the first state), ``returns`` the sum of rewards so far. ``leaves``
    are the nodes that ended: distributions over trajectories are ``[leaves]``.
    ``atoms [N]`` are the returns that occur, ascending; trajectory i earns
    ``atoms[leaf_atoms[i]]``.
    """

    world: FiniteWorld
    states: Integers
    parents: Integers
    actions: Integers
    chances: Floats
    returns: Floats
    levels: Integers
    leaves: Integers
    atoms: Floats
    leaf_atoms: Integers
    fans: tuple[Fan, ...]

    @property
    def nodes(self) -> int:
        """How many histories there are, ended or not."""
        return len(self.states)

    @property
    def roots(self) -> int:
        """How many first states there are: nodes ``0:roots``."""
        return int(self.levels[1])

    @property
    def leaf_returns(self) -> Floats:
        """The return of every trajectory, ``[leaves]``."""
        return self.atoms[self.leaf_atoms]

    def markov(self, policy: Floats) -> Floats:
        """Log-probabilities ``[nodes, A]`` of a policy ``[H, S, A]`` that sees time and state."""
        world = self.world
        check_policy(world, policy)
        times = np.repeat(np.arange(len(self.levels) - 1), np.diff(self.levels))
        return log(policy[times.clip(max=world.horizon - 1), self.states])

    def log_reach(self, policy: Floats) -> Floats:
        """Log-probability of coming through each node, ``[nodes]``, under ``policy``."""
        reach = log(self.chances)
        for fan in self.fans:
            parents = self.parents[fan.children]
            taken = policy[parents, self.actions[fan.children]]
            reach[fan.children] += reach[parents] + taken
        return reach

    def log_probabilities(self, policy: Floats) -> Floats:
        """Log-probability of every trajectory, ``[leaves]``, under ``policy [nodes, A]``."""
        return self.log_reach(policy)[self.leaves]

    def return_probabilities(self, log_probabilities: Floats) -> Floats:
        """Distribution over ``atoms``, ``[N]``, of trajectories so distributed."""
        weights = np.exp(log_probabilities)
        return np.asarray(np.bincount(self.leaf_atoms, weights, len(self.atoms)), np.float64)

    def expectation(self, log_probabilities: Floats, values: Floats | None = None) -> float:
        """Mean of ``values [leaves]``, by default the returns, over trajectories."""
        chosen = self.leaf_returns if values is None else values
        return float(np.exp(log_probabilities) @ chosen)


def enumerate_histories(world: FiniteWorld, leaf_limit: int = LEAF_LIMIT) -> HistoryTree:
    """All histories that some policy can bring about.

    Raises `SettingsError` when a level would have more than ``leaf_limit`` nodes.

    >>> coin = FiniteWorld.of(np.ones((1, 2, 1)), np.array([[[0.0], [1.0]]]), np.ones(1), 3)
    >>> tree = enumerate_histories(coin)
    >>> tree.nodes, len(tree.leaves), tree.leaf_returns.tolist()
    (15, 8, [0.0, 1.0, 1.0, 2.0, 1.0, 2.0, 2.0, 3.0])
    """
    first = np.flatnonzero(world.initial)
    none = np.full(len(first), -1)
    columns = [(first, none, none, world.initial[first], np.zeros(len(first)))]
    levels, fans = [0, len(first)], []
    for _ in range(world.horizon):
        states, _, _, _, returns = columns[-1]
        open_nodes = np.flatnonzero(~world.terminal[states])
        if len(open_nodes) == 0:
            break
        _check_room(world, states[open_nodes], leaf_limit)
        rows, opened = _open(world, states[open_nodes], returns[open_nodes])
        parents = levels[-2] + open_nodes[rows]
        columns.append((opened[0], parents, *opened[1:]))
        levels.append(levels[-1] + len(parents))
        counts = (world.chances[states[open_nodes]] > 0).sum(-1).ravel()
        groups = np.cumsum(counts) - counts
        fans.append(Fan(levels[-3] + open_nodes, slice(*levels[-2:]), rows, groups))
    states, parents, actions, chances, returns = (
        np.concatenate(parts) for parts in zip(*columns, strict=True)
    )
    ended = world.terminal[states]
    ended[levels[-2] :] = True
    leaves = np.flatnonzero(ended)
    atoms, leaf_atoms = merge(returns[leaves])
    return HistoryTree(
        world=world,
        states=states,
        parents=parents,
        actions=actions,
        chances=chances,
        returns=returns,
        levels=np.array(levels),
        leaves=leaves,
        atoms=atoms,
        leaf_atoms=leaf_atoms,
        fans=tuple(fans),
    )


def _open(
    world: FiniteWorld, states: Integers, returns: Floats
) -> tuple[Integers, tuple[Integers, Integers, Floats, Floats]]:
    """For every child: the row it comes from; its state, action, chance and return."""
    chances = world.chances[states]
    rows, actions, branches = np.nonzero(chances)
    place = (states[rows], actions, branches)
    arrived = returns[rows] + world.rewards[place]
    return rows, (world.successors[place], actions, chances[rows, actions, branches], arrived)


def _check_room(world: FiniteWorld, states: Integers, leaf_limit: int) -> None:
    counts = (world.chances > 0).sum((1, 2))
    size = int(counts[states].sum())
    if size > leaf_limit:
        raise SettingsError(
            f"a level would have {size} histories, more than {leaf_limit}; shorten the horizon, "
            "raise leaf_limit or use the tables, which need no histories"
        )
