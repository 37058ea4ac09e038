"""Episodes are the unit: their sums are conserved, their error is the textbook's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.errors import DataError
from driftline.safety.estimate import Estimate, episode_sums

lengths = st.lists(st.integers(1, 5), min_size=1, max_size=8)


@given(lengths, st.integers(0, 10))
def test_sums_conserve_the_column_wherever_the_slice_begins(sizes: list[int], first: int) -> None:
    starts = first + np.concatenate([[0], np.cumsum(sizes)])
    column = np.random.default_rng(first).normal(size=sum(sizes))
    sums = episode_sums(column, starts)
    assert len(sums) == len(sizes)
    assert sums.sum() == pytest.approx(column.sum())
    assert sums[-1] == pytest.approx(column[len(column) - sizes[-1] :].sum())


@given(st.lists(st.floats(-1e3, 1e3) | st.just(math.nan), max_size=12))
def test_an_estimate_is_of_what_was_measured(values: list[float]) -> None:
    found = Estimate.of(np.array(values, np.float64))
    known = [value for value in values if not math.isnan(value)]
    assert found.episodes == len(known)
    assert math.isnan(found.mean) == (not known)
    assert math.isnan(found.standard_error) == (len(known) < 2)
    if len(known) > 1:
        assert found.mean == pytest.approx(math.fsum(known) / len(known))
        assert found.deviation == pytest.approx(found.standard_error * math.sqrt(len(known)))


def test_the_interval_covers_as_often_as_it_says() -> None:
    draw = np.random.default_rng(0)
    intervals = [Estimate.of(draw.exponential(2.0, 60)).interval(0.9) for _ in range(2000)]
    inside = np.mean([low <= 2.0 <= high for low, high in intervals])
    assert inside == pytest.approx(0.9, abs=0.03)


def test_an_infinite_episode_is_an_infinite_mean_without_an_error() -> None:
    found = Estimate.of(np.array([1.0, math.inf]))
    assert found.mean == math.inf
    assert found.to_json() == {
        "mean": None,
        "standard_error": None,
        "deviation": None,
        "episodes": 2.0,
    }


@pytest.mark.filterwarnings("error")
def test_numbers_whose_squares_are_too_large_have_a_deviation_all_the_same() -> None:
    values = np.array([1.0, 2.0, 4.0])
    small, large = Estimate.of(values), Estimate.of(1e300 * values)
    assert large.mean == pytest.approx(1e300 * small.mean)
    assert large.deviation == pytest.approx(1e300 * small.deviation)
    assert large.standard_error == pytest.approx(1e300 * small.standard_error)
    assert np.isinf(Estimate.of(np.array([1.7e308, 1.7e308])).mean)


def test_a_measurement_keeps_the_count() -> None:
    found = Estimate.of(np.array([1.0, 3.0])).measurement("a thing")
    assert (found.value, found.episodes, found.seeds) == (2.0, 2, 1)
    assert found.high - 2.0 == pytest.approx(1.96, abs=0.001)


@pytest.mark.parametrize("starts", [[0], [0, 2, 2], [3, 1]])
def test_offsets_that_do_not_rise_are_refused(starts: list[int]) -> None:
    with pytest.raises(DataError, match="at least 1 step"):
        episode_sums(np.ones(3), np.array(starts))


def test_a_column_of_another_length_is_refused() -> None:
    with pytest.raises(DataError, match="3 steps was needed"):
        episode_sums(np.ones(4), np.array([0, 2, 3]))
