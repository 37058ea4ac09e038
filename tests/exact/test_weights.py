"""Weights keep the share they are asked for and give each return what the draws give it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.errors import SettingsError
from driftline.exact import weights
from driftline.exact.divergences import kl, maximum_ratio
from driftline.exact.logarithms import log
from driftline.seeding import generator
from driftline.shapes import Floats
from tests.exact.worlds import seeds, shares


def distribution(seed: int) -> Floats:
    """Returns of which some never occur."""
    draw = generator(seed, "distribution")
    mass = draw.dirichlet(np.full(8, 0.7))
    mass[draw.random(8) < 0.3] = 0.0
    return mass / mass.sum() if mass.sum() > 0 else np.eye(8)[0]


@given(seeds, shares)
def test_a_tail_keeps_its_share_and_only_the_best(seed: int, share: float) -> None:
    probabilities = distribution(seed)
    kept = np.exp(weights.tail(probabilities, share))
    assert probabilities @ kept == pytest.approx(share, abs=1e-11)
    assert ((kept >= 0) & (kept <= 1)).all()
    assert (np.diff(kept) >= 0).all()
    cut = (kept > 0) & (kept < 1) & (probabilities > 0)
    assert cut.sum() <= 1


def test_a_share_that_ends_between_two_returns_cuts_none() -> None:
    tenths = np.full(10, 0.1)
    for count in range(1, 11):
        kept = np.exp(weights.tail(tenths, count / 10))
        assert kept.tolist() == [0.0] * (10 - count) + [1.0] * count


@given(seeds, st.integers(1, 60))
def test_the_best_of_n_is_a_distribution_within_its_bounds(seed: int, draws: int) -> None:
    probabilities = distribution(seed)
    best = log(probabilities) + weights.best_of(probabilities, draws)
    assert np.exp(best).sum() == pytest.approx(1.0, abs=1e-12)
    reached = np.cumsum(probabilities)
    np.testing.assert_allclose(np.cumsum(np.exp(best)), reached**draws, atol=1e-12)
    assert maximum_ratio(best, log(probabilities)) <= draws + 1e-9
    assert kl(best, log(probabilities)) <= np.log(draws) - (draws - 1) / draws + 1e-12


@pytest.mark.parametrize("draws", [1, 2, 4, 16, 128])
def test_without_ties_the_best_of_n_costs_log_n_less_n_minus_one_in_n(draws: int) -> None:
    count = 200_000
    probabilities = np.full(count, 1 / count)
    best = log(probabilities) + weights.best_of(probabilities, draws)
    wanted = np.log(draws) - (draws - 1) / draws
    assert kl(best, log(probabilities)) == pytest.approx(wanted, abs=draws / count)


def test_shares_and_draws_outside_their_range_are_refused() -> None:
    for share in (0.0, -0.1, 1.1, float("nan")):
        with pytest.raises(SettingsError, match="lies in"):
            weights.tail(np.ones(1), share)
    with pytest.raises(SettingsError, match="at least 1"):
        weights.best_of(np.ones(1), 0)
