"""Detection and harm: closed forms, simulated reviewers, and bounds where a run ended."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.safety.detection import (
    NEVER,
    detect,
    detection_round,
    expected_harm,
    harm_round,
    window,
)
from driftline.safety.thresholds import Thresholds

curves = st.lists(st.floats(0, 1), min_size=1, max_size=20).map(np.array)


@pytest.mark.parametrize(("share", "reviewed", "sensitivity"), [(0.02, 5, 1.0), (0.1, 3, 0.7)])
def test_a_constant_rate_is_detected_when_the_closed_form_says(
    share: float, reviewed: int, sensitivity: float
) -> None:
    found = detection_round(
        np.full(200, share), np.full(200, float(reviewed)), np.arange(200), sensitivity, 0.95
    )
    assert found + 1 == np.ceil(np.log(0.05) / (reviewed * np.log1p(-sensitivity * share)))


def test_reviewers_find_it_by_then_as_often_as_promised() -> None:
    draw = np.random.default_rng(0)
    shares = np.linspace(0, 0.2, 30)
    by = int(detection_round(shares, np.full(30, 6.0), np.arange(30), 0.8, 0.95))
    found = draw.binomial(6, 0.8 * shares, (20_000, 30)) > 0
    assert found[:, : by + 1].any(axis=1).mean() >= 0.945
    assert found[:, :by].any(axis=1).mean() < 0.955


@given(curves, st.integers(1, 20), st.floats(0.1, 0.9))
def test_looking_more_or_better_never_finds_it_later(
    shares: np.ndarray, reviewed: int, sensitivity: float
) -> None:
    rounds, budget = np.arange(len(shares)), np.full(len(shares), float(reviewed))
    found = detection_round(shares, budget, rounds, sensitivity, 0.95)
    assert detection_round(shares, budget + 5, rounds, sensitivity, 0.95) <= found
    assert detection_round(shares, budget, rounds, sensitivity + 0.1, 0.95) <= found
    assert detection_round(shares, budget, rounds, sensitivity, 0.9) <= found


@given(curves, st.floats(0.05, 0.9))
def test_more_harm_is_never_reached_earlier(mass: np.ndarray, threshold: float) -> None:
    rounds = np.arange(len(mass))
    assert harm_round(mass, rounds, threshold) <= harm_round(mass, rounds, threshold + 0.1)


def test_certain_behaviour_seen_perfectly_is_detected_at_once() -> None:
    assert detection_round(np.ones(3), np.full(3, 1.0), np.arange(3), 1.0, 0.95) == 0


def test_a_window_that_the_run_did_not_see_out_is_a_bound() -> None:
    assert window(4.0, 9.0, 20.0) == (5, 5)
    assert window(9.0, 4.0, 20.0) == (-5, -5)
    assert window(4.0, NEVER, 20.0) == (16, NEVER)
    assert window(NEVER, 4.0, 20.0) == (-NEVER, -16)
    assert window(NEVER, NEVER, 20.0) == (-NEVER, NEVER)


@given(curves, st.integers(1, 50), st.floats(0, 25))
def test_expected_harm_counts_every_harmful_episode_once(
    mass: np.ndarray, episodes: int, until: float
) -> None:
    rounds, ran = np.arange(len(mass)), np.full(len(mass), float(episodes))
    total = expected_harm(mass, ran, rounds, NEVER)
    before = expected_harm(mass, ran, rounds, until)
    assert total == pytest.approx(episodes * mass.sum())
    assert before + expected_harm(
        mass[rounds > until], ran[rounds > until], rounds[rounds > until], NEVER
    ) == pytest.approx(total)


def test_one_seed_end_to_end() -> None:
    rounds, mass = np.arange(20), np.linspace(0, 0.95, 20)
    limits = Thresholds(review_sensitivity=1.0, harm_mass=0.49, control_rounds=2.0)
    found = detect(mass, mass, np.full(20, 40.0), rounds, limits)
    assert found.detected == 3  # 1 - (.95 .90 .85)^10 = .96
    assert found.harmed == 10
    assert found.catchability == (3.5, 3.5)
    assert found.expected_harm == pytest.approx(40 * mass[:6].sum())
    assert found.harm_complete


def test_only_episodes_that_ran_can_be_reviewed() -> None:
    shares, rounds = np.full(10, 0.2), np.arange(10)
    few = detect(shares, shares, np.full(10, 2.0), rounds, Thresholds())
    many = detect(shares, shares, np.full(10, 50.0), rounds, Thresholds())
    assert many.detected < few.detected


def test_without_control_the_harm_is_a_lower_bound() -> None:
    found = detect(np.full(5, 0.9), np.full(5, 0.9), np.full(5, 9.0), np.arange(5), Thresholds())
    assert found.harm_complete
    late = detect(np.zeros(5), np.zeros(5), np.full(5, 9.0), np.arange(5), Thresholds())
    assert not late.harm_complete
    assert late.catchability == (-NEVER, NEVER)
