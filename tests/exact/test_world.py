"""A finite world refuses arrays that contradict each other, in one line that says why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from driftline.errors import DataError, DriftlineError, SettingsError
from driftline.exact.random_worlds import random_tree, random_world
from driftline.exact.world import FiniteWorld
from driftline.seeding import generator
from tests.exact.worlds import seeds


def world() -> FiniteWorld:
    return random_world(4, 2, 3, generator(0, "world"), terminal_states=1)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"horizon": 0}, "1 or more"),
        ({"chances": np.full((4, 2, 2), 0.4)}, "normalise"),
        ({"chances": np.full((4, 2, 2), np.nan)}, "no probability"),
        ({"chances": np.stack([np.full((4, 2), 2.0), np.full((4, 2), -1.0)], -1)}, "0 or more"),
        ({"initial": np.full(4, 0.25)}, "begin in a terminal state"),
        ({"initial": np.full(3, 1 / 3)}, "beside successors"),
        ({"rewards": np.full((4, 2, 2), np.inf)}, "finite"),
        ({"rewards": np.ones((4, 2, 2))}, "lead to itself"),
        (
            {"terminal": np.arange(4) >= 2, "initial": np.array([0.5, 0.5, 0.0, 0.0])},
            "lead to itself",
        ),
        ({"successors": np.full((4, 2, 2), 4)}, "0 to 3"),
        ({"successors": np.zeros((4, 2), np.int64)}, "(states, actions, branches)"),
    ],
)
def test_what_contradicts_itself_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(DriftlineError) as refusal:
        replace(world(), **changes)
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


@given(seeds)
def test_dense_arrays_and_branches_say_the_same(seed: int) -> None:
    made = random_world(5, 3, 2, generator(seed, "world"), branches=1 + seed % 4)
    rewards = np.zeros((5, 3, 5))
    for state, action, branch in np.ndindex(made.successors.shape):
        rewards[state, action, made.successors[state, action, branch]] = made.rewards[
            state, action, branch
        ]
    again = FiniteWorld.of(made.transitions, rewards, made.initial, made.horizon, made.terminal)
    assert again.branches == made.branches
    np.testing.assert_allclose(again.transitions, made.transitions)
    paid = (again.chances * again.rewards).sum(-1)
    np.testing.assert_allclose(paid, (made.chances * made.rewards).sum(-1))


def test_dense_arrays_of_different_shapes_are_refused() -> None:
    with pytest.raises(DataError, match="both are"):
        FiniteWorld.of(np.ones((1, 2, 1)), np.ones((1, 1, 1)), np.ones(1), 1)


def test_a_large_tree_has_no_dense_transitions() -> None:
    tree = random_tree(8, 4, generator(0, "tree"))
    with pytest.raises(SettingsError, match="use successors"):
        _ = tree.transitions


def test_one_first_state_and_one_branch_each_make_a_world_deterministic() -> None:
    draw = generator(0, "worlds")
    assert random_tree(3, 2, draw).deterministic
    assert not random_tree(3, 2, draw, branches=2).deterministic
    assert not random_world(3, 2, 2, draw, branches=1).deterministic  # several first states
