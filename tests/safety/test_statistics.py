"""Intervals cover, aggregates resist outliers, corrections only ever weaken."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from driftline.safety.statistics import (
    Bootstrap,
    holm,
    interquartile_mean,
    least_rank_p,
    percentiles,
    rank_test_caution,
    stratified_indices,
    wilson,
)

counts = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n)))


@given(counts, st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_wilson_is_scipys_wherever_something_was_seen(
    seen: tuple[int, int], confidence: float
) -> None:
    theirs = stats.binomtest(*seen).proportion_ci(confidence, method="wilson")
    low, high = wilson(*seen, confidence)
    assert np.allclose([low, high], [theirs.low, theirs.high], atol=1e-12)
    assert 0 <= low <= seen[0] / seen[1] <= high <= 1


@given(st.integers(1, 10_000))
def test_nothing_seen_still_allows_three_in_n(trials: int) -> None:
    low, high = wilson(0, trials)
    assert low == 0
    assert high == pytest.approx(min(1.0, 3 / trials))
    # what it stands for: 95% of the runs at that rate would have shown it
    assert (1 - float(high)) ** trials <= 0.0501
    assert wilson(0, trials, 0.99)[1] >= high


def test_no_trials_leave_everything_open() -> None:
    low, high = wilson([0.0], [0.0])
    assert (low[0], high[0]) == (0, 1)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_wilson_covers_about_as_often_as_it_says(share: float) -> None:
    seen = np.random.default_rng(0).binomial(200, share, 20_000)
    low, high = wilson(seen, np.full(20_000, 200))
    assert np.mean((low <= share) & (share <= high)) == pytest.approx(0.95, abs=0.02)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=30))
def test_the_interquartile_mean_is_scipys_trimmed_mean(values: list[float]) -> None:
    ours = interquartile_mean(np.array(values))
    assert float(ours) == pytest.approx(stats.trim_mean(values, 0.25), abs=1e-9)


def test_the_interquartile_mean_resists_one_wild_seed() -> None:
    assert interquartile_mean(np.array([1.0, 2.0, 3.0, 1e9])) == 2.5


def test_a_bootstrap_of_seeds_covers_their_mean() -> None:
    draw = np.random.default_rng(1)
    inside = 0
    for _ in range(200):
        low, high = Bootstrap.drawn(draw, 400, 20).mean_interval(draw.normal(5.0, 2.0, 20))
        inside += bool(low <= 5.0 <= high)
    assert 0.88 <= inside / 200 <= 0.98


def test_one_bootstrap_serves_any_statistic_and_leaves_missing_seeds_out() -> None:
    bootstrap = Bootstrap.drawn(np.random.default_rng(2), 500, 6)
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    direct = bootstrap.interval(values, lambda draws: draws.mean(axis=1))
    assert np.allclose(direct, bootstrap.mean_interval(values))
    table = np.stack([values, np.where(values > 2, np.nan, 7.0)], axis=1)
    low, high = bootstrap.mean_interval(table)
    assert (low[1], high[1]) == (7, 7)


def test_one_seed_has_no_interval_between_seeds() -> None:
    bootstrap = Bootstrap.drawn(np.random.default_rng(0), 50, 3)
    assert np.isnan(bootstrap.interval(np.array([1.0]), lambda draws: draws.mean(axis=1))).all()
    low, _ = bootstrap.mean_interval(np.array([[1.0], [np.nan], [np.nan]]))
    assert np.isnan(low).all()


def test_strata_keep_their_sizes() -> None:
    strata = np.array([0, 1, 1, 0, 2])
    chosen = stratified_indices(np.random.default_rng(0), 100, strata)
    assert (strata[chosen] == strata).all()
    assert len(np.unique(chosen[:, 1])) == 2


def test_percentiles_take_infinities_and_pass_over_nan() -> None:
    samples = np.array([-np.inf, 1.0, 2.0, np.nan, np.inf])
    assert [float(each) for each in percentiles(samples, 0.99)] == [-np.inf, np.inf]
    assert np.isnan(percentiles(np.full(3, np.nan), 0.9)).all()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_only_weakens_keeps_the_order_and_bonferroni_is_weaker(values: list[float]) -> None:
    given_p, adjusted = np.array(values), holm(values)
    assert (adjusted >= given_p).all()
    assert (adjusted <= np.minimum(1, len(values) * given_p) + 1e-12).all()
    assert (np.diff(adjusted[np.argsort(given_p)]) >= 0).all()


@pytest.mark.parametrize("seeds", [3, 4, 6])
def test_the_least_p_value_is_that_of_complete_separation(seeds: int) -> None:
    exact = stats.mannwhitneyu(range(seeds), range(10, 10 + seeds), method="exact").pvalue
    assert least_rank_p(seeds, seeds) == pytest.approx(exact)


def test_three_seeds_are_too_few_and_four_are_not() -> None:
    assert rank_test_caution(3) == "at 3 seeds no rank test can reach .05"
    assert rank_test_caution(1) == "at 1 seed no rank test can reach .05"
    assert rank_test_caution(4) == ""
