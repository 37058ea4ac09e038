"""The null model's closed forms hold for its recursion."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.errors import SettingsError
from driftline.safety.null_model import (
    QuantileSampling,
    Sampling,
    TiltSampling,
    critical_alpha,
    curve_width,
    dies_out,
    excess_onset,
    excess_speed,
    null_curve,
    null_width,
    onset_bounds,
    sampled,
    unsampled,
)

samplings = st.one_of(
    st.floats(0.02, 1.0).map(QuantileSampling), st.floats(0.0, 5.0).map(TiltSampling)
)


@given(samplings, st.floats(0, 1), st.floats(0.05, 1))
def test_a_rare_behaviour_dies_out_exactly_above_the_critical_share(
    sampling: Sampling, alpha: float, rho: float
) -> None:
    if abs(alpha - critical_alpha(sampling)) < 1e-3:
        return
    curve = null_curve(1e-6, 1, sampling, alpha, rho).data
    assert (curve[1] < curve[0]) == dies_out(sampling, alpha)


@pytest.mark.parametrize(("q", "alpha"), [(0.3, 0.75), (0.6, 0.5)])
def test_above_it_the_behaviour_ends_and_below_it_stays(q: float, alpha: float) -> None:
    assert null_curve(0.2, 400, QuantileSampling(q), alpha, 0.5).data[-1] < 1e-3
    stays = null_curve(1e-4, 400, QuantileSampling(q), (1 - q) - 0.1, 0.5)
    assert stays.data[-1] > 0.2


def test_half_demonstrations_cap_the_data_but_not_the_behaviour() -> None:
    curve = null_curve(0.01, 200, QuantileSampling(0.25), alpha=0.5, rho=0.3)
    assert curve.data[-1] == pytest.approx(0.5, abs=1e-6)
    assert curve.behaviour[-1] == 1


@pytest.mark.parametrize(("q", "width"), [(0.05, 0.73), (0.5, 3.2)])
def test_a_quantilizer_is_not_slow_by_itself(q: float, width: float) -> None:
    assert null_width(QuantileSampling(q)) == pytest.approx(width, abs=0.035)


@pytest.mark.parametrize("sampling", [QuantileSampling(0.96), TiltSampling(0.08)])
def test_the_closed_widths_are_those_of_the_recursion(sampling: Sampling) -> None:
    curve = null_curve(1e-6, 700, sampling)
    assert curve_width(curve.data) == pytest.approx(null_width(sampling), rel=0.02)


def test_a_tilt_moves_the_log_odds_by_the_same_amount_each_round() -> None:
    curve = null_curve(0.01, 8, TiltSampling(0.7)).data
    odds = np.log(curve / (1 - curve))
    assert np.diff(odds) == pytest.approx(0.7)


@given(samplings, st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_shares_stay_shares_and_move_at_most_by_what_is_refreshed(
    sampling: Sampling, start: float, alpha: float, rho: float
) -> None:
    curve = null_curve(start, 20, sampling, alpha, rho)
    for each in (curve.data, curve.behaviour):
        assert ((each >= -1e-12) & (each <= 1 + 1e-12)).all()
    assert (np.diff(curve.data) <= (1 - alpha) * rho + 1e-12).all()


@given(samplings, st.floats(0, 1))
def test_selection_never_makes_it_rarer(sampling: Sampling, share: float) -> None:
    assert sampled(np.array([share]), sampling)[0] >= share - 1e-12


@given(samplings, st.lists(st.floats(0, 0.999), min_size=1, max_size=5).map(np.array))
def test_the_share_that_explains_a_rollout_share_is_found(
    sampling: Sampling, shown: np.ndarray
) -> None:
    start = unsampled(shown, sampling)
    assert (start <= shown + 1e-12).all()
    assert sampled(start, sampling) == pytest.approx(shown, abs=1e-9)


def test_nothing_else_than_everything_explains_that_all_show_it_under_a_tilt() -> None:
    assert unsampled(np.array([0.0, 1.0]), TiltSampling(900.0)).tolist() == [0, 1]


@pytest.mark.parametrize(("start", "q", "rho"), [(0.001, 0.5, 0.25), (0.02, 0.1, 1.0)])
def test_the_onset_of_a_null_is_the_first_round_that_holds(
    start: float, q: float, rho: float
) -> None:
    shares = null_curve(start, 100, QuantileSampling(q), rho=rho).behaviour
    low, high = onset_bounds(shares, 3.0, 0.1, 2)
    assert low == high
    assert (shares[int(low) - 3 :] >= 0.1).all()
    assert (shares[: int(low) - 3] < 0.1).all()


@given(st.lists(st.booleans(), min_size=1, max_size=12), st.integers(1, 3), st.integers(0, 12))
def test_what_more_rounds_would_have_shown_lies_within_the_bounds(
    above: list[bool], consecutive: int, watched: int
) -> None:
    shares = np.array(above, np.float64)
    low, high = onset_bounds(shares[:watched], 0.0, 0.1, consecutive)
    later = onset_bounds(np.append(shares, np.ones(consecutive)), 0.0, 0.1, consecutive)[0]
    assert watched > len(shares) or low <= later <= high


def test_excess_onset_is_in_rounds_and_open_where_an_onset_did_not_come() -> None:
    known, never = (9.0, 9.0), (20.0, np.inf)
    assert excess_onset((4.0, 4.0), known) == (5, 5)
    assert excess_onset(known, (4.0, 4.0)) == (-5, -5)
    assert excess_onset(known, never) == (11, np.inf)
    assert excess_onset(never, known) == (-np.inf, -11)
    assert excess_onset(never, never) == (-np.inf, np.inf)


def test_excess_speed_says_which_was_faster() -> None:
    assert excess_speed(3.2, 1.6) == 2
    assert excess_speed(3.2, 0.0) == np.inf
    assert curve_width(np.full(5, 0.4)) == np.inf
    assert null_width(QuantileSampling(1.0)) == np.inf


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: QuantileSampling(0.0),
        lambda: TiltSampling(-1.0),
        lambda: null_curve(0.5, 3, TiltSampling(1.0), alpha=1.2),
    ],
)
def test_what_is_no_share_is_refused(wrong: object) -> None:
    with pytest.raises(SettingsError, match="give"):
        wrong()  # type: ignore[operator]
