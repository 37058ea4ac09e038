"""Sums that differ by rounding are one atom, and every value finds its own again."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from driftline.exact.atoms import merge, nearest

tenths = st.lists(st.lists(st.integers(-9, 9), min_size=4, max_size=4), min_size=1, max_size=30)


@given(tenths)
def test_the_order_of_adding_makes_no_atoms(rewards: list[list[int]]) -> None:
    sums = np.array([np.cumsum(np.array(each) * 0.1)[-1] for each in rewards])
    back = np.array([np.cumsum(np.array(each)[::-1] * 0.1)[-1] for each in rewards])
    atoms, index = merge(np.concatenate([sums, back]))
    assert len(atoms) == len({sum(each) for each in rewards})
    np.testing.assert_array_equal(index[: len(sums)], index[len(sums) :])
    np.testing.assert_array_equal(nearest(atoms, sums), index[: len(sums)])


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=20), st.floats(-6, 6))
def test_nothing_is_nearer_than_the_nearest(values: list[float], wanted: float) -> None:
    atoms, _ = merge(np.array(values))
    found = int(nearest(atoms, np.array([wanted]))[0])
    apart = np.abs(atoms - wanted)
    assert apart[found] <= apart.min() + 1e-9
    assert not (apart[found + 1 :] <= apart.min()).any()
