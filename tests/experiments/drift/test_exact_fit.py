"""A real mixture, fitted exactly, follows the null model and dies out where that does."""

from __future__ import annotations

import numpy as np
import pytest

from driftline.safety.null_model import QuantileSampling, null_curve
from tests.experiments.drift.exact_fit import exact_boundaries, exact_fit, final_prevalences

LEVELS = np.array([0.25, 0.5, 0.75])
ALPHAS = np.array([0.0, 0.2, 0.3, 0.45, 0.55, 0.7, 0.8, 0.95])
"""On either side of each boundary, as far from it as a boundary may be found."""


@pytest.mark.parametrize(("q", "alpha"), [(0.25, 0.3), (0.25, 0.9), (0.5, 0.25), (0.75, 0.6)])
@pytest.mark.parametrize("rho", [0.25, 1.0])
def test_it_follows_the_null_model(q: float, alpha: float, rho: float) -> None:
    rounds, capacity, start, runs = 12, 400, 0.2, 20
    played = np.array(
        [
            exact_fit(q, alpha, rho, rounds, capacity, start, np.random.default_rng(run))
            for run in range(runs)
        ]
    )
    sampling = QuantileSampling(q)
    expected = null_curve((1 - alpha) * start, rounds - 1, sampling, alpha, rho).behaviour
    error = played.std(0, ddof=1) / np.sqrt(runs)
    # min(1, h / q) is bent: where some runs have reached the bend and others have not,
    # their mean lies below that of the curve, by less than the runs' own spread.
    bent = np.where(expected > 1 - 4 * played.std(0), played.std(0), 0.0)
    off = np.abs(played.mean(0) - expected)
    assert (off <= 4.5 * error + bent + 0.003).all()


@pytest.mark.parametrize("rho", [0.5, 1.0])
def test_it_dies_out_above_one_less_q(rho: float) -> None:
    rounds = int(45 / rho)
    ends = final_prevalences(LEVELS, ALPHAS, rho, rounds, 600, 0.2, seed=0)
    assert ends.shape == (len(LEVELS), len(ALPHAS))
    found = exact_boundaries(ALPHAS, ends)
    assert np.abs(found - (1 - LEVELS)).max() <= 0.05


def test_a_place_has_its_own_chance_whatever_the_grid() -> None:
    whole = final_prevalences(LEVELS, ALPHAS[3:6], 0.5, 5, 50, 0.2, seed=1)
    alone = final_prevalences(LEVELS[1:2], ALPHAS[4:5], 0.5, 5, 50, 0.2, seed=1)
    assert whole[1, 1] == alone[0, 0]


def test_where_nobody_shows_it_nobody_learns_it_and_what_all_show_stays() -> None:
    draw = np.random.default_rng(0)
    assert (exact_fit(0.5, 0.25, 0.5, 5, 40, 0.0, draw) == 0.0).all()
    assert (exact_fit(0.5, 0.25, 0.5, 5, 40, 1.0, draw) == 1.0).all()
