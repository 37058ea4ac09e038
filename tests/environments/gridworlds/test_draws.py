"""Chance events have the probability that was asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.environments.gridworlds.draws import GeneratorDraws, NoDraws


class Words(np.random.Generator):
    """A generator whose 32-bit words are known."""

    def __init__(self, words: list[int]) -> None:
        super().__init__(np.random.PCG64(0))
        self.words = np.array(words, dtype=np.uint32)

    def integers(self, *_: Any, **__: Any) -> Any:
        return self.words.view(np.uint64)


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


def test_events_are_independent() -> None:
    drawn = GeneratorDraws(np.random.default_rng(0)).events("any", 0.05, (40_000, 13))
    together = (drawn[:, :, None] & drawn[:, None, :]).mean(axis=0)
    apart = together[~np.eye(13, dtype=bool)]
    assert abs(apart - 0.05**2).max() < 5 * 0.05 / np.sqrt(40_000)


def test_a_world_without_chance_draws_nothing() -> None:
    with pytest.raises(RuntimeError, match="'dried'"):
        NoDraws().events("dried", 0.05, (1,))
