"""Chance events have the probability that was asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.environments.gridworlds.draws import GeneratorDraws, NoDraws
from driftline.errors import SettingsError


class Words(np.random.Generator):
    """A generator whose 32-bit words are known."""

    def __init__(self, words: list[int]) -> None:
        super().__init__(np.random.PCG64(0))
        self.words = np.array(words, dtype=np.uint32)

    @property
    def bit_generator(self) -> Any:
        return self

    def random_raw(self, size: int) -> Any:
        return self.words.view(np.uint64)[:size]


@given(st.floats(1e-6, 1.0))
def test_the_share_of_words_that_make_an_event_is_the_probability(probability: float) -> None:
    count = round(probability * 2**32)
    draws = GeneratorDraws(Words([count - 1, min(count, 2**32 - 1)]))
    assert draws.events("any", probability, (2,)).tolist() == [True, count == 2**32]
    assert abs(count / 2**32 - probability) < 2**-32


@pytest.mark.parametrize("probability", [0.0, 0.05, 0.5, 1.0])
def test_events_are_as_frequent_as_asked(probability: float) -> None:
    drawn = GeneratorDraws(np.random.default_rng(0)).events("any", probability, (1001, 333))
    assert drawn.shape == (1001, 333)
    error = np.sqrt(probability * (1 - probability) / drawn.size)
    assert abs(drawn.mean() - probability) <= 4 * error


def test_the_words_are_those_of_numpys_own_integers() -> None:
    draws, generator = (np.random.default_rng(0) for _ in range(2))
    ours = GeneratorDraws(draws)
    for shape in ((3,), (4, 2), (1,)):
        pairs = generator.integers(0, 2**64, size=(np.prod(shape) + 1) // 2, dtype=np.uint64)
        words = pairs.view(np.uint32)[: np.prod(shape)].reshape(shape)
        assert np.array_equal(ours.events("any", 0.25, shape), words < 2**30)


@given(st.integers(1, 2**20))
def test_choices_split_the_words_evenly(count: int) -> None:
    drawn = GeneratorDraws(Words([0, 2**32 - 1])).choices("any", count, (2,))
    assert drawn.tolist() == [0, count - 1]
    edge = -(-(2**32) // count)
    if count > 1:
        drawn = GeneratorDraws(Words([edge - 1, edge])).choices("any", count, (2,))
        assert drawn.tolist() == [0, 1]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
def test_choices_are_equally_likely(count: int) -> None:
    drawn = GeneratorDraws(np.random.default_rng(0)).choices("any", count, (333, 301))
    assert (drawn.shape, drawn.dtype) == ((333, 301), np.int64)
    found = np.bincount(drawn.reshape(-1), minlength=count)
    error = np.sqrt(drawn.size * (1 / count) * (1 - 1 / count))
    assert (abs(found - drawn.size / count) <= 4 * error).all()


def test_words_that_are_too_short_are_refused() -> None:
    with pytest.raises(SettingsError, match="64-bit words, got MT19937"):
        GeneratorDraws(np.random.Generator(np.random.MT19937(0)))


def test_events_are_independent() -> None:
    drawn = GeneratorDraws(np.random.default_rng(0)).events("any", 0.05, (40_000, 13))
    together = (drawn[:, :, None] & drawn[:, None, :]).mean(axis=0)
    apart = together[~np.eye(13, dtype=bool)]
    assert abs(apart - 0.05**2).max() < 5 * 0.05 / np.sqrt(40_000)


def test_a_world_without_chance_draws_nothing() -> None:
    with pytest.raises(RuntimeError, match="'dried'"):
        NoDraws().events("dried", 0.05, (1,))
