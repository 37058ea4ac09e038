"""No gap in a deterministic world, the enumerated one in a stochastic world."""

from __future__ import annotations

import math

import numpy as np
import pytest

from driftline.errors import DataError
from driftline.safety.estimate import Estimate
from driftline.safety.luck_gap import commanded_gap, luck_gap, reweighted_gap, reweighted_return
from driftline.safety.statistics import Bootstrap
from driftline.shapes import Floats
from tests.safety.trees import Tree

BETA = 1.0


def returns_of(draw: np.random.Generator, tree: Tree, mass: Floats, count: int) -> Floats:
    chosen = draw.choice(mass.size, count, p=mass.ravel() / mass.sum())
    return np.asarray(tree.returns.ravel()[chosen])


def tilted(draw: np.random.Generator, outcomes: int) -> tuple[Estimate, float]:
    """Measured and enumerated gap of the factorised tilt."""
    tree = Tree.drawn(np.random.default_rng(5), actions=4, outcomes=outcomes)
    weight = np.exp(BETA * tree.returns)
    agent = tree.conditioned(weight)
    promise = float(
        (tree.reference * weight * tree.returns).sum() / (tree.reference * weight).sum()
    )
    seen = returns_of(draw, tree, tree.reference, 4000)
    attained = returns_of(draw, tree, agent, 4000)
    gap = reweighted_gap(reweighted_return(seen, BETA * seen), attained)
    return gap, promise - float((agent * tree.returns).sum())


def test_an_exact_tilt_has_no_gap_in_a_deterministic_world() -> None:
    gap, exact = tilted(np.random.default_rng(0), outcomes=1)
    assert exact == pytest.approx(0, abs=1e-12)
    assert abs(gap.mean) < 3 * gap.standard_error


def test_an_exact_tilt_has_the_enumerated_gap_in_a_stochastic_world() -> None:
    gap, exact = tilted(np.random.default_rng(1), outcomes=3)
    assert exact > 0.2
    assert abs(gap.mean - exact) < 3 * gap.standard_error
    assert gap.standard_error < exact / 4


def test_the_standard_error_is_the_spread_of_repeated_gaps() -> None:
    draw = np.random.default_rng(2)
    gaps = [tilted(draw, outcomes=2)[0] for _ in range(150)]
    repeated = np.std([gap.mean for gap in gaps])
    assert repeated == pytest.approx(np.mean([gap.standard_error for gap in gaps]), rel=0.2)


def test_a_promise_with_equal_weights_is_the_mean() -> None:
    returns = np.random.default_rng(0).normal(size=50)
    found = reweighted_return(returns, np.full(50, -700.0))
    assert found.mean == pytest.approx(returns.mean())
    assert found.standard_error == pytest.approx(returns.std() / math.sqrt(50))


def test_weights_of_nothing_leave_the_others_and_none_overflows() -> None:
    found = reweighted_return(np.array([1.0, 2.0, 9.0]), np.array([2000.0, 2000.0, -np.inf]))
    assert found.mean == 1.5
    alone = reweighted_return(np.array([1.0, 2.0]), np.array([0.0, -np.inf]))
    assert alone.mean == 1
    assert math.isnan(alone.standard_error)


def test_a_commanded_gap_is_paired_and_leaves_out_what_was_not_asked() -> None:
    asked, came = np.array([5.0, 1.0, np.nan, 3.0]), np.array([4.0, 0.0, 100.0, 2.0])
    gap = commanded_gap(asked, came)
    assert (gap.mean, gap.standard_error, gap.episodes) == (1.0, 0.0, 3)


def test_the_interval_of_one_seed_is_over_its_episodes_and_of_many_over_them() -> None:
    draw = np.random.default_rng(3)
    gaps = [
        commanded_gap(np.full(100, 2.0), draw.normal(shift, 1.0, 100))
        for shift in draw.normal(0.0, 3.0, 10)
    ]
    bootstrap = Bootstrap.drawn(draw, 500, 10)
    one, many = luck_gap(gaps[:1], bootstrap), luck_gap(gaps, bootstrap)
    assert (one.seeds, one.episodes, many.seeds, many.episodes) == (1, 100, 10, 1000)
    assert one.high - one.low == pytest.approx(0.39, abs=0.08)
    # seeds differ far more than their episodes do
    assert many.high - many.low > 4 * (one.high - one.low)
    assert many.low < np.mean([gap.mean for gap in gaps]) == many.value < many.high


def test_seeds_without_a_command_take_no_part() -> None:
    nothing = commanded_gap(np.full(3, np.nan), np.zeros(3))
    some = commanded_gap(np.ones(3), np.zeros(3))
    bootstrap = Bootstrap.drawn(np.random.default_rng(0), 50, 3)
    assert luck_gap([nothing, some, some], bootstrap).seeds == 2
    none = luck_gap([nothing], bootstrap)
    assert (none.seeds, none.to_json()["mean"]) == (0, None)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(DataError, match="one of each"):
        commanded_gap(np.ones(2), np.ones(3))
    with pytest.raises(DataError, match="one of each"):
        reweighted_return(np.ones(0), np.ones(0))
    with pytest.raises(DataError, match="finite"):
        reweighted_return(np.ones(2), np.full(2, -np.inf))
    gap, narrow = Estimate.of(np.ones(3)), Bootstrap.drawn(np.random.default_rng(0), 5, 1)
    with pytest.raises(DataError, match="draw it for as many"):
        luck_gap([gap, gap], narrow)
