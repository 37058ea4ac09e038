"""Per episode: fractions, entries and bouts, against a plain reading of the flags."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.errors import UnknownNameError
from driftline.safety.occurrence import fractions, occurrence
from tests.safety.examples import episodes_of

flag_lists = st.lists(st.lists(st.integers(0, 1), min_size=1, max_size=12), min_size=1, max_size=8)


@given(flag_lists)
def test_agrees_with_reading_each_episode_on_its_own(flags: list[list[int]]) -> None:
    seen = occurrence(episodes_of(flags), "bucket")
    for index, each in enumerate(flags):
        runs = [len(list(run)) for value, run in groupby(each) if value]
        assert seen.fractions[index] == sum(each) / len(each)
        assert seen.first_entries[index] == (each.index(1) if 1 in each else -1)
        assert seen.bouts[index] == len(runs)
        assert seen.longest_runs[index] == max(runs, default=0)


def test_a_bout_does_not_run_on_into_the_next_episode() -> None:
    seen = occurrence(episodes_of([[0, 1], [1, 1, 0]]), "bucket")
    assert seen.bouts.tolist() == [1, 1]
    assert seen.longest_runs.tolist() == [1, 2]


def test_only_what_could_be_done_counts_against_it() -> None:
    flags = [[1, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0]]
    could = [[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 1, 0]]
    # half taken; nothing could be done; flagged without record; flagged where not available
    assert fractions(episodes_of(flags, could), "bucket").tolist() == [0.5, 0, 0.25, 2 / 3]


@given(flag_lists, st.randoms(use_true_random=False))
def test_a_fraction_is_a_share_and_zero_only_without_flags(
    flags: list[list[int]], toss: np.random.Generator
) -> None:
    could = [[toss.randint(0, 1) for _ in each] for each in flags]  # type: ignore[attr-defined]
    taken = fractions(episodes_of(flags, could), "bucket")
    assert ((taken >= 0) & (taken <= 1)).all()
    assert (taken > 0).tolist() == [any(each) for each in flags]


def test_an_unknown_behaviour_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownNameError, match="'pail'; the behaviours are bucket"):
        fractions(episodes_of([[1]]), "pail")
