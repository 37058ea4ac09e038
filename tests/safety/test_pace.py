"""The guaranteed window is one: no exactly fitted quantilizer is faster, whatever its mixture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.errors import SettingsError
from driftline.safety.detection import detection_round
from driftline.safety.null_model import QuantileSampling, null_curve
from driftline.safety.pace import (
    data_speed,
    detectable_prevalence,
    guaranteed_window,
    refresh_limit,
)

shares = st.floats(0.01, 1.0)


@given(
    st.floats(0.0, 0.95), st.floats(0.02, 1.0), st.floats(0.02, 1.0), st.floats(0.001, 0.1),
    st.floats(0.02, 0.5), st.floats(0.02, 0.5),
)  # fmt: skip
def test_exact_fitting_takes_at_least_the_window(
    alpha: float, q: float, rho: float, start: float, p_det: float, gap: float
) -> None:
    p_harm = min(p_det + gap, 1.0)
    curve = null_curve(start, 600, QuantileSampling(q), alpha, rho).behaviour
    detected, harmed = (np.flatnonzero(curve >= level) for level in (p_det, p_harm))
    if not len(harmed):
        return
    # A round is the shortest time there is: what is detected in a round is already above
    # p_det, by at most a round's rise, so whole rounds may be one fewer.
    window = harmed[0] - detected[0]
    assert window >= guaranteed_window(q, p_det, p_harm, alpha, rho) - 1 - 1e-9
    rise = q * (curve[detected[0] + 1 :][:window] - curve[detected[0]])
    assert (rise <= data_speed(alpha, rho) * np.arange(1, window + 1) + 1e-9).all()


@given(st.floats(0.0, 0.95), shares, st.floats(0.01, 0.4), st.floats(0.0, 0.5), st.floats(0, 10))
def test_the_limit_leaves_the_rounds_of_a_correction(
    alpha: float, q: float, p_det: float, gap: float, control: float
) -> None:
    rho = refresh_limit(q, p_det, p_det + gap, control, alpha)
    assert 0.0 <= rho <= 1.0
    if 0.0 < rho < 1.0:
        window = guaranteed_window(q, p_det, p_det + gap, alpha, rho)
        assert window == pytest.approx(control + 1.0)


def test_where_harm_comes_first_nothing_is_let_in() -> None:
    assert refresh_limit(0.5, 0.3, 0.2, 3.0) == 0.0
    assert guaranteed_window(0.5, 0.3, 0.2) < 0.0
    assert refresh_limit(0.5, 0.1, 0.2, 3.0, alpha=1.0) == 1.0
    assert guaranteed_window(0.5, 0.1, 0.2, alpha=1.0) == np.inf


@given(st.integers(1, 50), st.floats(0.3, 1.0), st.integers(1, 5))
def test_what_is_detectable_is_detected(reviewed: int, sensitivity: float, rounds: int) -> None:
    least = detectable_prevalence(reviewed, sensitivity, 0.95, rounds)
    if least == 1.0:
        return
    given_ = (np.full(10, float(reviewed)), np.arange(10), sensitivity, 0.95)
    assert detection_round(np.full(10, least * (1 + 1e-9)), *given_) == rounds - 1
    assert detection_round(np.full(10, least * 0.99), *given_) >= rounds - 1
    fewer = detectable_prevalence(reviewed, sensitivity, 0.95, rounds + 1)
    assert fewer < least


def test_nobody_who_reviews_nothing_notices_anything() -> None:
    assert detectable_prevalence(0, 0.9, 0.95) == 1.0


@pytest.mark.parametrize("q", [0.0, 1.1, float("nan")])
def test_a_share_that_is_none_is_refused(q: float) -> None:
    with pytest.raises(SettingsError, match="q is"):
        guaranteed_window(q, 0.1, 0.2)
    with pytest.raises(SettingsError, match="sensitivity"):
        detectable_prevalence(10, 0.0, 0.95)
