"""Rewards are brought to one size by what was seen, and by nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from driftline.baselines.scaled import Scaled
from tests.baselines.scratch import COPIES, sokoban

DISCOUNT = 0.9


def played(world: Scaled, steps: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rewards as the learner sees them, rewards as they were, and ends, each ``[steps, N]``."""
    draw = np.random.default_rng(seed)
    world.seed(seed)
    world.reset()
    seen, true, over = [], [], []
    for _ in range(steps):
        _, rewards, done, _ = world.step(draw.integers(0, 4, COPIES))
        seen.append(rewards)
        true.append(world.get_original_reward())
        over.append(done)
    return np.array(seen), np.array(true), np.array(over)


def spreads(rewards: np.ndarray, over: np.ndarray) -> np.ndarray:
    """After each step, the spread of all discounted returns that were reached so far."""
    returns, found, each = [], [], np.zeros(rewards.shape[1])
    for now, done in zip(rewards, over, strict=True):
        each = DISCOUNT * each + now
        returns.append(each.copy())
        found.append(np.std(returns))
        each[done] = 0.0
    return np.array(found)


def test_rewards_are_divided_by_the_spread_of_discounted_returns() -> None:
    seen, true, over = played(Scaled(sokoban(), DISCOUNT), 60, seed=0)
    assert over.any(), "returns begin anew with an episode"
    assert (np.abs(seen[0]) == 10.0).all(), "the first rewards are alike: there is no spread yet"
    wanted = true[1:] / spreads(true, over)[1:, None]
    # The library starts from a spread of 1 with a weight of a ten-thousandth of a step.
    assert np.allclose(seen[1:], wanted, rtol=1e-3)
    assert (np.abs(seen[30:]) < np.abs(true[30:])).all()


def test_the_spread_goes_on_where_it_was_stored() -> None:
    whole = Scaled(sokoban(), DISCOUNT)
    played(whole, 30, seed=0)
    other = Scaled(sokoban(), DISCOUNT)
    other.restore(whole.state())
    for mine, theirs in zip(played(other, 30, seed=1), played(whole, 30, seed=1), strict=True):
        assert np.array_equal(mine, theirs)
    assert other.state() == whole.state()


def test_observations_are_as_they_were() -> None:
    world = Scaled(sokoban(), DISCOUNT)
    world.seed(0)
    first = world.reset()
    assert set(np.unique(first)) == {0.0, 1.0}
    then, *_ = world.step(np.zeros(COPIES, np.int64))
    assert set(np.unique(then)) == {0.0, 1.0}


@pytest.mark.parametrize("name", ["mean", "var", "count"])
def test_all_that_scales_is_stored(name: str) -> None:
    world = Scaled(sokoban(), DISCOUNT)
    before = world.state()[name]
    played(world, 5, seed=0)
    assert world.state()[name] != before
