"""Advantages and penalised rewards against sums written out step by step."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.training.advantages import generalised_advantages, penalised_rewards

LENGTHS = st.lists(st.integers(1, 7), min_size=1, max_size=5)


def columns(lengths: list[int], seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return draw.normal(size=sum(lengths)), draw.normal(size=sum(lengths)), starts


@given(LENGTHS, st.integers(0, 99), st.sampled_from([0.0, 0.5, 0.95, 1.0]))
def test_generalised_advantages_are_the_sum_of_traced_surprises(
    lengths: list[int], seed: int, trace: float
) -> None:
    rewards, values, starts = columns(lengths, seed)
    expected = []
    for low, high in pairwise(starts):
        for step in range(low, high):
            total = 0.0
            for later in range(step, high):
                following = values[later + 1] if later + 1 < high else 0.0
                total += trace ** (later - step) * (rewards[later] + following - values[later])
            expected.append(total)
    given = generalised_advantages(rewards, values, starts, trace)
    assert given == pytest.approx(expected, abs=1e-12)


@given(LENGTHS, st.integers(0, 99))
def test_a_full_trace_is_the_return_to_go_less_the_value(lengths: list[int], seed: int) -> None:
    rewards, values, starts = columns(lengths, seed)
    returns = np.concatenate([
        np.cumsum(rewards[low:high][::-1])[::-1]
        for low, high in pairwise(starts)
    ])  # fmt: skip
    given = generalised_advantages(rewards, values, starts, 1.0)
    assert given == pytest.approx(returns - values, abs=1e-12)


@given(LENGTHS, st.integers(0, 99), st.sampled_from([0.0, 0.3, 2.0]))
def test_a_step_pays_for_the_divergence_of_the_next_step_of_its_episode(
    lengths: list[int], seed: int, coefficient: float
) -> None:
    rewards, divergences, starts = columns(lengths, seed)
    expected = rewards.copy()
    for low, high in pairwise(starts):
        for step in range(low, high - 1):
            expected[step] -= coefficient * divergences[step + 1]
    before = rewards.copy(), divergences.copy()
    given = penalised_rewards(rewards, divergences, starts, coefficient)
    assert given == pytest.approx(expected, abs=1e-12)
    assert np.array_equal(rewards, before[0])
    assert np.array_equal(divergences, before[1])
