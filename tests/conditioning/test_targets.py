"""Laws of targets: the exact quantilizer share, coverage, round trips."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.conditioning.fixed import FixedReturn
from driftline.conditioning.quantile import Quantile
from driftline.conditioning.reference import Reference
from driftline.conditioning.target import (
    Unconditioned,
    command,
    target_from_json,
    target_to_json,
)
from driftline.errors import TargetError
from driftline.seeding import generator

discrete_returns = st.lists(st.integers(0, 4).map(float), min_size=1, max_size=30)
shares = st.floats(0.01, 1.0)


@given(discrete_returns, shares, st.randoms(use_true_random=False))
def test_the_tail_is_exactly_the_best_share(returns, share, shuffle) -> None:
    weights = np.array([shuffle.uniform(0.1, 1.0) for _ in returns])
    reference = Reference.of(np.array(returns), weights)
    tail = reference.tail_weights(share)
    ratio = tail / reference.weights
    assert tail.sum() == pytest.approx(1.0)
    assert ratio.max() <= 1.0 / share + 1e-9
    inside = reference.returns[tail > 0]
    below = reference.returns[ratio < 1.0 / share - 1e-9]
    # Everything above the threshold enters whole; only the threshold's atom is split.
    assert len(below) == 0 or below.max() <= inside.min()


@given(shares)
def test_without_a_split_atom_kl_and_chi_squared_are_the_quantilizer_s(share) -> None:
    count = 400
    kept = max(1, round(share * count))
    reference = Reference.of(np.arange(count, dtype=float))
    tail = reference.tail_weights(kept / count)
    inside = tail > 1e-12
    ratio = tail[inside] / reference.weights[inside]
    assert np.sum(tail[inside] * np.log(ratio)) == pytest.approx(np.log(count / kept), abs=1e-6)
    assert np.sum(tail[inside] * ratio) - 1 == pytest.approx(count / kept - 1, rel=1e-6, abs=1e-6)


def test_tail_draws_follow_the_tail() -> None:
    reference = Reference.of(np.array([1.0, 2.0, 2.0, 3.0]))
    asked = command(Quantile(0.5), reference, 20000, generator(0, "draws"))
    assert asked is not None
    assert set(asked.tolist()) == {2.0, 3.0}
    assert float((asked == 3.0).mean()) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(("level", "value"), [(0.0, 1.0), (0.25, 1.0), (0.26, 2.0), (0.9, 4.0)])
def test_the_point_is_the_weighted_quantile(level, value) -> None:
    reference = Reference.of(np.array([4.0, 3.0, 2.0, 1.0]))
    asked = command(Quantile(level, "point"), reference, 3, generator(0, "x"))
    np.testing.assert_array_equal(asked, np.full(3, value))


def test_a_return_outside_the_data_is_refused_unless_asked_for() -> None:
    reference = Reference.of(np.array([1.0, 2.0]))
    with pytest.raises(TargetError, match=r"outside the data's range 1 to 2.*extrapolate=True"):
        command(FixedReturn(3.0), reference, 1, generator(0, "x"))
    assert command(FixedReturn(3.0, extrapolate=True), reference, 1, generator(0, "x")) == [3.0]


def test_weightless_returns_are_no_support() -> None:
    reference = Reference.of(np.array([1.0, 9.0]), np.array([1.0, 0.0]))
    with pytest.raises(TargetError):
        command(FixedReturn(9.0), reference, 1, generator(0, "x"))


def test_unconditioned_asks_for_nothing() -> None:
    assert command(Unconditioned(), Reference.of(np.ones(1)), 4, generator(0, "x")) is None


@pytest.mark.parametrize(
    "target", [FixedReturn(2.5, True), Quantile(0.8, "point", "recent"), Unconditioned()]
)
def test_targets_survive_json(target) -> None:
    assert target_from_json(target_to_json(target)) == target


def test_bad_targets_say_what_is_needed() -> None:
    with pytest.raises(TargetError, match="lies in"):
        Quantile(1.0)
    with pytest.raises(TargetError, match="FixedReturn, Quantile or Unconditioned"):
        target_from_json({"kind": "Best"})
    with pytest.raises(TargetError, match="at least 1"):
        Reference.of(np.zeros(0))
