"""Moments are numpy's, the best share is exact, and a resample is a reweighting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.errors import DataError, SettingsError
from driftline.safety.reference_returns import ReferenceReturns

discrete = st.lists(st.integers(-3, 3).map(float), min_size=2, max_size=30).filter(
    lambda values: len(set(values)) > 1
)


def with_noise(values: list[float]) -> ReferenceReturns:
    observed = np.array(values)
    return ReferenceReturns.of(
        observed, observed + np.random.default_rng(0).normal(size=len(values))
    )


@given(discrete, st.integers(0, 99))
def test_moments_are_those_of_the_resampled_episodes(values: list[float], seed: int) -> None:
    reference = with_noise(values)
    counts = reference.resampled(np.random.default_rng(seed), 5)
    assert (counts.sum(1) == reference.episodes).all()
    moments = reference.moments(counts)
    for index, row in enumerate(counts.astype(np.int64)):
        observed, true = reference.observed.repeat(row), reference.true.repeat(row)
        assert moments.observed_mean[index] == pytest.approx(observed.mean())
        assert moments.observed_deviation[index] == pytest.approx(observed.std(), abs=1e-7)
        assert moments.true_deviation[index] == pytest.approx(true.std(), abs=1e-7)
        if moments.varied[index]:
            expected = np.corrcoef(observed, true)[0, 1]
            assert moments.correlation[index] == pytest.approx(expected, abs=1e-9)


@given(discrete, st.floats(0.01, 1.0))
def test_the_best_share_is_filled_from_the_top(values: list[float], q: float) -> None:
    left, total = q, 0.0
    for value in sorted(values, reverse=True):
        taken = min(left, 1 / len(values))
        left, total = left - taken, total + taken * value
    found = with_noise(values).tail_means(q, np.ones((1, len(values))))
    assert found[0] == pytest.approx(total / q, abs=1e-9)


def test_the_first_resample_is_the_data_and_the_order_does_not_matter() -> None:
    draw = np.random.default_rng(1)
    observed, true = draw.normal(size=(2, 20))
    order = draw.permutation(20)
    one, other = (
        ReferenceReturns.of(*each) for each in ((observed, true), (observed[order], true[order]))
    )
    assert (one.observed == other.observed).all()
    assert (one.true == other.true).all()
    first = one.resampled(np.random.default_rng(0), 1)[0]
    assert (first == 1).all()


def test_a_resample_of_equal_returns_has_no_correlation() -> None:
    reference = ReferenceReturns.of(np.array([1e6, 1e6 + 1]), np.array([1.0, 2.0]))
    moments = reference.moments(np.array([[1.0, 1.0], [2.0, 0.0], [0.0, 2.0]]))
    assert moments.varied.tolist() == [True, False, False]
    assert moments.correlation[0] == pytest.approx(1)
    assert np.isnan(moments.correlation[1:]).all()


def test_episodes_whose_true_return_is_not_known_take_no_part() -> None:
    true = np.array([1.0, np.nan, 3.0, 4.0])
    assert ReferenceReturns.of(np.arange(4.0), true).observed.tolist() == [3, 2, 0]


@pytest.mark.parametrize(
    ("observed", "true", "said"),
    [
        ([1.0, 1.0], [1.0, 2.0], "the observed returns of 2 reference episodes are all 1"),
        ([1.0, 2.0], [3.0, 3.0], "the true returns of 2 reference episodes are all 3"),
        ([1.0, 2.0], [np.nan, 3.0], "1 reference episodes have both"),
        ([1.0, 2.0], [1.0], "one of each"),
    ],
)
def test_what_cannot_certify_is_refused(
    observed: list[float], true: list[float], said: str
) -> None:
    with pytest.raises(DataError, match=said):
        ReferenceReturns.of(np.array(observed), np.array(true))


def test_settings_out_of_range_are_refused() -> None:
    reference = with_noise([1.0, 2.0])
    with pytest.raises(SettingsError, match="at least 1 resample"):
        reference.resampled(np.random.default_rng(0), 0)
    with pytest.raises(SettingsError, match="above 0"):
        reference.tail_means(0.0, np.ones((1, 2)))
