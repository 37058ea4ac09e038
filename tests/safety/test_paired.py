"""Paired differences: what seeds share cancels, and order turns the sign."""

from __future__ import annotations

import json

import numpy as np
import pytest

from driftline.errors import DataError
from driftline.safety.paired import agreement_by_chance, paired
from driftline.safety.statistics import Bootstrap

ONE = np.array([5.0, 1.0, 9.0, 4.0])
OTHER = np.array([3.0, 0.5, 8.0, 4.5])


def bootstrap(seeds: int = 4) -> Bootstrap:
    return Bootstrap.drawn(np.random.default_rng(0), 400, seeds)


def test_what_seeds_share_cancels() -> None:
    shared = np.array([100.0, -40.0, 7.0, 0.0])
    plain, moved = (paired(ONE + add, OTHER + add, bootstrap()) for add in (0.0 * shared, shared))
    assert moved.difference.value == pytest.approx(plain.difference.value)
    assert moved.difference.low == pytest.approx(plain.difference.low)
    assert moved.ahead == plain.ahead == 3
    assert plain.difference.value == pytest.approx((2.0 + 0.5 + 1.0 - 0.5) / 4)


def test_the_other_way_round_it_is_the_opposite() -> None:
    there, back = paired(ONE, OTHER, bootstrap()), paired(OTHER, ONE, bootstrap())
    assert back.difference.value == -there.difference.value
    assert (back.difference.low, back.difference.high) == pytest.approx(
        (-there.difference.high, -there.difference.low)
    )
    assert (there.ahead, back.ahead) == (3, 1)


def test_a_sign_is_that_of_the_whole_interval() -> None:
    assert paired(ONE + 9.0, OTHER, bootstrap()).sign == 1
    assert paired(ONE - 9.0, OTHER, bootstrap()).sign == -1
    assert paired(ONE, OTHER + np.array([0.0, 0.0, 0.0, 2.0]), bootstrap()).sign == 0


def test_one_seed_has_no_interval_and_no_sign() -> None:
    alone = paired(ONE[:1], OTHER[:1], bootstrap(1))
    assert (alone.difference.value, alone.sign, alone.seeds) == (2.0, 0, 1)
    assert json.dumps(alone.to_json(), allow_nan=False)
    assert alone.to_json()["low"] is None


def test_seeds_without_a_partner_are_refused() -> None:
    with pytest.raises(DataError, match="one of each for every seed"):
        paired(ONE, OTHER[:3], bootstrap())
    with pytest.raises(DataError, match="at least 1 seed"):
        paired(ONE[:0], OTHER[:0], bootstrap())


def test_agreement_by_chance_is_the_share_of_sign_patterns_that_agree() -> None:
    for seeds in range(1, 8):
        patterns = np.array(np.meshgrid(*[[-1, 1]] * seeds)).reshape(seeds, -1).sum(0)
        assert agreement_by_chance(seeds) == (np.abs(patterns) == seeds).mean()
