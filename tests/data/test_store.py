"""Columns hold episodes exactly: what comes back is bit equal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.data.episodes import STEP_COLUMNS, Episodes, concatenate_episodes
from driftline.data.store import from_table, to_table
from driftline.data.trajectories import Trajectories
from driftline.errors import DataError
from driftline.records.run_directory import RunDirectory
from driftline.spaces.specs import ContinuousActionSpec
from tests.data.examples import random_episodes

LINE = ContinuousActionSpec((-2.0,), (2.0,))
BOX = ContinuousActionSpec((-1.0, 0.0, -3.0), (1.0, 5.0, 3.0))


def assert_same(one: Episodes, other: Episodes) -> None:
    """Bit equality of every column, NaN payloads included."""
    for name in ("observations", "actions", "rewards", "starts", "terminated", "truncated"):
        same(getattr(one.trajectories, name), getattr(other.trajectories, name))
    for name in (*STEP_COLUMNS, "rounds"):
        same(getattr(one, name), getattr(other, name))
    assert one.sources == other.sources
    for left, right in ((one.flags, other.flags), (one.available, other.available)):
        assert list(left) == list(right)
        for name in left:
            same(left[name], right[name])


def same(left: np.ndarray, right: np.ndarray) -> None:
    assert left.dtype == right.dtype
    assert left.shape == right.shape
    assert left.tobytes() == right.tobytes()


@given(
    st.integers(0, 2**32),
    st.sampled_from(["boards", "states", "vectors"]),
    st.lists(st.integers(1, 7), min_size=1, max_size=6),
    st.sampled_from([None, LINE, BOX]),
)
def test_a_table_gives_back_the_episodes_bit_for_bit(
    seed: int, kind: str, lengths: list[int], box: ContinuousActionSpec | None
) -> None:
    episodes = random_episodes(np.random.default_rng(seed), lengths, kind, box=box)
    assert_same(from_table(to_table(episodes, "gm", 3)), episodes)


@pytest.mark.parametrize("box", [None, LINE, BOX])
def test_a_run_directory_gives_back_all_rounds_bit_for_bit(
    tmp_path: Path, box: ContinuousActionSpec | None
) -> None:
    draw = np.random.default_rng(0)
    run = RunDirectory.create(tmp_path, {"configuration": {}, "seeds": [0], "thresholds": {}})
    parts = [random_episodes(draw, [3, 1, 4], "boards", round=round, box=box) for round in range(3)]
    for round, part in enumerate(parts):
        run.write_episodes(round, to_table(part, "gm", 0))
    assert_same(from_table(run.read_episodes()), concatenate_episodes(parts))
    assert_same(from_table(run.read_episodes(first=1, last=1)), parts[1])


@pytest.mark.parametrize("box", [None, BOX])
def test_a_slice_of_rows_is_those_episodes(box: ContinuousActionSpec | None) -> None:
    episodes = random_episodes(np.random.default_rng(1), [2, 5, 3, 4], "vectors", box=box)
    table = to_table(episodes, "gm", 0)
    assert_same(from_table(table.slice(1, 2)), episodes.take(np.array([1, 2])))


def test_the_scalar_columns_say_what_the_episodes_say() -> None:
    episodes = random_episodes(np.random.default_rng(2), [2, 5], "boards", round=7)
    frame = to_table(episodes, "ogm-quantile", 4).to_pandas()
    assert frame["agent"].tolist() == ["ogm-quantile"] * 2
    assert frame["seed"].tolist() == [4, 4]
    assert frame["round"].tolist() == [7, 7]
    assert frame["episode"].tolist() == [0, 1]
    assert frame["length"].tolist() == [2, 5]
    assert frame["observed_return"].tolist() == episodes.observed_returns.tolist()
    assert frame["flag_bucket"][1].tolist() == episodes.flags["bucket"][2:].tolist()
    assert len(frame["observations"][1]) == 6 * 7 * 9


def test_restored_columns_can_be_written_to() -> None:
    episodes = from_table(
        to_table(random_episodes(np.random.default_rng(3), [3], "boards"), "a", 0)
    )
    for column in (episodes.trajectories.observations, episodes.trajectories.rewards, episodes.kl):
        assert column.flags.writeable


def test_a_table_that_lost_its_schema_or_a_column_is_refused() -> None:
    table = to_table(random_episodes(np.random.default_rng(4), [3, 2], "boards"), "a", 0)
    with pytest.raises(DataError, match="dtype and shape"):
        from_table(table.replace_schema_metadata(None))
    with pytest.raises(DataError, match="lacks the column 'rewards'"):
        from_table(table.drop_columns(["rewards"]))
    lengths = table.set_column(table.column_names.index("length"), "length", [[2, 3]])
    with pytest.raises(DataError, match="row 0 has length 2 but 3 entries"):
        from_table(lengths)


def test_a_table_of_before_log_ratios_says_that_they_were_not_measured() -> None:
    episodes = random_episodes(np.random.default_rng(5), [3, 2])
    found = from_table(to_table(episodes, "a", 0).drop_columns(["log_ratio"]))
    assert np.isnan(found.log_ratio).all()
    assert_same(replace(found, log_ratio=episodes.log_ratio), episodes)


def test_actions_that_are_grids_are_refused() -> None:
    data = Trajectories(
        np.zeros((3, 1)), np.zeros((2, 2, 2)), np.zeros(2), np.array([0, 2]),
        np.array([True]), np.array([False]),
    )  # fmt: skip
    blank = np.full(2, np.nan)
    episodes = Episodes(data, blank, blank, blank, blank, blank, np.array([0]), ("self",))
    with pytest.raises(DataError, match="cannot be stored as a column"):
        to_table(episodes, "a", 0)
