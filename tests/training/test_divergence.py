"""Divergences are exact: against plain sums, and against every trajectory of a small tree."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.data.trajectories import Trajectories
from driftline.data.trajectory import Trajectory
from driftline.training.divergence import distributions, kl
from tests.agents.tabular import tabular_model

DEPTH, ACTIONS, CHANCE = 3, 2, (0.7, 0.3)


@given(st.integers(0, 999), st.integers(1, 20), st.integers(2, 6))
def test_kl_is_the_sum_over_actions(seed: int, rows: int, actions: int) -> None:
    draw = np.random.default_rng(seed)
    policy, reference = (draw.dirichlet(np.ones(actions), rows) for _ in range(2))
    expected = [
        sum(p * (math.log(p) - math.log(q)) for p, q in zip(*pair, strict=True))
        for pair in zip(policy, reference, strict=True)
    ]
    given = kl(np.log(policy), np.log(reference))
    assert given == pytest.approx(expected, abs=1e-10)
    assert (given >= 0.0).all()
    assert (kl(np.log(policy), np.log(policy)) == 0.0).all()


def ragged(seed: int, lengths: list[int]) -> Trajectories:
    draw = np.random.default_rng(seed)
    return Trajectories.of([
        Trajectory(
            draw.integers(5, size=length + 1), draw.integers(ACTIONS, size=length),
            draw.normal(size=length), terminated=True, truncated=False,
        )
        for length in lengths
    ])  # fmt: skip


@pytest.mark.parametrize("asked", [True, False])
def test_the_batches_an_evaluation_is_cut_into_do_not_matter(asked: bool) -> None:
    data = ragged(0, [3, 11, 1, 7, 7, 2])
    model = tabular_model(5, ACTIONS)
    returns = np.random.default_rng(1).normal(size=data.steps) if asked else None
    whole = distributions(model, data, returns)
    assert whole.shape == (data.steps, ACTIONS)
    assert np.exp(whole).sum(1) == pytest.approx(np.ones(data.steps), abs=1e-5)
    assert distributions(model, data, returns, steps_at_once=1) == pytest.approx(whole, abs=1e-5)
    for index in range(len(data)):
        steps = slice(data.starts[index], data.starts[index + 1])
        alone = distributions(
            model, data.slice(index, index + 1), None if returns is None else returns[steps]
        )
        assert alone == pytest.approx(whole[steps], abs=1e-5)


def tree() -> tuple[Trajectories, Any]:
    """Every trajectory of three actions with a chance event after each, and chance's share."""
    paths = list(itertools.product(itertools.product(range(ACTIONS), range(2)), repeat=DEPTH))
    trajectories, chances = [], []
    for path in paths:
        actions = [action for action, _ in path]
        states = [0] + [1 + 2 * action + luck for action, luck in path]
        trajectories.append(
            Trajectory(np.array(states), np.array(actions), np.zeros(DEPTH), True, False)
        )
        chances.append(math.prod(CHANCE[luck] for _, luck in path))
    return Trajectories.of(trajectories), np.array(chances)


def test_expected_per_step_kl_is_the_kl_of_whole_trajectories() -> None:
    data, chance = tree()
    policy, reference = (
        distributions(tabular_model(5, ACTIONS, seed=seed), data, None) for seed in (0, 1)
    )
    rows = np.arange(data.steps), data.actions
    taken, compared = (
        np.add.reduceat(each[rows], data.starts[:-1]) for each in (policy, reference)
    )
    probability = chance * np.exp(taken)
    assert probability.sum() == pytest.approx(1.0, abs=1e-5)
    exact = float((probability * (taken - compared)).sum())
    per_step = float((probability * np.add.reduceat(kl(policy, reference), data.starts[:-1])).sum())
    assert exact > 0.3
    assert per_step == pytest.approx(exact, rel=1e-4)
