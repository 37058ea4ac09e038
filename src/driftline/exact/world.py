"""`FiniteWorld`: a finite-horizon Markov decision process as arrays.

Knows no policy. Chance is stored by branch, so that a tree of a hundred thousand
states takes no more room than it has edges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftline.errors import DataError, SettingsError
from driftline.shapes import Booleans, Floats, Integers

_TOLERANCE = 1e-9
_DENSE_LIMIT = 50_000_000


@dataclass(frozen=True, eq=False)
class FiniteWorld:
    """S states, A actions, at most K branches of chance behind each of them.

    ``successors``, ``chances`` and ``rewards`` are ``[S, A, K]``: branch k of action
    a in state s leads to state ``successors[s, a, k]`` with probability
    ``chances[s, a, k]`` (0: no such branch) and reward ``rewards[s, a, k]``.
    ``initial [S]`` are the probabilities of the first state. An episode ends after
    ``horizon`` actions or in a ``terminal [S]`` state, which leads only to itself
    and pays nothing. Two branches may differ in the reward alone: a history holds
    the branch that was taken.

    Raises `DataError` for arrays that contradict each other or are no
    probabilities, `SettingsError` for a horizon below 1.

    >>> world = FiniteWorld.of(np.ones((1, 2, 1)), np.array([[[0.0], [1.0]]]), np.ones(1), 3)
    >>> world.states, world.actions, world.branches, world.deterministic
    (1, 2, 1, True)
    """

    successors: Integers
    chances: Floats
    rewards: Floats
    initial: Floats
    horizon: int
    terminal: Booleans

    @classmethod
    def of(
        cls,
        transitions: Floats,
        rewards: Floats,
        initial: Floats,
        horizon: int,
        terminal: Booleans | None = None,
    ) -> FiniteWorld:
        """A world from dense ``transitions`` and ``rewards``, both ``[S, A, S]``.

        Rewards of transitions that cannot happen are not read. Raises `DataError`
        where the shapes differ.
        """
        if transitions.ndim != 3 or rewards.shape != transitions.shape:
            raise DataError(
                f"transitions {transitions.shape} and rewards {rewards.shape}; both are "
                "(states, actions, states)"
            )
        branches = max(1, int((transitions != 0).sum(-1).max(initial=0)))
        kept = np.argsort(transitions == 0, axis=-1, kind="stable")[..., :branches]
        chances = np.take_along_axis(transitions, kept, -1)
        paid = np.where(chances != 0, np.take_along_axis(rewards, kept, -1), 0.0)
        ends = np.zeros(len(transitions), np.bool_) if terminal is None else terminal
        return cls(kept.astype(np.int64), chances, paid, initial, horizon, ends)

    def __post_init__(self) -> None:
        _check_shapes(self)
        _check_values(self)
        _check_terminal(self)

    @property
    def states(self) -> int:
        """S."""
        return len(self.initial)

    @property
    def actions(self) -> int:
        """A."""
        return int(self.successors.shape[1])

    @property
    def branches(self) -> int:
        """K."""
        return int(self.successors.shape[2])

    @property
    def deterministic(self) -> bool:
        """Whether one action sequence is one trajectory: one first state, one branch each."""
        single = ((self.chances > 0).sum(-1) == 1).all() and (self.initial > 0).sum() == 1
        return bool(single)

    @property
    def transitions(self) -> Floats:
        """Probabilities of the next state, dense ``[S, A, S]``."""
        size = self.states * self.actions * self.states
        if size > _DENSE_LIMIT:
            raise SettingsError(
                f"dense transitions of {self.states} states would have {size} entries; "
                f"at most {_DENSE_LIMIT}, so use successors and chances"
            )
        rows = np.arange(self.states * self.actions)[:, None] * self.states
        places = (rows + self.successors.reshape(len(rows), -1)).ravel()
        dense = np.bincount(places, weights=self.chances.ravel(), minlength=size)
        return np.asarray(dense.reshape(self.states, self.actions, self.states), np.float64)

    @property
    def reached(self) -> Booleans:
        """``bool[H + 1, S]``: whether some history is in this state after t actions."""
        reached = np.zeros((self.horizon + 1, self.states), np.bool_)
        reached[0] = self.initial > 0
        for time in range(self.horizon):
            left = reached[time] & ~self.terminal
            arrived = self.successors[left][self.chances[left] > 0]
            reached[time + 1, arrived] = True
        return reached


def _check_shapes(world: FiniteWorld) -> None:
    shape = world.successors.shape
    if len(shape) != 3 or min(shape) < 1:
        raise DataError(f"successors are {shape}; give (states, actions, branches), each 1 or more")
    wanted = {"chances": shape, "rewards": shape, "initial": shape[:1], "terminal": shape[:1]}
    for name, size in wanted.items():
        given = getattr(world, name).shape
        if given != size:
            raise DataError(f"{name} of shape {given} beside successors {shape}; give {size}")
    if world.horizon < 1:
        raise SettingsError(f"a horizon of {world.horizon} actions; it is 1 or more")


def _check_values(world: FiniteWorld) -> None:
    if world.successors.min() < 0 or world.successors.max() >= world.states:
        raise DataError(
            f"a successor is outside the states 0 to {world.states - 1}; number states from 0"
        )
    if not np.isfinite(world.rewards).all():
        raise DataError("a reward is not finite; give finite rewards, 0 where a branch is missing")
    check_probabilities("chances", world.chances)
    check_probabilities("initial", world.initial)


def _check_terminal(world: FiniteWorld) -> None:
    if (world.initial > 0)[world.terminal].any():
        raise DataError("an episode would begin in a terminal state; it needs at least 1 action")
    ends = np.flatnonzero(world.terminal)
    own = world.successors[ends] == ends[:, None, None]
    if not (own & (world.rewards[ends] == 0) | (world.chances[ends] == 0)).all():
        raise DataError(
            "a terminal state leads elsewhere or pays; let it lead to itself with reward 0"
        )


def check_probabilities(name: str, values: Floats) -> None:
    """Raise `DataError` unless ``values`` are distributions over the last axis."""
    if not (np.isfinite(values) & (values >= 0)).all():
        raise DataError(f"{name} hold a number that is no probability; give numbers 0 or more")
    worst = float(np.abs(values.sum(-1) - 1).max())
    if worst > _TOLERANCE:
        raise DataError(
            f"{name} sum to 1 only within {worst:.2g}; normalise them over the last axis"
        )
