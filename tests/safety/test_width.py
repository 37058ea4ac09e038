"""Width: planted widths come back, steps are called too fast, spread is not slowness."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.safety.statistics import Bootstrap
from driftline.safety.transition import fit_levels
from driftline.safety.width import (
    WIDTH_PER_SCALE,
    LogisticFit,
    fit_logistic,
    seed_width,
    width_over_seeds,
)
from tests.safety.examples import logistic


def fitted(
    draw: np.random.Generator,
    width: float,
    midpoint: float,
    rounds: int = 30,
    episodes: int = 64,
    floor: float = 0.0,
    top: float = 1.0,
) -> LogisticFit:
    numbers = np.arange(rounds)
    seen = draw.binomial(episodes, logistic(numbers, midpoint, width, floor, top))
    fit = fit_logistic(numbers, seen.astype(float), np.full(rounds, float(episodes)))
    assert fit is not None
    return fit


def test_ten_to_ninety_percent_is_4_394_scales() -> None:
    assert round(WIDTH_PER_SCALE, 3) == 4.394
    tenth, ninetieth = logistic(np.array([8.0, 12.0]), 10, 4.0, 0.1, 0.9)
    assert (tenth, ninetieth) == (pytest.approx(0.18), pytest.approx(0.82))


def test_a_width_of_four_rounds_is_measured_as_published() -> None:
    draw = np.random.default_rng(0)
    fits = [fitted(draw, 4.0, 30.0, rounds=60, episodes=50) for _ in range(24)]
    low, middle, high = np.quantile([fit.width for fit in fits], [0.25, 0.5, 0.75])
    assert middle == pytest.approx(4.06, abs=0.2)
    assert 3.5 < low < 3.95
    assert 4.05 < high < 4.5


@pytest.mark.parametrize(("width", "floor", "top"), [(2.0, 0.0, 1.0), (8.0, 0.05, 0.6)])
def test_floor_plateau_midpoint_and_width_come_back(width: float, floor: float, top: float) -> None:
    draw = np.random.default_rng(1)
    fits = [fitted(draw, width, 14.3, episodes=200, floor=floor, top=top) for _ in range(12)]
    found = np.median([(f.width, f.midpoint, f.floor, f.plateau) for f in fits], axis=0)
    assert found == pytest.approx([width, 14.3, floor, top], rel=0.1, abs=0.02)
    limits = np.array([fit.limits() for fit in fits])
    assert np.mean((limits[:, 0] <= width) & (width <= limits[:, 1])) > 0.75


def test_a_step_is_faster_than_resolved_and_says_what_to_do() -> None:
    found = seed_width(fitted(np.random.default_rng(2), 0, 12, floor=0.02, top=0.95))
    assert found.resolved is False
    assert found.low == 0
    assert found.high < 1
    assert found.text.startswith("faster than resolved")
    assert "measure more often" in found.text


def test_a_wide_transition_is_resolved() -> None:
    found = seed_width(fitted(np.random.default_rng(3), 6.0, 15.0))
    assert found.resolved is True
    assert found.low < 6 < found.high


def test_the_measuring_interval_is_the_unit_of_what_can_be_resolved() -> None:
    often = np.arange(0, 60)
    seen = np.round(100 * logistic(often, 30.4, 3.0, 0.0, 1.0))
    fine = seed_width(fit_logistic(often, seen, np.full(60, 100.0)))
    rarely = often[::10]
    coarse = seed_width(fit_logistic(rarely, seen[::10], np.full(6, 100.0)))
    assert (fine.interval, fine.resolved) == (1, True)
    assert (coarse.interval, coarse.resolved) == (10, False)


def test_a_rise_without_an_end_has_no_upper_limit() -> None:
    seen = np.round(64 * np.linspace(0.3, 0.6, 30))
    found = seed_width(fit_logistic(np.arange(30), seen, np.full(30, 64.0)))
    assert np.isinf(found.high)
    assert "unbounded" in found.text


def test_a_rise_cut_short_is_still_covered() -> None:
    draw = np.random.default_rng(4)
    found = [seed_width(fitted(draw, 12.0, 28.0)) for _ in range(12)]
    assert sum(each.low <= 12 <= each.high for each in found) >= 10


def test_no_rise_is_no_transition() -> None:
    draw = np.random.default_rng(5)
    for flat in (0.0, 0.3, 1.0):
        assert np.isnan(seed_width(fitted(draw, 4.0, 15.0, floor=flat, top=flat)).value)
    falling = fitted(draw, 4.0, 15.0, floor=0.9, top=0.1)
    assert not falling.rises
    assert fit_logistic(np.arange(2), np.ones(2), np.ones(2)) is None


def test_spread_of_onsets_over_seeds_is_not_taken_for_slowness() -> None:
    draw = np.random.default_rng(6)
    fits = [fitted(draw, 0, at) for at in (5, 8, 11, 14, 17, 20, 23)]
    bootstrap = Bootstrap.drawn(draw, 500, 7)
    found = width_over_seeds(fits, bootstrap, draw.random((500, 7)))
    assert found.resolved is False


def test_the_interval_over_seeds_covers_and_narrows_with_seeds() -> None:
    draw = np.random.default_rng(7)
    fits = [fitted(draw, 5.0, 15.0) for _ in range(10)]
    bootstrap, uniforms = Bootstrap.drawn(draw, 500, 10), draw.random((500, 10))
    ten, one = (width_over_seeds(fits[:n], bootstrap, uniforms) for n in (10, 1))
    assert ten.low < 5 < ten.high
    assert ten.high - ten.low < one.high - one.low
    # a single seed is as uncertain as its own episodes leave it
    assert (one.low, one.high) == pytest.approx(fits[0].limits(), rel=0.1)


@given(st.integers(0, 1000))
def test_no_other_levels_explain_a_curve_better(seed: int) -> None:
    draw = np.random.default_rng(seed)
    rise = np.sort(draw.random((1, 12)))
    trials = draw.integers(1, 30, 12).astype(float)
    seen = draw.binomial(trials.astype(int), 0.1 + 0.8 * rise[0]).astype(float)
    best = fit_levels(rise, seen, trials)
    grid = np.linspace(1e-6, 1 - 1e-6, 101)
    share = grid[:, None, None] * (1 - rise) + grid[None, :, None] * rise
    found = (seen * np.log(share) + (trials - seen) * np.log1p(-share)).sum(-1).max()
    assert best.log_likelihood[0] >= found - 1e-6
