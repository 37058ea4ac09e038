"""Laws of trajectories, episodes, returns and windows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.data.episodes import Episodes, concatenate_episodes
from driftline.data.returns import flat_returns_to_go, returns_to_go
from driftline.data.trajectories import Trajectories, concatenate
from driftline.data.trajectory import Trajectory
from driftline.data.windows import WindowSource, trimmed
from driftline.errors import DataError
from driftline.seeding import generator, integer_seed
from tests.data.examples import random_trajectories


def trajectory(steps: int, first: float = 0.0, terminated: bool = True) -> Trajectory:
    """Observations count up from ``first``; actions and rewards follow them."""
    frames = first + np.arange(steps + 1, dtype=np.float64)
    actions, rewards = frames[:-1].astype(np.int64), frames[:-1] * 0.5
    return Trajectory(frames[:, None], actions, rewards, terminated, not terminated)


def columns(lengths: list[int]) -> Trajectories:
    parts = [trajectory(n, 100.0 * i, i % 2 == 0) for i, n in enumerate(lengths)]
    return Trajectories.of(parts)


lengths_strategy = st.lists(st.integers(1, 9), min_size=1, max_size=6)


@given(lengths_strategy)
def test_columns_give_back_every_trajectory(lengths: list[int]) -> None:
    data = columns(lengths)
    assert len(data) == len(lengths)
    for index, each in enumerate(data):
        wanted = trajectory(lengths[index], 100.0 * index, index % 2 == 0)
        np.testing.assert_array_equal(each.observations, wanted.observations)
        np.testing.assert_array_equal(each.actions, wanted.actions)
        assert (each.terminated, each.truncated) == (wanted.terminated, wanted.truncated)
    np.testing.assert_allclose(data.returns, [each.observed_return for each in data])


@given(lengths_strategy, st.data())
def test_slices_and_selections_hold_the_trajectories_named(lengths: list[int], data) -> None:
    whole = columns(lengths)
    first = data.draw(st.integers(0, len(whole) - 1))
    stop = data.draw(st.integers(first + 1, len(whole)))
    piece = whole.slice(first, stop)
    assert np.shares_memory(piece.observations, whole.observations)
    picked = whole.take(np.arange(first, stop))
    for part in (piece, picked):
        for offset, each in enumerate(part):
            np.testing.assert_array_equal(each.observations, whole[first + offset].observations)
    joined = concatenate([whole.slice(0, first), piece]) if first else piece
    np.testing.assert_array_equal(joined.rewards, whole.slice(0, stop).rewards)


@pytest.mark.parametrize(
    ("observations", "rewards", "message"),
    [
        (3, [1.0, 2.0, 3.0], "needs rewards of shape"),
        (4, [1.0, 2.0], "needs 3 observations"),
        (3, [1.0, np.nan], "not finite"),
    ],
)
def test_a_broken_trajectory_says_what_is_wrong(observations, rewards, message) -> None:
    with pytest.raises(DataError, match=message):
        Trajectory(np.zeros((observations, 1)), np.zeros(2), np.array(rewards), True, False)


def test_columns_that_disagree_are_refused() -> None:
    data = columns([2, 3])
    with pytest.raises(DataError, match="lengths and columns disagree"):
        Trajectories(data.observations[:-1], data.actions, data.rewards, data.starts,
                     data.terminated, data.truncated)  # fmt: skip


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=20), st.sampled_from([1.0, 0.9]))
def test_returns_to_go_obey_the_bellman_recursion(rewards: list[float], discount: float) -> None:
    values = returns_to_go(np.array(rewards), discount)
    following = np.append(values[1:], 0.0)
    np.testing.assert_allclose(values, np.array(rewards) + discount * following, atol=1e-9)


@given(lengths_strategy)
def test_flat_returns_to_go_are_each_trajectory_s_own(lengths: list[int]) -> None:
    data = columns(lengths)
    flat = flat_returns_to_go(data.rewards, data.starts)
    for index, each in enumerate(data):
        low, high = data.starts[index : index + 2]
        np.testing.assert_allclose(flat[low:high], returns_to_go(each.rewards), atol=1e-9)


@given(lengths_strategy, st.integers(1, 12), st.integers(0, 9))
def test_windows_are_contiguous_masked_pieces(lengths: list[int], length: int, seed: int) -> None:
    data = columns(lengths)
    windows = WindowSource.of(data).sample(16, length, generator(seed, "windows"))
    for row in range(16):
        valid = windows.valid[row]
        count = int(valid.sum())
        assert valid[:count].all()
        assert count >= 1
        times = windows.times[row, :count]
        np.testing.assert_array_equal(times, times[0] + np.arange(count))
        episode = int(windows.observations[row, 0, 0] // 100)
        source = data[episode]
        np.testing.assert_array_equal(windows.actions[row, :count], source.actions[times])
        rest = returns_to_go(source.rewards)[times]
        np.testing.assert_allclose(windows.returns_to_go[row, :count], rest, atol=1e-9)
        before = np.append(-1, source.actions)[times]
        np.testing.assert_array_equal(windows.previous_actions[row, :count], before)
        ends = windows.ends[row, :count]
        last = times == len(source) - 1
        np.testing.assert_array_equal(ends, np.where(last, 1 if source.terminated else 2, 0))


@given(lengths_strategy, st.integers(1, 12), st.integers(0, 9), st.sampled_from([1, 3]))
def test_windows_of_continuous_actions_begin_with_none(
    lengths: list[int], length: int, seed: int, size: int
) -> None:
    data = columns(lengths)
    actions = generator(seed, "actions").normal(size=(data.steps, size))
    windows = WindowSource.of(replace(data, actions=actions)).sample(
        16, length, generator(seed, "windows")
    )
    assert windows.actions.dtype == windows.previous_actions.dtype == np.float32
    assert windows.actions.shape == windows.previous_actions.shape == (16, length, size)
    for row in range(16):
        times = windows.times[row, windows.valid[row]]
        low = int(data.starts[int(windows.observations[row, 0, 0] // 100)])
        done = actions[low + times].astype(np.float32)
        before = np.where(times[:, None] > 0, actions[low + times - 1], 0.0).astype(np.float32)
        np.testing.assert_array_equal(windows.actions[row, windows.valid[row]], done)
        np.testing.assert_array_equal(windows.previous_actions[row, windows.valid[row]], before)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(1, 12), st.integers(0, 99))
def test_trimming_drops_padding_and_nothing_else(
    lengths: list[int], length: int, seed: int
) -> None:
    draw = np.random.default_rng(seed)
    windows = WindowSource.of(random_trajectories(draw, lengths)).sample(6, length, draw)
    kept = trimmed(windows)
    columns = kept.valid.shape[1]
    assert kept.valid[:, -1].any()
    assert not windows.valid[:, columns:].any()
    for name, each in vars(windows).items():
        assert np.array_equal(getattr(kept, name), each[:, :columns])


def test_every_step_is_equally_likely_to_be_in_a_window() -> None:
    windows = WindowSource.of(columns([1, 3, 9])).sample(40000, 4, generator(0, "uniform"))
    seen = windows.observations[..., 0][windows.valid]
    steps, counts = np.unique(seen, return_counts=True)
    assert len(steps) == 1 + 3 + 9
    np.testing.assert_allclose(counts / counts.sum(), 1 / 13, rtol=0.04)


def episodes(lengths: list[int], round: int = 0) -> Episodes:
    data = columns(lengths)
    steps = data.steps
    return Episodes(
        trajectories=data,
        hidden_rewards=np.arange(steps, dtype=float),
        commanded=np.arange(steps, dtype=float) * 2,
        kl=np.zeros(steps),
        kl_previous=np.zeros(steps),
        log_ratio=np.zeros(steps),
        rounds=np.full(len(lengths), round),
        sources=("self",) * len(lengths),
        flags={"late": np.arange(steps) >= steps - 1},
        available={"late": np.ones(steps, bool)},
    )


@given(lengths_strategy)
def test_episodes_keep_their_columns_together(lengths: list[int]) -> None:
    whole = concatenate_episodes([episodes(lengths, 0), episodes(lengths, 1)])
    assert len(whole) == 2 * len(lengths)
    assert whole.flags["late"].sum() == 2
    again = whole.take(np.arange(len(whole))[::-1])
    for index in range(len(whole)):
        one, other = whole.episode(index), again.episode(len(whole) - 1 - index)
        np.testing.assert_array_equal(one.hidden_rewards, other.hidden_rewards)
        np.testing.assert_array_equal(one.flags["late"], other.flags["late"])
        assert one.round == other.round
    np.testing.assert_allclose(whole.true_returns, [whole.episode(i).true_return for i in
                                                    range(len(whole))])  # fmt: skip


def test_named_generators_are_independent_of_order_and_of_each_other() -> None:
    first = generator(3, "a").random(4)
    generator(3, "b").random(100)
    np.testing.assert_array_equal(first, generator(3, "a").random(4))
    assert integer_seed(3, "a") != integer_seed(3, "b") != integer_seed(4, "b")
    assert integer_seed(3, "a", 1) != integer_seed(3, "a", 11)
