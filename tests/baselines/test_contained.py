"""A library with global randomness is repeatable inside and unnoticeable outside."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from driftline.baselines.contained import contained


def draws() -> tuple[list[float], list[float]]:
    return torch.rand(3).tolist(), np.random.random(3).tolist()  # noqa: NPY002


def test_the_same_seed_draws_the_same_whatever_was_drawn_before() -> None:
    with contained(5):
        first = draws()
    draws()
    with contained(5):
        again = draws()
    with contained(6):
        other = draws()
    assert first == again
    assert first[0] != other[0]
    assert first[1] != other[1]


@pytest.mark.parametrize("fails", [False, True])
def test_what_is_drawn_outside_does_not_change(fails: bool) -> None:
    with contained(0):
        expected = [draws(), draws()]
    with contained(0):
        seen = [draws()]
        try:
            with contained(1):
                draws()
                if fails:
                    raise ValueError
        except ValueError:
            pass
        seen.append(draws())
    assert seen == expected
