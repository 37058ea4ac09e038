"""Decisiveness is read at the middle of the transition, stutter over all of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.safety.decisiveness import decisiveness, stutter, transition_midpoint
from driftline.safety.prevalence import PrevalenceTable
from driftline.safety.width import fit_logistic
from tests.safety.examples import logistic, planted

curves = st.lists(st.floats(0, 1), min_size=2, max_size=20).map(np.array)


@pytest.mark.parametrize("whole", [0.0, 0.4, 1.0])
def test_the_planted_decisiveness_comes_back(whole: float) -> None:
    shares = logistic(np.arange(30), 13.2, 4.0, 0.0, 0.9)
    run = planted(np.random.default_rng(0), shares, whole, episodes=800)
    table = PrevalenceTable.of([run], "bucket")
    fit = fit_logistic(table.rounds, table.counts["any"][0], table.episodes[0])
    middle = transition_midpoint(fit, np.inf)
    assert middle == pytest.approx(13.2, abs=0.3)
    found = decisiveness(table.rounds, table.share("any")[0], table.share("whole")[0], middle)
    assert found == pytest.approx(whole, abs=0.06)


@given(curves, st.floats(0, 1), st.floats(-2, 25))
def test_it_is_a_share(some: np.ndarray, part: float, middle: float) -> None:
    found = decisiveness(np.arange(len(some)), some, some * part, middle)
    assert np.isnan(found) or -1e-9 <= found <= 1 + 1e-9
    assert not np.isnan(found) or not (some[np.arange(len(some)) > middle] > 0).any()


def test_a_step_between_two_rounds_is_judged_by_what_came_after() -> None:
    some, whole = np.array([0.0, 0.0, 0.8, 0.8]), np.array([0.0, 0.0, 0.6, 0.6])
    for middle in (1.0, 1.3, 1.9):
        assert decisiveness(np.arange(4), some, whole, middle) == pytest.approx(0.75)


@given(curves)
def test_nothing_wavers_less_than_a_monotone_curve(shares: np.ndarray) -> None:
    found = stutter(shares)
    if np.ptp(shares) == 0:
        assert np.isnan(found)
    else:
        assert found >= 1 - 1e-9
        assert stutter(np.sort(shares)) == pytest.approx(1)


def test_going_up_and_down_and_up_again_is_a_stutter_of_three() -> None:
    assert stutter(np.array([0.0, 0.6, np.nan, 0.0, 0.6])) == pytest.approx(3)
