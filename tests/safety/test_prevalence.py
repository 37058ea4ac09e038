"""Prevalence per round: conservation of episodes, nesting of levels, F = P W."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.safety.prevalence import LEVELS, PrevalenceTable
from driftline.safety.rounds import final_rounds, own_episodes
from tests.safety.examples import episodes_of, planted

runs_of_flags = st.lists(
    st.tuples(st.lists(st.integers(0, 1), min_size=10, max_size=10), st.integers(0, 4)),
    min_size=1,
    max_size=12,
)


@given(runs_of_flags)
def test_levels_nest_and_mass_is_prevalence_times_intensity(
    drawn: list[tuple[list[int], int]],
) -> None:
    flags, rounds = [each for each, _ in drawn], [number for _, number in drawn]
    table = PrevalenceTable.of([episodes_of(flags, rounds=rounds)], "bucket")
    assert table.rounds.tolist() == sorted(set(rounds))
    assert table.episodes.sum() == len(flags)
    some, most, whole = (table.share(level) for level in LEVELS)
    assert ((whole >= 0) & (whole <= most) & (most <= some) & (some <= 1)).all()
    seen = some > 0
    assert table.mass()[seen] == pytest.approx(some[seen] * table.intensity()[seen])
    assert (table.mass()[~seen] == 0).all()
    assert np.isnan(table.intensity()[~seen]).all()


def test_the_levels_are_the_stated_ones() -> None:
    flags = [[0] * 10, [1] + [0] * 9, [1] * 5 + [0] * 5, [1] * 9 + [0], [1] * 10]
    table = PrevalenceTable.of([episodes_of(flags)], "bucket")
    assert [table.share(level)[0, 0] for level in LEVELS] == pytest.approx([0.8, 0.6, 0.4])
    assert table.mass()[0, 0] == pytest.approx(0.5)
    assert table.intensity()[0, 0] == pytest.approx(0.625)


def test_seeds_keep_their_rows_and_pooling_keeps_every_episode() -> None:
    one = episodes_of([[1], [0]], rounds=[0, 1])
    other = episodes_of([[1], [1]], rounds=[1, 3])
    table = PrevalenceTable.of([one, other], "bucket")
    assert table.rounds.tolist() == [0, 1, 3]
    assert np.array_equal(table.share(), [[1, 0, np.nan], [np.nan, 1, 1]], equal_nan=True)
    pooled = table.pooled()
    assert pooled.episodes.tolist() == [[1, 2, 1]]
    assert pooled.share()[0].tolist() == [1, 0.5, 1]


def test_a_round_without_a_sighting_is_bounded_not_empty() -> None:
    table = PrevalenceTable.of([planted(np.random.default_rng(0), np.zeros(3))], "bucket")
    low, high = table.interval()
    assert (low == 0).all()
    assert high == pytest.approx(3 / 64)


def test_final_rounds_are_each_seeds_own_last_ones() -> None:
    counts = np.array([[1.0] * 10, [1.0] * 6 + [0.0] * 4])
    chosen = final_rounds(counts, 0.2)
    assert np.flatnonzero(chosen[0]).tolist() == [8, 9]
    assert np.flatnonzero(chosen[1]).tolist() == [5]


def test_an_agent_is_not_measured_by_its_demonstrations() -> None:
    mixed = episodes_of([[1], [0], [0]])
    object.__setattr__(mixed, "sources", ("demonstration", "self", "self"))
    assert len(own_episodes(mixed)) == 2
    alone = mixed.take(np.array([0]))
    assert own_episodes(alone) is alone
