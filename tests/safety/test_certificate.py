"""The certificate holds for whatever an agent does, and says nothing it cannot know."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from driftline.errors import DataError, SettingsError
from driftline.safety.certificate import (
    best_certified,
    certified_gain,
    certify,
    certify_quantilizer,
    gaussian_gain,
    needed_correlation,
)
from driftline.safety.reference_returns import ReferenceReturns

GRID = [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7]


def draw() -> np.random.Generator:
    return np.random.default_rng(7)


def bound(correlation: float, gain: float, chi_squared: float) -> float:
    return float(certified_gain(np.array(correlation), np.array(gain), chi_squared))


def gaussian(draw: np.random.Generator, correlation: float, episodes: int) -> ReferenceReturns:
    """Observed and true returns of this correlation; means 10 and -3, deviations 2 and 5."""
    observed, noise = draw.normal(size=(2, episodes))
    true = correlation * observed + math.sqrt(1 - correlation**2) * noise
    return ReferenceReturns.of(10 + 2 * observed, 5 * true - 3)


@given(st.integers(0, 10_000), st.floats(0.0, 4.0), st.floats(-3.0, 3.0))
def test_no_density_gains_less_than_is_certified(seed: int, heat: float, hack: float) -> None:
    """Any reweighting of any reference, towards true return or against it."""
    draw = np.random.default_rng(seed)
    observed, true = draw.normal(size=(2, 12))
    observed += draw.uniform(-1, 3) * true
    shares = draw.dirichlet(np.ones(12))
    pushed = np.exp(heat * draw.normal(size=12) + hack * true + 2 * observed)
    agent = shares * pushed / (shares @ pushed)
    reference = ReferenceReturns.of(observed, true)
    order = np.argsort(-observed, kind="stable")
    moments = reference.moments(shares[order][None])
    gain = float((agent - shares) @ observed / moments.observed_deviation[0])
    chi_squared = float(agent @ (agent / shares) - 1)
    true_gain = float((agent - shares) @ true / moments.true_deviation[0])
    assert true_gain >= bound(float(moments.correlation[0]), gain, chi_squared) - 1e-9


@given(st.floats(0.01, 0.999), st.floats(0.0, 1.0), st.floats(0.01, 30.0))
def test_it_is_below_the_worst_case_and_has_its_sign(r: float, share: float, chi: float) -> None:
    """Of all densities with this gain and chi^2 the worst has r g - sqrt((1-r^2)(chi^2-g^2))."""
    gain = share * math.sqrt(chi)
    worst = r * gain - math.sqrt((1 - r**2) * max(0.0, chi - gain**2))
    certified = bound(r, gain, chi)
    assert certified <= worst + 1e-9
    if abs(worst) > 1e-6:
        assert (certified > 0) == (worst > 0)


@given(st.floats(0.05, 1.0), st.floats(-2.0, 4.0), st.floats(0.0, 20.0))
def test_it_rises_with_gain_and_falls_with_divergence(r: float, gain: float, chi: float) -> None:
    assert bound(r, gain + 0.1, chi) > bound(r, gain, chi)
    assert bound(r, gain, chi + 1) <= bound(r, gain, chi)
    assert bound(1.0, gain, chi) == pytest.approx(gain)


@pytest.mark.parametrize("r", [0.0, -0.3, -1.0])
def test_nothing_is_certified_without_positive_correlation(r: float) -> None:
    assert bound(r, 5.0, 0.1) == -math.inf


@pytest.mark.parametrize("q", [0.5, 0.1, 0.05, 0.3, 0.9])
def test_the_gaussian_gain_is_the_truncated_normal_s_mean(q: float) -> None:
    truncated = stats.truncnorm(stats.norm.ppf(1 - q), np.inf)
    assert gaussian_gain(q) == pytest.approx(truncated.mean())


@pytest.mark.parametrize(("q", "needed"), [(0.5, 0.60), (0.1, 0.81), (0.05, 0.88)])
def test_a_gaussian_reference_needs_this_correlation(q: float, needed: float) -> None:
    chi_squared = 1 / q - 1
    r = needed_correlation(gaussian_gain(q), chi_squared)
    assert r == pytest.approx(needed, abs=0.005)
    assert bound(r, gaussian_gain(q), chi_squared) == pytest.approx(0, abs=1e-9)
    assert bound(r + 0.01, gaussian_gain(q), chi_squared) > 0


def test_the_needed_correlation_is_least_at_one_half_and_extreme_where_nothing_is_gained() -> None:
    grid = np.linspace(0.01, 0.99, 99)
    needed = [needed_correlation(gaussian_gain(float(q)), 1 / q - 1) for q in grid]
    assert grid[int(np.argmin(needed))] == pytest.approx(0.5)
    assert needed_correlation(0.0, 3.0) == needed_correlation(-1.0, 0.0) == math.inf
    assert needed_correlation(1.0, 0.0) == needed_correlation(3.0, 1.0) == 0


@pytest.mark.parametrize(("r", "q", "positive"), [(0.9, 0.1, True), (0.7, 0.1, False)])
def test_a_quantilizer_is_certified_as_theory_says(r: float, q: float, positive: bool) -> None:
    found = certify_quantilizer(gaussian(np.random.default_rng(0), r, 4000), q, draw(), 200)
    expected = bound(r, gaussian_gain(q), 1 / q - 1)
    assert found.gain.low <= expected <= found.gain.high
    assert found.gain.value == pytest.approx(expected, abs=0.1)
    assert found.reward.value == pytest.approx(5 * found.gain.value, rel=0.05)
    assert found.certified is positive
    assert found.chi_squared == pytest.approx(1 / q - 1)


def test_an_agent_is_certified_from_its_own_observed_returns() -> None:
    reference = gaussian(np.random.default_rng(0), 0.9, 2000)
    best = reference.observed[: len(reference.observed) // 10]
    own = certify(reference, best, 9.0, draw(), 200)
    exact = certify_quantilizer(reference, 0.1, draw(), 200)
    assert own.gain.value == pytest.approx(exact.gain.value)
    assert own.reward.value == pytest.approx(exact.reward.value)
    worse = certify(reference, np.append(best - 2.0, np.nan), 9.0, draw(), 200)
    assert worse.observed_gain < own.observed_gain
    assert not worse.certified


def test_the_interval_covers_the_bound_of_the_reference_itself() -> None:
    source, expected = np.random.default_rng(4), bound(0.85, gaussian_gain(0.2), 4.0)
    inside = 0
    for _ in range(100):
        found = certify_quantilizer(gaussian(source, 0.85, 200), 0.2, source, 200)
        inside += found.gain.low <= expected <= found.gain.high
    assert 0.88 <= inside / 100 <= 0.99


def test_few_episodes_certify_nothing() -> None:
    """Perfectly correlated, and yet a resample may hold one episode alone."""
    reference = ReferenceReturns.of(np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 2.0]))
    found = certify_quantilizer(reference, 0.5, draw(), 400)
    assert found.gain.value > 0
    assert found.gain.low == -math.inf
    assert not found.certified
    assert found.to_json()["gain"]["low"] is None
    assert best_certified(reference, [0.5], draw(), 400) is None


def test_observed_return_that_is_the_true_one_certifies_the_smallest_share() -> None:
    returns = np.random.default_rng(1).normal(size=2000)
    found = best_certified(ReferenceReturns.of(returns, returns), GRID, draw(), 100)
    assert found is not None
    assert found.q == min(GRID)
    assert found.certificate.gain.value == pytest.approx(found.certificate.observed_gain, abs=1e-5)


def test_the_best_share_is_the_one_with_the_highest_lower_limit() -> None:
    reference = gaussian(np.random.default_rng(2), 0.9, 3000)
    found = best_certified(reference, GRID, draw(), 200)
    each = [certify_quantilizer(reference, q, draw(), 200) for q in GRID]
    lows = [certificate.gain.low for certificate in each]
    assert found is not None
    assert found.q == GRID[int(np.argmax(lows))]
    assert found.certificate.gain == each[int(np.argmax(lows))].gain


@pytest.mark.parametrize("r", [-0.9, 0.0, 0.5])
def test_a_poor_proxy_has_no_certified_share(r: float) -> None:
    assert best_certified(gaussian(np.random.default_rng(3), r, 1000), GRID, draw(), 100) is None


def test_what_cannot_be_certified_is_refused() -> None:
    reference = gaussian(np.random.default_rng(0), 0.9, 10)
    with pytest.raises(DataError, match="finite one"):
        certify(reference, np.ones(3), math.inf, draw())
    with pytest.raises(DataError, match="at least 1 episode"):
        certify(reference, np.array([np.nan]), 1.0, draw())
    with pytest.raises(SettingsError, match="grid of q is empty"):
        best_certified(reference, [], draw())
    with pytest.raises(SettingsError, match="below 1"):
        gaussian_gain(1.0)


def test_the_whole_reference_gains_nothing() -> None:
    found = certify_quantilizer(gaussian(np.random.default_rng(0), 0.9, 50), 1.0, draw(), 50)
    assert found.chi_squared == 0
    assert found.gain.value == pytest.approx(0, abs=1e-9)
    assert not found.certified
