"""Divergences order as theory has them, and absent mass is told from little mass."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from scipy.stats import entropy

from driftline.exact.divergences import chi_squared, kl, log_ratios, maximum_ratio, total_variation
from driftline.exact.logarithms import log
from driftline.seeding import generator
from driftline.shapes import Floats
from tests.exact.worlds import seeds


def pair(seed: int) -> tuple[Floats, Floats]:
    """Two distributions; the first leaves some outcomes out."""
    draw = generator(seed, "pair")
    shares = draw.dirichlet(np.full(12, 0.5), 2)
    shares[0, draw.random(12) < 0.3] = 0.0
    return log(shares[0] / shares[0].sum()), log(shares[1])


@given(seeds)
def test_the_inequalities_between_them_hold(seed: int) -> None:
    p, q = pair(seed)
    assert kl(p, q) == pytest.approx(entropy(np.exp(p), np.exp(q)))
    assert 2 * total_variation(p, q) ** 2 <= kl(p, q) + 1e-12  # Pinsker
    assert kl(p, q) <= np.log1p(chi_squared(p, q)) + 1e-12  # Jensen
    assert np.log1p(chi_squared(p, q)) <= np.log(maximum_ratio(p, q)) + 1e-12


@given(seeds)
def test_a_distribution_is_at_no_distance_from_itself(seed: int) -> None:
    for p in pair(seed):
        assert (kl(p, p), total_variation(p, p), maximum_ratio(p, p)) == (0.0, 0.0, 1.0)
        assert chi_squared(p, p) == pytest.approx(0.0, abs=1e-12)


def test_mass_that_the_reference_lacks_is_infinitely_far() -> None:
    p, q = log([0.5, 0.5, 0.0]), log([1.0, 0.0, 0.0])
    assert (kl(p, q), chi_squared(p, q), maximum_ratio(p, q)) == (np.inf, np.inf, np.inf)
    assert (kl(q, p), maximum_ratio(q, p)) == (pytest.approx(np.log(2)), pytest.approx(2.0))
    assert log_ratios(q, p).tolist() == pytest.approx([np.log(2), -np.inf, -np.inf])


def test_ratios_beyond_the_largest_number_overflow_to_infinity() -> None:
    p, q = np.array([0.0]), np.array([-2000.0])
    assert (kl(p, q), maximum_ratio(p, q), chi_squared(p, q)) == (2000.0, np.inf, np.inf)
