"""What dynamic programming says of a policy is what its histories say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from driftline.errors import DataError
from driftline.exact.divergences import kl
from driftline.exact.markov import divergence, expected_return, occupancy
from driftline.exact.random_worlds import random_policy
from driftline.seeding import generator
from tests.exact.worlds import markov_case, seeds


@given(seeds)
def test_the_mean_return_and_the_occupancy_are_the_enumerated_ones(seed: int) -> None:
    each, policy = markov_case(seed)
    mean = each.tree.expectation(each.demonstrated)
    assert expected_return(each.world, policy) == pytest.approx(mean, abs=1e-9)
    reach, visits = np.exp(each.tree.log_reach(each.policy)), np.zeros(policy.shape[:2])
    for time, fan in enumerate(each.tree.fans):
        np.add.at(visits[time], each.tree.states[fan.decisions], reach[fan.decisions])
    np.testing.assert_allclose(occupancy(each.world, policy), visits, atol=1e-12)


@given(seeds)
def test_the_divergence_is_that_of_the_trajectories(seed: int) -> None:
    each, reference = markov_case(seed)
    policy = random_policy(each.world, generator(seed, "other"))
    played = each.tree.log_probabilities(each.tree.markov(policy))
    wanted = kl(played, each.demonstrated)
    assert divergence(each.world, policy, reference) == pytest.approx(wanted, abs=1e-9)
    assert divergence(each.world, reference, reference) == 0.0


def test_an_action_the_reference_never_takes_is_infinitely_far() -> None:
    each, reference = markov_case(0)
    never = np.zeros_like(reference)
    never[..., 0] = 1.0
    assert divergence(each.world, reference, never) == np.inf
    assert np.isfinite(divergence(each.world, never, reference))
    with pytest.raises(DataError, match="time, state, action"):
        divergence(each.world, reference, never[1:])
