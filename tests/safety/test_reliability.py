"""Outcomes are conserved, calibrated predictions are found so, and owners count once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.safety.reliability import independent_outcomes, reliability

outcomes = st.lists(
    st.tuples(st.floats(0, 1), st.booleans(), st.integers(0, 5)), min_size=1, max_size=60
)


@given(outcomes, st.integers(1, 12))
def test_every_outcome_is_in_one_bin(drawn: list[tuple[float, bool, int]], bins: int) -> None:
    given_p, came, owners = (np.array(each) for each in zip(*drawn, strict=True))
    curve = reliability(given_p, came, owners, bins)
    assert len(curve.outcomes) <= bins
    assert curve.outcomes @ curve.observed == pytest.approx(came.sum())
    assert curve.outcomes @ curve.predicted == pytest.approx(given_p.sum())
    assert (np.diff(curve.predicted) > 0).all()
    assert ((curve.low <= curve.observed) & (curve.observed <= curve.high)).all()
    assert abs(came.mean() - given_p.mean()) - 1e-9 <= curve.error <= 1


def test_a_calibrated_prediction_shows_the_error_of_chance_and_no_more() -> None:
    draw = np.random.default_rng(0)
    found = []
    for _ in range(100):
        given_p = draw.beta(0.5, 0.5, 500)
        found.append(reliability(given_p, draw.random(500) < given_p, np.arange(500)))
    errors, chances = ([getattr(each, name) for each in found] for name in ("error", "chance"))
    assert np.mean(errors) == pytest.approx(np.mean(chances), rel=0.1)
    covered = [
        np.mean((each.low <= each.predicted) & (each.predicted <= each.high)) for each in found
    ]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.03)


def test_an_overconfident_prediction_shows_more_than_chance() -> None:
    draw = np.random.default_rng(1)
    given_p = draw.uniform(size=2000)
    came = draw.random(2000) < 0.5 + 0.4 * (given_p - 0.5)
    curve = reliability(given_p, came, np.arange(2000))
    assert curve.error == pytest.approx(0.15, abs=0.03)
    assert curve.error > 5 * curve.chance
    assert curve.predicted[0] < curve.low[0]


@given(outcomes, st.integers(2, 6))
def test_saying_it_twice_makes_nothing_more_certain(
    drawn: list[tuple[float, bool, int]], times: int
) -> None:
    given_p, came, _ = (np.array(each) for each in zip(*drawn, strict=True))
    owners = np.arange(len(came))
    once = reliability(given_p, came, owners)
    often = reliability(*(each.repeat(times) for each in (given_p, came, owners)))
    assert often.low == pytest.approx(once.low, abs=1e-9)
    assert often.high == pytest.approx(once.high, abs=1e-9)
    assert often.error == pytest.approx(once.error, abs=1e-9)
    assert often.chance == pytest.approx(once.chance, abs=1e-9)


def test_outcomes_are_worth_what_their_share_s_variance_says() -> None:
    """Owners share a rate: 10 outcomes each of 40 owners are worth far fewer than 400."""
    draw = np.random.default_rng(2)
    owners, zeros = np.arange(40).repeat(10), np.zeros(400, np.int64)
    shares, worths = [], []
    for _ in range(1500):
        came = draw.random(400) < draw.beta(1.0, 1.0, 40).repeat(10)
        shares.append(came.mean())
        worths.append(independent_outcomes(zeros, came, owners)[0])
    assert np.median(worths) == pytest.approx(0.25 / np.var(shares), rel=0.15)


def test_owners_of_their_own_count_in_full_and_agreement_counts_owners() -> None:
    came = np.array([True, False, True, False])
    zeros = np.zeros(4, np.int64)
    assert independent_outcomes(zeros, came, np.arange(4)).tolist() == [4]
    assert independent_outcomes(zeros, came, np.zeros(4, np.int64)).tolist() == [4]
    never = np.zeros(4, np.bool_)
    assert independent_outcomes(zeros, never, np.array([0, 0, 1, 1])).tolist() == [2]


def test_plain_values_hold_no_arrays() -> None:
    curve = reliability(np.array([0.5]), np.array([True]), np.array([0]))
    assert curve.to_json()["outcomes"] == [1]
    assert curve.to_json()["error"] == 0.5
