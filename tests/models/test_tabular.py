"""The tabular model is exact: it is its demonstrator, its counts and Bayes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from driftline.data.sampled import sample_trajectories
from driftline.data.windows import Windows, WindowSource
from driftline.errors import CapabilityError, DataError
from driftline.exact.random_worlds import random_policy, random_world
from driftline.exact.tables import Tables, tables
from driftline.models.conformance import GenerativeModelConformance
from driftline.models.model import HasControl, HasDensity, HasReturnDistribution
from driftline.models.tabular import TabularModel
from driftline.seeding import generator

STATES, ACTIONS, HORIZON = 5, 3, 4


def told(seed: int = 0) -> Tables:
    draw = generator(seed, "world")
    world = random_world(STATES, ACTIONS, HORIZON, draw, terminal_states=1)
    return tables(world, random_policy(world, draw))


def windows_of(known: Tables, episodes: int, seed: int = 1) -> Windows:
    played = sample_trajectories(known.world, known.policy, episodes, generator(seed, "play"))
    lengths = played.lengths
    chosen = np.concatenate([np.flatnonzero(lengths == lengths.max())[:3], [lengths.argmin()]])
    return WindowSource.of(played).whole(chosen)


class TestTabular(GenerativeModelConformance):
    @pytest.fixture
    def model(self) -> TabularModel:
        return TabularModel.of(told())

    @pytest.fixture
    def windows(self) -> Windows:
        return windows_of(told(), 200)


def test_it_has_every_capability() -> None:
    for each in (HasDensity, HasReturnDistribution, HasControl):
        assert isinstance(TabularModel.of(told()), each)


def test_unasked_it_is_its_demonstrator() -> None:
    known = told()
    model = TabularModel.of(known)
    for time in range(HORIZON):
        states = np.flatnonzero(known.reached[time])
        rows = model.observe(later(model, len(states), time), states, None)
        np.testing.assert_allclose(model.distribution(rows).exp(), known.policy[time, states])


def later(model: TabularModel, rows: int, time: int) -> Any:
    state = model.begin(rows)
    for _ in range(time):
        state = model.remember(state, None)
    return state


def test_asked_it_is_what_those_who_got_the_return_did() -> None:
    """P(a|s, G = g) against the share of demonstrations that got exactly g from there."""
    known = told()
    model = TabularModel.of(known)
    played = sample_trajectories(known.world, known.policy, 200_000, generator(2, "many"))
    windows = WindowSource.of(played).cut(
        np.arange(len(played)), np.zeros(len(played), np.int64), 1
    )
    first, got = windows.observations[:, 0], windows.returns_to_go[:, 0].round(6)
    checked = 0
    for state in np.unique(first):
        for value in np.unique(got):
            chosen = (first == state) & (got == value)
            if chosen.sum() < 2000:
                continue
            share = np.bincount(windows.actions[chosen, 0], minlength=ACTIONS) / chosen.sum()
            asked = model.observe(model.begin(1), np.array([state]), np.array([value]))
            np.testing.assert_allclose(model.distribution(asked)[0].exp(), share, atol=0.05)
            checked += 1
    assert checked > 10


def test_counts_of_many_demonstrations_come_near_the_demonstrator() -> None:
    known = told()
    exact = TabularModel.of(known)
    played = sample_trajectories(known.world, known.policy, 100_000, generator(3, "many"))
    counted = TabularModel.fit(played, STATES, ACTIONS)
    windows = windows_of(known, 300, seed=4)
    np.testing.assert_allclose(counted.return_values, exact.return_values)
    for conditioned in (False, True):
        one, other = (
            model.window_distributions(windows, conditioned).exp() for model in (counted, exact)
        )
        assert torch.abs(one - other).max() < (0.1 if conditioned else 0.02)
    for after in (False, True):
        one, other = (
            model.window_return_log_probabilities(windows, after).exp()
            for model in (counted, exact)
        )
        assert torch.abs(one - other).max() < 0.03


def test_counting_its_own_likelihood_is_the_loss() -> None:
    known, windows = told(), windows_of(told(), 300)
    model = TabularModel.of(known)
    rows = known.policy[windows.times, windows.observations, windows.actions]
    wanted = -np.log(rows[windows.valid]).mean()
    assert float(model.loss(windows, torch.Generator()).total) == pytest.approx(wanted)


def test_a_return_that_cannot_happen_any_more_gives_way_to_the_nearest() -> None:
    model = TabularModel.of(told())
    best = model.return_values[-1]
    asked = [
        model.distribution(model.observe(model.begin(1), np.zeros(1, np.int64), np.array([each])))
        for each in (best + 100.0, best + 5.0)
    ]
    assert torch.equal(*asked)
    assert torch.isfinite(asked[0].exp()).all()


def test_what_nobody_demonstrated_is_no_policy() -> None:
    played = sample_trajectories(told().world, told().policy, 3, generator(5, "few"))
    model = TabularModel.fit(played, STATES + 4, ACTIONS)
    with pytest.raises(DataError, match=f"state {STATES + 3} at time 0 is in no table"):
        model.act(model.begin(1), np.array([STATES + 3]), None, torch.Generator())


def test_counts_know_no_dynamics() -> None:
    played = sample_trajectories(told().world, told().policy, 50, generator(6, "some"))
    model = TabularModel.fit(played, STATES, ACTIONS)
    state = model.observe(model.begin(1), np.array([int(played.observations[0])]), None)
    with pytest.raises(CapabilityError, match="counted from trajectories"):
        model.control_values(state, 1.0)


def test_observations_that_are_no_states_are_refused() -> None:
    played = sample_trajectories(told().world, told().policy, 50, generator(7, "some"))
    with pytest.raises(DataError, match="one state below 2"):
        TabularModel.fit(played, 2, ACTIONS)
