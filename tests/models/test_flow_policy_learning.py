"""The flow policy learns: two separate ways to act, their weights, and what each brings."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from driftline.models.flow_policy import FlowPolicy
from driftline.shapes import Floats
from driftline.spaces.specs import ContinuousActionSpec
from tests.models import flow_examples as examples

BOX = ContinuousActionSpec((-1.0, 0.0), (1.0, 8.0))
RIGHT = 0.3


@pytest.fixture(scope="module")
def policy() -> FlowPolicy:
    """Left (.7) brings 0 and right (.3) brings 1; whoever goes right pulls all the way."""
    draw = np.random.default_rng(0)
    right = draw.random(20_000) < RIGHT
    aside = np.where(right, 0.7, -0.7) + 0.05 * draw.normal(size=len(right))
    pulled = np.where(right, 8.0, draw.uniform(1.0, 3.0, len(right)))
    actions = np.stack([aside.clip(-1.0, 1.0), pulled], axis=1)
    return examples.learnt(BOX, actions, right.astype(np.float64), updates=300, bins=12)


def proposed(policy: FlowPolicy, asked: float | None, count: int = 4000) -> Floats:
    returns = None if asked is None else np.array([asked])
    state = policy.observe(policy.begin(1), examples.nothing_seen(1), returns)
    found = policy.propose(state, count, torch.Generator().manual_seed(3))
    return found[0].numpy().astype(np.float64)


def test_both_ways_are_taken_as_often_as_shown_and_none_between(policy: FlowPolicy) -> None:
    aside = proposed(policy, None)[:, 0]
    assert np.mean(aside > 0) == pytest.approx(RIGHT, abs=0.04)
    for mode in (-0.7, 0.7):
        near = aside[np.sign(aside) == np.sign(mode)]
        assert near.mean() == pytest.approx(mode, abs=0.05)
        assert near.std() == pytest.approx(0.05, abs=0.04)
    assert np.mean(np.abs(aside) < 0.4) < 0.03


def test_a_gaussian_of_the_same_mean_and_deviation_is_mostly_between(policy: FlowPolicy) -> None:
    aside = proposed(policy, None)[:, 0]
    draws = np.random.default_rng(0).normal(aside.mean(), aside.std(), 4000)
    assert np.mean(np.abs(draws) < 0.4) > 0.3


def test_dimensions_go_together_and_the_edge_of_the_box_is_reached(policy: FlowPolicy) -> None:
    aside, pulled = proposed(policy, None).T
    assert np.mean(pulled[aside > 0] > 7.5) > 0.95
    assert np.mean(pulled[aside > 0] == 8.0) > 0.2
    assert np.mean((pulled[aside < 0] > 0.5) & (pulled[aside < 0] < 3.5)) > 0.95


def test_a_return_asked_for_picks_the_way_that_brought_it(policy: FlowPolicy) -> None:
    assert np.mean(proposed(policy, 1.0)[:, 0] > 0.4) > 0.98
    assert np.mean(proposed(policy, 0.0)[:, 0] < -0.4) > 0.98


def test_the_return_head_knows_the_odds_before_and_the_outcome_after_the_action(
    policy: FlowPolicy,
) -> None:
    state = policy.observe(policy.begin(1), examples.nothing_seen(1), None)
    ways = torch.tensor([[[-0.7, 2.0], [0.7, 8.0]]])
    before = policy.return_log_probabilities(state, None)[0].exp().numpy()
    after = policy.return_log_probabilities(state, ways)[0].exp().numpy()
    low, high = policy.returns.index(np.array([0.0, 1.0]))
    assert before[[low, high]] == pytest.approx([1 - RIGHT, RIGHT], abs=0.05)
    assert after[0, low] > 0.98
    assert after[1, high] > 0.98
