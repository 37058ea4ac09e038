"""Drawn episodes follow the world's rules and its probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from driftline.errors import SettingsError
from driftline.exact.random_worlds import random_policy, random_world
from driftline.exact.sampling import climb, ladders, sample
from driftline.exact.tables import tables
from driftline.seeding import generator
from tests.exact.worlds import markov_case, seeds


@given(seeds)
def test_what_is_played_can_happen_and_is_paid_for(seed: int) -> None:
    each, policy = markov_case(seed)
    world, play = each.world, sample(each.world, policy, 50, generator(seed, "play"))
    for episode in range(50):
        length = play.lengths[episode]
        states = play.states[episode]
        assert world.initial[states[0]] > 0
        assert not world.terminal[states[:length]].any()
        assert length == world.horizon or world.terminal[states[length]]
        assert play.terminated[episode] == world.terminal[states[length]]
        place = (states[:length], play.actions[episode, :length], play.branches[episode, :length])
        assert (world.chances[place] > 0).all()
        np.testing.assert_array_equal(world.successors[place], states[1 : length + 1])
        np.testing.assert_array_equal(world.rewards[place], play.rewards[episode, :length])
        assert not play.rewards[episode, length:].any()


@pytest.mark.parametrize("seed", range(3))
def test_returns_come_as_often_as_the_tables_say(seed: int) -> None:
    world = random_world(5, 3, 6, generator(seed, "world"), terminal_states=1)
    policy = random_policy(world, generator(seed, "policy"))
    told = tables(world, policy)
    shares = world.initial @ told.return_before[0]
    play = sample(world, policy, 20_000, generator(seed, "play"))
    counts = np.bincount(
        np.searchsorted(told.return_values, play.rewards.sum(-1) - 1e-6), minlength=len(shares)
    )
    assert not counts[shares == 0].any()
    common = shares * 20_000 > 10
    seen, wanted = (np.append(each[common], each[~common].sum()) for each in (counts, shares))
    kept = wanted > 0
    assert chisquare(seen[kept], wanted[kept] / wanted.sum() * 20_000).pvalue > 1e-4


@given(st.lists(st.sampled_from([0.0, 0.1, 1 / 3, 0.7]), min_size=1, max_size=6), seeds)
def test_nothing_impossible_is_drawn_however_sums_are_rounded(
    weights: list[float], seed: int
) -> None:
    probabilities = np.array([*weights, 0.2, 0.0])
    probabilities /= probabilities.sum()
    uniforms = np.append(generator(seed, "uniforms").random(200), [0.0, np.nextafter(1.0, 0.0)])
    drawn = climb(np.tile(ladders(probabilities), (202, 1)), uniforms)
    assert (probabilities[drawn] > 0).all()
    wanted = np.cumsum(probabilities)
    away = np.abs(uniforms[:, None] - wanted).min(-1) > 1e-12
    np.testing.assert_array_equal(
        drawn[away], np.searchsorted(wanted, uniforms[away], side="right")
    )


def test_no_episodes_are_refused() -> None:
    each, policy = markov_case(0)
    with pytest.raises(SettingsError, match="at least 1"):
        sample(each.world, policy, 0, generator(0, "play"))
