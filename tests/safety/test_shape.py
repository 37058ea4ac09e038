"""The planted shape is the one that is named."""

from __future__ import annotations

import numpy as np
import pytest

from driftline.safety.shape import shape
from tests.safety.examples import logistic

ROUNDS = np.arange(40)
CURVES = {
    "constant": np.full(40, 0.3),
    "linear": np.linspace(0.02, 0.95, 40),
    "step": logistic(ROUNDS, 17, 0, 0.02, 0.9),
    "logistic": logistic(ROUNDS, 17, 8.0, 0.02, 0.9),
}


@pytest.mark.parametrize("name", list(CURVES))
def test_the_likeliest_shape_is_the_planted_one(name: str) -> None:
    draw = np.random.default_rng(0)
    named = []
    for _ in range(9):
        found = shape(ROUNDS, draw.binomial(100, CURVES[name]).astype(float), np.full(40, 100.0))
        assert found is not None
        assert min(found.excess.values()) == 0
        named.append(found.best)
    assert named.count(name) >= 7


def test_a_step_is_found_at_the_round_after_it() -> None:
    found = shape(ROUNDS, np.round(100 * CURVES["step"]), np.full(40, 100.0))
    assert found is not None
    assert found.change_point == 17


def test_two_rounds_have_no_shape() -> None:
    assert shape(np.arange(2), np.array([0.0, 5.0]), np.full(2, 9.0)) is None
