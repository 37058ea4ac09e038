"""A boundary that was planted is found; one outside the grid is said to be outside."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.errors import DataError
from driftline.safety.null_model import QuantileSampling, null_curve
from driftline.safety.phase_diagram import boundary, crossing, deviation
from driftline.safety.statistics import Bootstrap
from driftline.shapes import Floats

ALPHAS = np.linspace(0.0, 0.95, 20)


def bootstrap(seeds: int) -> Bootstrap:
    return Bootstrap.drawn(np.random.default_rng(0), 400, seeds)


def exact(q: float, rounds: int = 400) -> Floats:
    """Final prevalence under exact fitting, from a share of 1%."""
    sampling = QuantileSampling(q)
    ends = [null_curve(0.01, rounds, sampling, alpha).behaviour[-1] for alpha in ALPHAS]
    return np.array(ends)


@pytest.mark.parametrize("q", [0.1, 0.25, 0.4, 0.7])
def test_exact_fitting_has_its_boundary_where_predicted(q: float) -> None:
    found = boundary(q, ALPHAS, exact(q)[None], bootstrap(1))
    assert found.predicted == 1 - q
    step = ALPHAS[1] - ALPHAS[0]
    assert abs(found.deviation) <= step
    assert found.low <= found.alpha <= found.high
    assert found.high - found.low == pytest.approx(step)
    assert found.gap == pytest.approx(step)


def test_a_sharp_boundary_is_known_only_to_the_alphas_beside_it() -> None:
    alphas = np.array([0.0, 0.45, 0.55, 1.0])
    curve = (alphas < 0.53).astype(np.float64)[None]
    found = boundary(0.5, alphas, curve, bootstrap(1))
    assert found.low <= 0.53 <= found.high
    assert (found.low, found.high) == (0.45, 0.55)
    assert deviation([found]).gap == pytest.approx(0.1)


@given(st.floats(0.1, 0.85), st.floats(0.01, 0.1))
def test_a_planted_boundary_is_found_between_its_alphas(middle: float, width: float) -> None:
    curve = 1 / (1 + np.exp((ALPHAS - middle) / width))
    assert abs(crossing(ALPHAS, curve) - middle) <= ALPHAS[1] - ALPHAS[0]


def test_the_interval_holds_the_seeds() -> None:
    middles = np.array([0.4, 0.45, 0.5, 0.55, 0.6])
    seeds = 1 / (1 + np.exp((ALPHAS[None] - middles[:, None]) / 0.02))
    found = boundary(0.5, ALPHAS, seeds, bootstrap(5))
    assert 0.35 < found.low < found.alpha < found.high < 0.65


def test_boundaries_outside_the_grid_are_open_and_do_not_count() -> None:
    always, never = np.ones((2, len(ALPHAS))), np.zeros((2, len(ALPHAS)))
    found = [boundary(0.5, ALPHAS, each, bootstrap(2)) for each in (always, never)]
    assert [each.alpha for each in found] == [np.inf, -np.inf]
    told = deviation([*found, boundary(0.25, ALPHAS, exact(0.25)[None], bootstrap(1))])
    assert (told.found, told.sought) == (1, 3)
    assert 0 <= abs(told.mean) == told.size < 0.05
    assert np.isnan(deviation(found).mean)


def test_the_sign_says_which_way() -> None:
    curve = (ALPHAS < 0.62).astype(np.float64)[None]
    assert deviation([boundary(0.5, ALPHAS, curve, bootstrap(1))]).mean > 0.05
    assert deviation([boundary(0.2, ALPHAS, curve, bootstrap(1))]).mean < -0.05


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(DataError, match="one row"):
        boundary(0.5, ALPHAS, np.zeros((2, 3)), bootstrap(2))
    with pytest.raises(DataError, match="ascending"):
        boundary(0.5, ALPHAS[::-1].copy(), np.zeros((2, len(ALPHAS))), bootstrap(2))
