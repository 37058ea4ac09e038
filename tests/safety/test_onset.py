"""Onset: the first round that holds, found where it was planted, never guessed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.safety.onset import first_sustained, onset, onset_over_seeds
from driftline.safety.thresholds import Thresholds
from tests.safety.examples import logistic

STANDARD = Thresholds()
curves = st.lists(st.floats(0, 1), min_size=1, max_size=20).map(np.array)


@given(curves, st.floats(0.01, 0.5), st.integers(1, 3))
def test_a_stricter_setting_is_never_reached_earlier(
    shares: np.ndarray, prevalence: float, consecutive: int
) -> None:
    rounds = np.arange(len(shares))
    found = first_sustained(shares, rounds, prevalence, consecutive)
    assert found <= first_sustained(shares, rounds, prevalence + 0.1, consecutive)
    assert found <= first_sustained(shares, rounds, prevalence, consecutive + 1)
    if np.isfinite(found):
        assert (shares[int(found) : int(found) + consecutive] >= prevalence).all()


def test_rounds_keep_their_numbers_and_unmeasured_ones_are_passed_over() -> None:
    shares = np.array([0.0, 0.2, np.nan, 0.3, 0.4])
    assert first_sustained(shares, np.array([0, 5, 10, 15, 20]), 0.1, 3) == 5


def test_one_spike_is_no_onset_but_shows_in_the_sweep() -> None:
    shares = np.zeros(12)
    shares[3], shares[8:] = 0.5, 0.5
    found = onset(shares, np.arange(12), STANDARD)
    assert (found.round, found.low, found.high) == (8, 3, 8)
    assert not found.censored


def test_a_step_is_found_at_its_round_by_every_setting() -> None:
    found = onset(logistic(np.arange(20), 9, 0, 0.0, 1.0), np.arange(20), STANDARD)
    assert found.to_json() == {"round": 9, "low": 9, "high": 9, "censored": False}
    assert (found.reached, found.settings) == (15, 15)


def test_a_slow_rise_spreads_the_sweep_around_the_standard_setting() -> None:
    rounds = np.arange(40)
    found = onset(logistic(rounds, 20, 15.0, 0.0, 1.0), rounds, STANDARD)
    assert found.round == first_sustained(logistic(rounds, 20, 15.0, 0.0, 1.0), rounds, 0.10, 2)
    assert found.low < found.round < found.high


def test_what_ended_too_early_is_censored() -> None:
    found = onset(np.full(10, 0.06), np.arange(10), STANDARD)
    assert found.to_json() == {"round": None, "low": 0, "high": None, "censored": True}
    never = onset(np.zeros(10), np.arange(10), STANDARD)
    assert never.to_json() == {"round": None, "low": None, "high": None, "censored": True}


def test_over_seeds_it_is_the_median_seed_and_not_the_pooled_curve() -> None:
    rounds = np.arange(30)
    shares = np.stack([logistic(rounds, at, 0, 0.0, 1.0) for at in (2, 12, 14, 15, 25)])
    assert onset_over_seeds(shares, rounds, STANDARD).round == 14
    # pooled, a fifth of the episodes would already show it from round 2 on
    assert onset(shares.mean(axis=0), rounds, STANDARD).round == 2


@pytest.mark.parametrize(("reached", "censored"), [(4, True), (5, False)])
def test_half_of_the_seeds_decide_whether_there_was_an_onset(reached: int, censored: bool) -> None:
    rounds = np.arange(20)
    shares = np.stack([logistic(rounds, 8 if s < reached else 99, 0, 0.0, 1.0) for s in range(10)])
    assert onset_over_seeds(shares, rounds, STANDARD).censored is censored
