"""A head that gives the true distribution is found calibrated; one that does not is not."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.errors import DataError
from driftline.safety.return_calibration import (
    calibrate_returns,
    clustered_mean,
    nearest_bins,
    pit_histogram,
)
from driftline.shapes import Floats, Integers
from driftline.spaces.codecs import ReturnCodec

VALUES = np.linspace(-3.0, 9.0, 13)


def drawn_from(draw: np.random.Generator, heads: Floats) -> Integers:
    chances = heads.cumsum(1)[:, :-1]
    return np.asarray((draw.random((len(heads), 1)) > chances).sum(1), np.int64)


def heads_of(draw: np.random.Generator, count: int, sharpness: float = 0.5) -> Floats:
    return draw.dirichlet(np.full(len(VALUES), sharpness), count)


def test_the_true_distribution_is_calibrated() -> None:
    draw = np.random.default_rng(0)
    heads = heads_of(draw, 20_000)
    found = calibrate_returns(heads, VALUES, VALUES[drawn_from(draw, heads)])
    assert found.error < 1.5 * found.chance
    assert found.bias.low < 0 < found.bias.high
    assert found.histogram == pytest.approx(0.1, abs=0.01)
    assert len(found.exceedance) == 4


def test_an_overconfident_head_is_seen_in_every_measure() -> None:
    draw = np.random.default_rng(1)
    truth = heads_of(draw, 5000)
    sharp = truth**4 / (truth**4).sum(1, keepdims=True)
    found = calibrate_returns(sharp, VALUES, VALUES[drawn_from(draw, truth)])
    assert found.error > 3 * found.chance
    assert found.histogram[0] > 0.13
    assert found.histogram[-1] > 0.13


def test_a_head_that_hopes_is_seen_in_bias_and_at_the_left() -> None:
    draw = np.random.default_rng(2)
    truth = heads_of(draw, 4000)
    hopeful = np.roll(truth, 2, axis=1)
    hopeful[:, :2] = 0.0
    hopeful /= hopeful.sum(1, keepdims=True)
    found = calibrate_returns(hopeful, VALUES, VALUES[drawn_from(draw, truth)])
    assert found.bias.low > 0
    assert found.histogram[0] > 0.2 > found.histogram[-1]
    for curve in found.exceedance:
        assert curve.outcomes @ curve.predicted > curve.outcomes @ curve.observed


@given(st.integers(0, 1000), st.integers(2, 12))
def test_the_histogram_of_what_was_predicted_is_exactly_even(seed: int, bars: int) -> None:
    """Each return as often as its probability says: in expectation, without sampling."""
    draw = np.random.default_rng(seed)
    heads = draw.dirichlet(np.full(4, 0.5), 3)
    heads[0] = [0.0, 0.5, 0.5, 0.0]
    exact = np.zeros(bars)
    for row in heads:
        for came, chance in enumerate(row):
            exact += chance * pit_histogram(row[None], np.array([came]), bars)
    assert exact / 3 == pytest.approx(1 / bars, abs=1e-9)


@given(st.integers(0, 1000))
def test_the_histogram_shares_out_every_prediction(seed: int) -> None:
    draw = np.random.default_rng(seed)
    heads = draw.dirichlet(np.full(5, 0.1), 7)
    heads[0], heads[1] = np.eye(5)[0], np.eye(5)[4]
    shares = pit_histogram(heads, draw.integers(5, size=7), 6)
    assert shares.sum() == pytest.approx(1)
    assert (shares >= -1e-12).all()


def test_a_return_falls_into_the_bin_it_was_trained_as() -> None:
    codec = ReturnCodec.fit(np.random.default_rng(0).normal(size=100), bins=17)
    returns = np.random.default_rng(1).normal(0.0, 3.0, 500)
    assert (nearest_bins(returns, codec.centres) == codec.index(returns)).all()


def test_steps_of_one_episode_widen_the_intervals() -> None:
    draw = np.random.default_rng(3)
    heads = heads_of(draw, 200).repeat(10, axis=0)
    came = VALUES[drawn_from(draw, heads[::10])].repeat(10)
    alone, owned = (
        calibrate_returns(heads, VALUES, came, owners)
        for owners in (None, np.arange(200).repeat(10))
    )
    assert owned.bias.episodes == 200
    ratio = (owned.bias.high - owned.bias.low) / (alone.bias.high - alone.bias.low)
    assert ratio == pytest.approx(math.sqrt(10), rel=0.02)
    assert owned.bias.value == alone.bias.value
    assert owned.error == alone.error
    assert owned.chance > 2 * alone.chance


def test_the_clustered_error_is_the_spread_of_repeated_means() -> None:
    draw = np.random.default_rng(4)
    found = []
    for _ in range(400):
        owners = np.arange(30).repeat(draw.integers(1, 8, size=30))
        found.append(
            clustered_mean(draw.normal(size=30)[owners] + draw.normal(size=len(owners)), owners)
        )
    claimed = np.mean([each.standard_error for each in found])
    assert np.std([each.mean for each in found]) == pytest.approx(claimed, rel=0.12)


def test_one_prediction_of_each_owner_is_the_usual_error() -> None:
    values = np.random.default_rng(5).normal(size=40)
    found = clustered_mean(values, np.arange(40))
    assert found.standard_error == pytest.approx(values.std(ddof=1) / math.sqrt(40))
    assert math.isnan(clustered_mean(values, np.zeros(40, np.int64)).standard_error)


def test_returns_that_are_all_the_lowest_have_no_threshold() -> None:
    found = calibrate_returns(heads_of(np.random.default_rng(6), 5), VALUES, np.full(5, -3.0))
    assert found.exceedance == ()
    assert math.isnan(found.error)
    assert found.to_json()["error"] is None


def test_thresholds_are_returns_that_were_achieved_and_values_are_plain() -> None:
    draw = np.random.default_rng(7)
    heads = heads_of(draw, 100)
    achieved = VALUES[drawn_from(draw, heads)]
    found = calibrate_returns(heads, VALUES, achieved)
    assert np.isin(found.thresholds, achieved).all()
    assert (np.diff(found.thresholds) > 0).all()
    assert found.bias.value == pytest.approx(found.predicted_mean - found.achieved_mean)
    assert json.loads(json.dumps(found.to_json()))["thresholds"] == found.thresholds.tolist()


@pytest.mark.parametrize(
    ("heads", "values", "achieved", "said"),
    [
        (np.ones((2, 3)) / 3, np.arange(3.0), np.ones(3), "do not fit"),
        (np.ones((0, 3)), np.arange(3.0), np.ones(0), "at least 1 row"),
        (np.ones((1, 3)) / 3, np.zeros(3), np.ones(1), "ascend"),
        (np.ones((1, 3)) / 3, np.arange(3.0), np.array([np.nan]), "finite"),
        (np.log(np.ones((1, 3)) / 3), np.arange(3.0), np.ones(1), "exponentiate"),
        (np.full((1, 3), np.nan), np.arange(3.0), np.ones(1), "sum to 1"),
    ],
)
def test_what_is_no_prediction_is_refused(
    heads: Floats, values: Floats, achieved: Floats, said: str
) -> None:
    with pytest.raises(DataError, match=said):
        calibrate_returns(heads, values, achieved)
