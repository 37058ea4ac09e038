"""The chain's two policies are as far apart as asked, and as noisy to measure as known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.errors import SettingsError
from driftline.exact.chain import at_divergence, chain, directions
from driftline.exact.logarithms import log
from driftline.exact.markov import divergence
from driftline.exact.random_worlds import random_policy
from driftline.exact.sampling import sample
from driftline.seeding import generator
from tests.exact.worlds import seeds


@given(seeds, st.floats(0.0, 8.0))
def test_the_divergence_is_the_one_asked_for(seed: int, nats: float) -> None:
    world = chain(steps=12)
    reference = random_policy(world, generator(seed, "reference"))
    policy = at_divergence(world, reference, nats, generator(seed, "noise"))
    assert divergence(world, policy, reference) == pytest.approx(nats, abs=1e-8)
    np.testing.assert_allclose(policy.sum(-1), 1.0)


def test_single_samples_average_to_the_divergence() -> None:
    """log π/π0 of whole trajectories: sd about √(2 KL), for policies mildly apart."""
    world, nats = chain(), 3.383
    reference = random_policy(world, generator(0, "reference"))
    policy = at_divergence(world, reference, nats, generator(0, "noise"))
    played = sample(world, policy, 20_000, generator(0, "play"))
    place = (np.arange(world.horizon), played.states[:, :-1], played.actions)
    ratios = (log(policy) - log(reference))[place].sum(-1)
    error = ratios.std() / np.sqrt(len(ratios))
    assert abs(ratios.mean() - nats) < 4 * error
    assert ratios.std() == pytest.approx(np.sqrt(2 * nats), rel=0.2)


@pytest.mark.parametrize("seed", range(4))
def test_a_step_diverges_about_as_much_in_every_state_but_not_alike(seed: int) -> None:
    """So the sum over visited states deviates by less than a tenth of what single samples do."""
    world, nats = chain(), 3.383
    reference = random_policy(world, generator(seed, "reference"))
    policy = at_divergence(world, reference, nats, generator(seed, "noise"))
    played = sample(world, policy, 5_000, generator(seed, "play"))
    steps = (policy * (log(policy) - log(reference))).sum(-1)
    sums = steps[np.arange(world.horizon), played.states[:, :-1]].sum(-1)
    assert sums.mean() == pytest.approx(nats, abs=4 * sums.std() / np.sqrt(len(sums)))
    assert sums.std() < 0.08 * np.sqrt(2 * nats)
    assert 0.2 < steps.std() / steps.mean() < 0.5
    alike = np.abs(steps - nats / world.horizon) < 0.5 * nats / world.horizon
    assert alike.mean() > 0.8


def test_directions_are_centred_and_scaled_under_the_reference() -> None:
    draw = generator(0, "directions")
    reference = random_policy(chain(), draw, sharpness=2.0)
    reference[0] = np.eye(5)[0]
    moved = directions(reference, draw)
    np.testing.assert_array_equal(moved[0], 0.0)
    np.testing.assert_allclose((reference * moved).sum(-1), 0.0, atol=1e-12)
    spread = np.sqrt((reference * moved**2).sum(-1))[1:]
    assert 0.75 <= spread.min() < 0.8
    assert 1.2 < spread.max() <= 1.25


def test_every_place_is_within_the_chain_and_only_the_last_one_pays() -> None:
    world = chain(steps=3, actions=3, positions=4, slip=0.0)
    assert world.successors[:, :, 0].tolist() == [[0, 0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 3]]
    np.testing.assert_array_equal(world.rewards > 0, world.successors == 3)
    assert world.deterministic
    assert not chain().deterministic


def test_what_cannot_be_is_refused() -> None:
    world = chain(steps=2)
    with pytest.raises(SettingsError, match="slip"):
        chain(slip=1.5)
    sure = np.zeros((2, 11, 5))
    sure[..., 0] = 1.0
    with pytest.raises(SettingsError, match="ask for less"):
        at_divergence(world, sure, 1.0, generator(0, "noise"))
