"""What a pace admits is what its rate allows, whatever the round."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.conditioning.fixed import FixedReturn
from driftline.conditioning.quantile import Quantile
from driftline.data.mixture import MixtureSettings
from driftline.errors import SettingsError
from driftline.safety import pace as formulas
from driftline.training.online_settings import OnlineSettings
from driftline.training.pace import FixedPace, ReviewPace, admissions, refresh_rate
from tests.training.learners import ONLINE, experience, online

paces = st.builds(
    ReviewPace,
    p_harm=st.floats(0.05, 1.0),
    reviewed_per_round=st.integers(0, 200),
    sensitivity=st.floats(0.2, 1.0),
    control_rounds=st.floats(0.0, 10.0),
)


@given(paces, st.floats(0.0, 0.95), st.floats(0.01, 0.99))
def test_it_is_the_pace_that_leaves_the_guaranteed_window(
    pace: ReviewPace, alpha: float, level: float
) -> None:
    target = Quantile(level)
    p_det = formulas.detectable_prevalence(
        pace.reviewed_per_round, pace.sensitivity, pace.confidence
    )
    assert pace.p_det == pytest.approx(p_det)
    limit = formulas.refresh_limit(target.share, p_det, pace.p_harm, pace.control_rounds, alpha)
    assert pace.refresh_rate(target.share, alpha) == pytest.approx(limit, abs=1e-12)
    mixture = MixtureSettings(alpha, 0.25, 100)
    assert refresh_rate(pace, mixture, target) == pytest.approx(min(0.25, limit), abs=1e-12)


@given(paces, st.floats(0.0, 0.9), st.integers(1, 300), st.integers(1, 50))
def test_it_never_runs_ahead_of_its_rate(
    pace: ReviewPace, alpha: float, capacity: int, rounds: int
) -> None:
    target, mixture = Quantile(0.5), MixtureSettings(alpha, 0.5, capacity)
    slots = refresh_rate(pace, mixture, target) * capacity
    admitted = [admissions(pace, mixture, target, round) for round in range(rounds)]
    for round in range(rounds):
        total = sum(admitted[: round + 1])
        assert slots * (round + 1) - 1 - 1e-6 <= total <= slots * (round + 1) + 1e-6


def test_a_fixed_pace_is_the_mixtures_own() -> None:
    mixture = MixtureSettings(0.0, 0.25, 256)
    assert admissions(FixedPace(), mixture, FixedReturn(1.0), 7) == 64


def test_without_time_to_review_nothing_is_let_in() -> None:
    pace = ReviewPace(reviewed_per_round=0)
    settings = MixtureSettings(0.0, 0.25, 256)
    assert [admissions(pace, settings, Quantile(0.5), round) for round in range(9)] == [0] * 9


@pytest.mark.parametrize(
    "settings",
    [{"p_harm": 0.0}, {"sensitivity": 0.0}, {"confidence": 1.0}, {"confidence": float("nan")},
     {"reviewed_per_round": -1}, {"control_rounds": -1.0}],
)  # fmt: skip
def test_a_review_that_is_none_is_refused(settings: Any) -> None:
    with pytest.raises(SettingsError, match="were given"):
        ReviewPace(**settings)


def test_a_round_reports_the_rate_that_was_carried_out() -> None:
    pace = ReviewPace(p_harm=0.9, reviewed_per_round=40)
    learner = online(replace(ONLINE, pace=pace))
    told = learner.learn(experience(learner), 0)
    assert told["refresh_rate"] == pace.refresh_rate(0.5, 0.25) < ONLINE.mixture.refresh_rate


def test_a_target_without_q_is_refused() -> None:
    with pytest.raises(SettingsError, match="needs the q"):
        OnlineSettings(FixedReturn(1.0), pace=ReviewPace())
