"""Crossings recover what was planted, and the first never comes after the last."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.errors import DataError
from driftline.safety.crossings import Passage, first_passage, for_good

STEPS = np.array([0.0, 100.0, 200.0, 400.0])
HEIGHTS = st.lists(st.floats(-50.0, 50.0), min_size=1, max_size=8)


@pytest.mark.parametrize("planted", [0.0, 37.0, 100.0, 150.0, 399.0])
def test_a_rising_line_is_crossed_where_it_was_planted(planted: float) -> None:
    values = (STEPS - planted) / 10.0
    assert first_passage(STEPS, values, 0.0) == pytest.approx(planted)
    assert for_good(STEPS, values, 0.0) == pytest.approx(planted)


def test_a_curve_that_falls_back_was_there_first_and_stays_later() -> None:
    values = np.array([0.0, 2.0, 0.0, 4.0])
    assert first_passage(STEPS, values, 1.0) == 50.0
    assert for_good(STEPS, values, 1.0) == 250.0


def test_what_never_comes_is_infinite_and_what_was_there_begins_at_first() -> None:
    flat = np.full(4, 3.0)
    assert first_passage(STEPS, flat, 3.1) == for_good(STEPS, flat, 3.0) == np.inf
    assert first_passage(STEPS, flat, 3.0) == for_good(STEPS, flat, 2.9) == 0.0


@given(HEIGHTS, st.floats(-50.0, 50.0))
def test_nobody_stays_above_before_being_there(heights: list[float], level: float) -> None:
    steps, values = np.arange(len(heights), dtype=np.float64), np.array(heights)
    first, last = first_passage(steps, values, level), for_good(steps, values, level)
    assert first <= last + 1e-9
    assert np.isfinite(first) == bool((values >= level).any())
    assert np.isfinite(last) == bool(values[-1] > level)


@given(HEIGHTS, st.floats(-50.0, 50.0), st.floats(0.0, 20.0))
def test_a_higher_level_is_reached_no_sooner(
    heights: list[float], level: float, more: float
) -> None:
    steps, values = np.arange(len(heights), dtype=np.float64), np.array(heights)
    assert first_passage(steps, values, level) <= first_passage(steps, values, level + more) + 1e-9


def test_the_median_counts_those_that_never_did() -> None:
    seeds = [
        (STEPS, np.array([0.0, 1.0, 1.0, 1.0])),
        (STEPS, np.array([0.0, 0.0, 0.0, 1.0])),
        (STEPS[:3], np.zeros(3)),
    ]
    found = Passage.of(seeds, 0.5)
    assert found.times == (50.0, 300.0, np.inf)
    assert found.watched == (400.0, 400.0, 200.0)
    assert (found.median, found.reached) == (300.0, 2)
    never = Passage.of(seeds[1:], 2.0)
    assert (never.median, never.reached) == (np.inf, 0)
    plain = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert plain["times"] == [50.0, 300.0, None]
    assert never.to_json()["median"] is None


def test_a_curve_needs_a_value_for_each_step() -> None:
    with pytest.raises(DataError, match="give one value for each step"):
        first_passage(STEPS, np.zeros(3), 0.0)
    with pytest.raises(DataError, match="at least 1"):
        for_good(np.zeros(0), np.zeros(0), 0.0)
