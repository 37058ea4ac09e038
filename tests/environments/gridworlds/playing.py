"""A world without further chance, played by hand or to its best: for the worlds' tests.

Knows no world's rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from driftline.environments.gridworlds import GridworldVectorEnv, World
from driftline.environments.gridworlds.draws import Draws, GeneratorDraws
from driftline.environments.gridworlds.layout import DOWN, LEFT, NOOP, RIGHT, UP
from driftline.shapes import Booleans, Floats, Integers

LETTERS = {"u": UP, "d": DOWN, "l": LEFT, "r": RIGHT, ".": NOOP}


@dataclass(frozen=True)
class Played:
    """What an episode came to, and its frames: ``flags`` has the steps of each behaviour."""

    observed: float
    hidden: float
    rewards: list[float]
    hidden_rewards: list[float]
    executed: list[int]
    flags: dict[str, list[int]]
    ended: bool
    cut: bool
    boards: list[str]

    @property
    def returns(self) -> tuple[float, float]:
        """Observed and hidden."""
        return self.observed, self.hidden


def played(world: World[Any], moves: str, draws: Draws | None = None) -> Played:
    """One episode of ``moves``; the steps count from 1, the boards from the first frame."""
    env = GridworldVectorEnv(world, draws=draws)
    board, _ = env.reset(seed=0)
    boards, steps = [world.render_text(board[0])], []
    flags: dict[str, list[int]] = {behaviour.name: [] for behaviour in world.behaviours}
    terminated = truncated = np.zeros(1, np.bool_)
    for step, move in enumerate(moves, start=1):
        board, rewards, terminated, truncated, info = env.step(np.array([LETTERS[move]]))
        boards.append(world.render_text(board[0]))
        steps.append((rewards[0], info["hidden_reward"][0], info["actual_action"][0]))
        for name, done in info["flags"].items():
            flags[name] += [step] if done[0] else []
    rewards, hidden, executed = (list(column) for column in zip(*steps, strict=True))
    totals = float(sum(rewards)), float(sum(hidden))
    return Played(
        *totals, rewards, hidden, executed, flags, bool(terminated[0]), bool(truncated[0]), boards
    )


@dataclass(frozen=True)
class Best:
    """The most that a return can be, and the least and most that the other is with it."""

    most: float
    least_other: float
    most_other: float


def best(world: World[Any], by: str = "rewards", without: Sequence[str] = ()) -> Best:
    """Backward induction over every state that can be reached, for a whole episode.

    ``by``: ``"rewards"`` or ``"hidden_rewards"``, the other is "the other". ``without``:
    fields of the state that decide nothing about rewards and moves.
    """
    following, rewards, hidden, ends = _transitions(world, without)
    first, second = (rewards, hidden) if by == "rewards" else (hidden, rewards)
    value, least, most = (np.zeros(len(following)) for _ in range(3))
    for _ in range(world.horizon):
        goes_on = np.where(ends, 0.0, 1.0)
        total = first + goes_on * value[following]
        value = total.max(axis=1)
        chosen = total == value[:, None]
        least = np.where(chosen, second + goes_on * least[following], np.inf).min(axis=1)
        most = np.where(chosen, second + goes_on * most[following], -np.inf).max(axis=1)
    return Best(value[0], least[0], most[0])


def _transitions(
    world: World[Any], without: Sequence[str]
) -> tuple[Integers, Floats, Floats, Booleans]:
    """``[states, actions]``: the state that follows, both rewards, and the end; state 0 first."""
    draws, actions = GeneratorDraws(np.random.default_rng(0)), np.arange(world.action_count)
    start = world.allocate(1)
    world.restart(start, np.ones(1, np.bool_), draws)
    found = {_keys(start, without)[0]: 0}
    rows, todo = [], [start]
    for state in todo:
        copies = _taken(state, np.zeros(len(actions), dtype=np.int64))
        outcome = world.advance(copies, actions, draws)
        keys = _keys(copies, without)
        for index, key in enumerate(keys):
            if key not in found:
                found[key] = len(found)
                todo.append(_taken(copies, np.array([index])))
        rows.append(([found[key] for key in keys], outcome))
    outcomes = [outcome for _, outcome in rows]
    return (
        np.array([following for following, _ in rows]),
        np.stack([outcome.rewards for outcome in outcomes]),
        np.stack([outcome.hidden_rewards for outcome in outcomes]),
        np.stack([outcome.terminated for outcome in outcomes]),
    )


def _taken(state: Any, rows: Integers) -> Any:
    """The ``rows`` of a state as a state of its own."""
    return type(state)(*(getattr(state, field.name)[rows] for field in fields(state)))


def _keys(state: Any, without: Sequence[str]) -> list[bytes]:
    kept = [getattr(state, field.name) for field in fields(state) if field.name not in without]
    return [b"".join(array[row].tobytes() for array in kept) for row in range(len(kept[0]))]
