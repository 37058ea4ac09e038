"""Laws of the mixture: conservation of episodes, explicit shares, explicit eviction."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.data.mixture import Mixture, MixtureSettings
from driftline.data.trajectories import Trajectories, concatenate
from driftline.data.trajectory import Trajectory
from driftline.errors import SettingsError
from driftline.seeding import generator


def batch(values: list[float]) -> Trajectories:
    """One-step trajectories whose observation and reward are the value."""
    return Trajectories.of(
        [
            Trajectory(np.full((2, 1), v), np.zeros(1, int), np.array([v]), True, False)
            for v in values
        ]
    )


@given(st.integers(1, 40), st.floats(0.05, 1.0), st.floats(0.0, 1.0), st.integers(1, 8))
def test_the_own_share_grows_by_at_most_the_stated_speed(capacity, rate, alpha, rounds) -> None:
    settings = MixtureSettings(alpha, rate, capacity)
    mixture = Mixture(settings, batch([1.0, 2.0]))
    for round in range(rounds):
        before = mixture.own_share
        mixture = mixture.admit(batch([5.0] * 50), generator(0, round))
        speed = (1 - alpha) * max(rate, 1 / capacity) + 0.5 / capacity
        assert mixture.own_share - before <= speed + 1e-9
        assert mixture.own_share <= 1 - alpha + 1e-9
        assert len(mixture.own) <= capacity


@pytest.mark.parametrize(
    ("eviction", "kept"), [("oldest", [3.0, 4.0, 9.0, 9.0]), ("worst", [3.0, 4.0, 9.0, 9.0])]
)
def test_full_slots_are_evicted_by_the_rule(eviction, kept) -> None:
    settings = MixtureSettings(0.0, 0.5, 4, eviction)
    mixture = Mixture(settings, batch([0.0]))
    first = [1.0, 2.0] if eviction == "oldest" else [3.0, 4.0]
    second = [3.0, 4.0] if eviction == "oldest" else [1.0, 2.0]
    for values in (first, second, [9.0, 9.0]):
        mixture = mixture.admit(batch(values), generator(0, "admit"))
    assert sorted(mixture.own.returns.tolist()) == kept


def test_random_eviction_keeps_a_sample_of_all_ages() -> None:
    mixture = Mixture(MixtureSettings(0.0, 0.1, 100, "random"), batch([0.0]))
    for value in range(60):
        mixture = mixture.admit(batch([float(value)] * 10), generator(1, value))
    assert len(mixture.own) == 100
    assert mixture.own.returns.min() < 49.0


def test_batches_hold_the_shares_the_mixture_states() -> None:
    mixture = Mixture(MixtureSettings(0.25, 1.0, 8), batch([1.0, 2.0]))
    mixture = mixture.admit(batch([7.0] * 8), generator(0, "admit"))
    windows = mixture.sample(40000, 1, generator(0, "sample"))
    own = float((windows.observations[:, 0, 0] == 7.0).mean())
    assert own == pytest.approx(mixture.own_share, abs=0.01)
    assert mixture.own_share == 0.75
    returns, weights = mixture.returns()
    assert weights.sum() == pytest.approx(1.0)
    assert weights[returns == 7.0].sum() == pytest.approx(0.75)


def test_a_share_of_one_trains_on_demonstrations_alone() -> None:
    mixture = Mixture(MixtureSettings(1.0, 1.0, 8), batch([1.0]))
    mixture = mixture.admit(batch([7.0] * 8), generator(0, "admit"))
    assert (mixture.sample(256, 1, generator(0, "s")).observations == 1.0).all()


@pytest.mark.parametrize(
    "settings", [{"demonstration_share": 1.5}, {"refresh_rate": 0.0}, {"capacity": 0}]
)
def test_settings_out_of_range_are_refused(settings) -> None:
    with pytest.raises(SettingsError):
        MixtureSettings(**settings)


def test_where_none_is_evicted_all_that_was_admitted_is_kept() -> None:
    mixture = Mixture(MixtureSettings(0.25, 0.5, 4, "never"), batch([0.0]))
    for value in range(5):
        mixture = mixture.admit(batch([float(value)] * 3), generator(0, value))
    assert np.bincount(mixture.own.returns.astype(int)).tolist() == [2] * 5
    assert mixture.own_share == 0.75


@given(st.integers(0, 9))
def test_as_many_are_admitted_as_asked_for(count: int) -> None:
    mixture = Mixture(MixtureSettings(0.0, 0.5, 8), batch([0.0]))
    admitted = mixture.admit(batch([1.0] * 6), generator(0), count)
    assert (0 if admitted.own is None else len(admitted.own)) == min(count, 6)


def test_slots_can_be_filled_beforehand_but_not_overfilled() -> None:
    mixture = Mixture(MixtureSettings(0.5, 0.5, 3), batch([0.0]))
    assert mixture.holding(batch([1.0, 2.0, 3.0])).own_share == 0.5
    with pytest.raises(SettingsError, match="3 own slots"):
        mixture.holding(batch([1.0] * 4))


def test_the_best_demonstrations_are_lent_and_the_worst_of_them_leave_first() -> None:
    shown = batch([3.0, 1.0, 5.0, 2.0, 4.0])
    mixture = Mixture(MixtureSettings(0.2, 0.25, 4), shown).lending_best()
    assert mixture.own is not None
    assert mixture.own.returns.tolist() == [2.0, 3.0, 4.0, 5.0]
    assert (mixture.slot_share, mixture.own_share) == pytest.approx((0.8, 0.0))
    returns, weights = mixture.returns()
    assert weights[returns == 1.0].sum() == pytest.approx(0.2 / 5)
    shares = []
    for round in range(5):
        mixture = mixture.admit(batch([0.5]), generator(0, round))
        shares.append(mixture.own_share)
    assert shares == pytest.approx([0.2, 0.4, 0.6, 0.8, 0.8])
    assert mixture.own is not None
    assert mixture.own.returns.tolist() == [0.5] * 4


def test_fewer_demonstrations_than_slots_are_all_there_is_beside_own_episodes() -> None:
    """A replay of more slots than demonstrations holds these and own episodes, step for step."""
    mixture = Mixture(MixtureSettings(0.0, 0.1, 10), batch([1.0, 2.0])).lending_best()
    assert (mixture.slot_share, mixture.own_share) == pytest.approx((1.0, 0.0))
    for round in range(8):
        mixture = mixture.admit(batch([9.0]), generator(0, round))
        assert mixture.own_share == pytest.approx((round + 1) / (round + 3))
        assert mixture.returns()[1].sum() == pytest.approx(1.0)
    assert mixture.own is not None
    assert (len(mixture.own), mixture.lent) == (10, 2)
    assert mixture.own_share == pytest.approx(0.8)
    mixture = mixture.admit(batch([9.0]), generator(0, 9))
    assert mixture.own is not None
    assert mixture.own.returns.min() == 2.0


def test_what_is_lent_is_evicted_first_or_not_at_all() -> None:
    with pytest.raises(SettingsError, match="eviction=\"oldest\", got 'worst'"):
        Mixture(MixtureSettings(eviction="worst"), batch([1.0])).lending_best()


def test_without_overhang_every_step_is_as_likely_to_begin_a_window() -> None:
    long = Trajectories.of([
        Trajectory(np.zeros((length + 1, 1)), np.zeros(length, int), np.zeros(length), True, False)
        for length in (2, 6)
    ])  # fmt: skip
    mixture, draw = Mixture(MixtureSettings(), long), generator(0, "starts")
    plain = mixture.sample(8000, 3, draw, overhang=False)
    assert bool(plain.valid[:, 0].all())
    begun = np.bincount(plain.times[:, 0], minlength=6)
    assert begun == pytest.approx(np.array([2, 2, 1, 1, 1, 1]) * 1000, abs=150)
    hanging = mixture.sample(8000, 3, draw)
    counted = np.bincount(hanging.times[hanging.valid], minlength=6)
    assert counted / counted[2] == pytest.approx([2, 2, 1, 1, 1, 1], abs=0.2)


def test_of_slots_that_are_lent_the_share_is_counted_in_steps() -> None:
    """A batch is drawn step by step: a short episode of one's own is less of it than a long one."""

    def lasting(steps: int, value: float) -> Trajectories:
        rewards = np.full(steps, value / steps)
        one = Trajectory(np.zeros((steps + 1, 1)), np.zeros(steps, int), rewards, True, False)
        return Trajectories.of([one])

    shown = concatenate([lasting(10, value) for value in (1.0, 2.0, 3.0)])
    mixture = Mixture(MixtureSettings(0.0, 0.25, 3), shown).lending_best()
    mixture = mixture.admit(lasting(5, 9.0), generator(0, "own"))
    assert mixture.own_share == pytest.approx(5 / 25)
    filled = mixture.holding(lasting(5, 9.0))
    assert (filled.lent, filled.own_share) == (0, pytest.approx(1 / 3))
