"""Effective sample size: bounds, monotone under a tilt, and its inverse."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from driftline.conditioning.effective_samples import (
    effective_sample_size,
    largest_beta,
    tilt_effective_samples,
)
from driftline.errors import TargetError

weights = st.lists(st.floats(0, 1e6), min_size=1, max_size=40).filter(lambda each: max(each) > 0)
returns = st.lists(st.floats(-100, 100), min_size=1, max_size=40)


@given(weights, st.floats(1e-3, 1e3))
def test_it_is_between_one_and_the_number_of_weights_whatever_their_scale(
    given_weights: list[float], scale: float
) -> None:
    found = np.array(given_weights)
    size = effective_sample_size(found)
    assert 1 - 1e-12 <= size <= np.count_nonzero(found) + 1e-9
    assert effective_sample_size(found * scale) == pytest.approx(size)


@given(st.integers(1, 50), st.integers(0, 50))
def test_equal_weights_count_themselves(count: int, empty: int) -> None:
    held = np.concatenate([np.full(count, 0.3), np.zeros(empty)])
    assert effective_sample_size(held) == pytest.approx(count)


def test_it_predicts_the_variance_of_a_weighted_mean() -> None:
    draw = np.random.default_rng(0)
    held = draw.exponential(size=200)
    means = draw.normal(size=(20_000, 200)) @ (held / held.sum())
    assert means.var() == pytest.approx(1 / effective_sample_size(held), rel=0.05)


@given(returns, st.floats(-5, 5), st.floats(0, 1))
def test_it_falls_as_an_equal_reference_is_tilted_further(
    drawn: list[float], beta: float, nearer: float
) -> None:
    values, equal = np.array(drawn), np.ones(len(drawn))
    far = tilt_effective_samples(values, equal, beta)
    assert tilt_effective_samples(values, equal, beta * nearer) >= far - 1e-9 * far
    assert tilt_effective_samples(values, equal, 0.0) == pytest.approx(len(values))


def test_unequal_weights_may_be_levelled_by_a_tilt() -> None:
    values, held = np.array([0.0, 1.0]), np.array([math.e, 1.0])
    assert tilt_effective_samples(values, held, 1.0) == pytest.approx(2)
    assert tilt_effective_samples(values, held, 0.0) < 2


@given(returns, st.floats(-5, 5), st.floats(-50, 50))
def test_adding_to_every_return_changes_nothing(
    drawn: list[float], beta: float, more: float
) -> None:
    values, equal = np.array(drawn), np.full(len(drawn), 0.5)
    once = tilt_effective_samples(values, equal, beta)
    assert tilt_effective_samples(values + more, equal, beta) == pytest.approx(once, rel=1e-6)


def test_returns_without_weight_take_no_part_and_none_overflows() -> None:
    held, values = np.array([1.0, 1.0, 0.0]), np.array([0.0, 0.0, math.inf])
    assert tilt_effective_samples(values, held, 1e300) == 2
    assert tilt_effective_samples(np.array([1e300, 0.0]), np.ones(2), 1e300) == 1
    assert tilt_effective_samples(np.array([1e300, 0.0, 0.0]), np.ones(3), -1e300) == 2


@given(returns, st.floats(0, 1))
def test_the_largest_beta_keeps_what_was_asked_and_no_larger_one_does(
    drawn: list[float], share: float
) -> None:
    values, equal = np.array(drawn), np.ones(len(drawn))
    least = 1 + share * (len(values) - 1)
    beta = largest_beta(values, least)
    assert beta >= 0
    if math.isinf(beta):
        assert np.sum(values == values.max()) >= least
        return
    assert tilt_effective_samples(values, equal, beta) >= least
    # at the very top the size is flat in beta and only rounding tells them apart
    assume(least < len(values) * (1 - 1e-6))
    assert tilt_effective_samples(values, equal, beta * (1 + 1e-6)) <= least * (1 + 1e-9)


def test_the_limit_scales_with_the_returns() -> None:
    values = np.random.default_rng(1).normal(size=300)
    assert largest_beta(values * 50) == pytest.approx(largest_beta(values) / 50, rel=1e-9)


def test_gaussian_returns_allow_what_theory_says() -> None:
    """Of a normal reference the size is n exp(-(beta sigma)^2)."""
    draw = np.random.default_rng(2)
    values = draw.normal(0.0, 2.0, 200_000)
    assert largest_beta(values, 100_000) == pytest.approx(math.sqrt(math.log(2)) / 2, rel=0.01)


def test_enough_ties_for_the_best_allow_any_tilt() -> None:
    assert largest_beta(np.concatenate([np.zeros(500), np.ones(30)])) == math.inf
    assert largest_beta(np.concatenate([np.zeros(500), np.ones(29)])) < math.inf


def test_what_cannot_be_kept_is_refused() -> None:
    with pytest.raises(TargetError, match="29 returns cannot keep"):
        largest_beta(np.zeros(29))
    with pytest.raises(TargetError, match="at least 1"):
        largest_beta(np.zeros(29), 0.5)
    with pytest.raises(TargetError, match="finite"):
        largest_beta(np.array([0.0, math.nan, 1.0]), 2)
    with pytest.raises(TargetError, match="finite"):
        tilt_effective_samples(np.zeros(2), np.ones(2), math.inf)


@pytest.mark.parametrize("bad", [[], [0.0], [-1.0, 2.0], [math.nan], [math.inf, 1.0]])
def test_what_is_no_distribution_is_refused(bad: list[float]) -> None:
    with pytest.raises(TargetError, match="not a distribution"):
        effective_sample_size(np.array(bad, np.float64))
