"""Divergences are exact: against plain sums, and against every trajectory of a small tree."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from driftline.conditioning.exponential_tilt import ExponentialTilt
from driftline.conditioning.factorised_tilt import FactorisedTilt
from driftline.conditioning.fixed import FixedReturn
from driftline.conditioning.quantile import Quantile
from driftline.conditioning.sampled_maximum import SampledMaximum
from driftline.conditioning.target import Unconditioned
from driftline.data.trajectories import Trajectories
from driftline.data.trajectory import Trajectory
from driftline.models.action_distributions import sample
from driftline.spaces.specs import ContinuousActionSpec, DiscreteActionSpec
from driftline.training.divergence import (
    Divergences,
    distributions,
    follows_commands,
    forward_log_ratio,
    hellinger,
    jensen_shannon,
    kl,
    log_ratio,
)
from tests.agents.tabular import tabular_model

DEPTH, ACTIONS, CHANCE = 3, 2, (0.7, 0.3)
SPEC = DiscreteActionSpec(ACTIONS)
BOX = ContinuousActionSpec((-1.0, 0.0), (1.0, 5.0))


@given(st.integers(0, 999), st.integers(1, 20), st.integers(2, 6))
def test_kl_is_the_sum_over_actions(seed: int, rows: int, actions: int) -> None:
    draw = np.random.default_rng(seed)
    policy, reference = (draw.dirichlet(np.ones(actions), rows) for _ in range(2))
    expected = [
        sum(p * (math.log(p) - math.log(q)) for p, q in zip(*pair, strict=True))
        for pair in zip(policy, reference, strict=True)
    ]
    spec = DiscreteActionSpec(actions)
    given = kl(spec, np.log(policy), np.log(reference))
    assert given == pytest.approx(expected, abs=1e-10)
    assert (given >= 0.0).all()
    assert (kl(spec, np.log(policy), np.log(policy)) == 0.0).all()


def ragged(seed: int, lengths: list[int]) -> Trajectories:
    draw = np.random.default_rng(seed)
    return Trajectories.of([
        Trajectory(
            draw.integers(5, size=length + 1), draw.integers(ACTIONS, size=length),
            draw.normal(size=length), terminated=True, truncated=False,
        )
        for length in lengths
    ])  # fmt: skip


@pytest.mark.parametrize("asked", [True, False])
def test_the_batches_an_evaluation_is_cut_into_do_not_matter(asked: bool) -> None:
    data = ragged(0, [3, 11, 1, 7, 7, 2])
    model = tabular_model(5, ACTIONS)
    returns = np.random.default_rng(1).normal(size=data.steps) if asked else None
    whole = distributions(model, data, returns)
    assert whole.shape == (data.steps, ACTIONS)
    assert np.exp(whole).sum(1) == pytest.approx(np.ones(data.steps), abs=1e-5)
    assert distributions(model, data, returns, steps_at_once=1) == pytest.approx(whole, abs=1e-5)
    for index in range(len(data)):
        steps = slice(data.starts[index], data.starts[index + 1])
        alone = distributions(
            model, data.slice(index, index + 1), None if returns is None else returns[steps]
        )
        assert alone == pytest.approx(whole[steps], abs=1e-5)


def tree() -> tuple[Trajectories, Any]:
    """Every trajectory of three actions with a chance event after each, and chance's share."""
    paths = list(itertools.product(itertools.product(range(ACTIONS), range(2)), repeat=DEPTH))
    trajectories, chances = [], []
    for path in paths:
        actions = [action for action, _ in path]
        states = [0] + [1 + 2 * action + luck for action, luck in path]
        trajectories.append(
            Trajectory(np.array(states), np.array(actions), np.zeros(DEPTH), True, False)
        )
        chances.append(math.prod(CHANCE[luck] for _, luck in path))
    return Trajectories.of(trajectories), np.array(chances)


def test_expected_per_step_kl_is_the_kl_of_whole_trajectories() -> None:
    data, chance = tree()
    policy, reference = (
        distributions(tabular_model(5, ACTIONS, seed=seed), data, None) for seed in (0, 1)
    )
    rows = np.arange(data.steps), data.actions
    taken, compared = (
        np.add.reduceat(each[rows], data.starts[:-1]) for each in (policy, reference)
    )
    probability = chance * np.exp(taken)
    assert probability.sum() == pytest.approx(1.0, abs=1e-5)
    exact = float((probability * (taken - compared)).sum())
    steps = kl(SPEC, policy, reference)
    per_step = float((probability * np.add.reduceat(steps, data.starts[:-1])).sum())
    assert exact > 0.3
    assert per_step == pytest.approx(exact, rel=1e-4)


def summed(values: Any, data: Trajectories) -> Any:
    return np.add.reduceat(values, data.starts[:-1])


def test_expected_log_ratios_are_the_kl_of_whole_trajectories_in_either_direction() -> None:
    data, chance = tree()
    models = [tabular_model(5, ACTIONS, seed=seed) for seed in (0, 1)]
    policy, reference = (distributions(each, data, None) for each in models)
    rows = np.arange(data.steps), data.actions
    ratio = log_ratio(SPEC, policy, reference, data.actions)
    assert ratio == pytest.approx(policy[rows] - reference[rows], abs=1e-12)
    probability = chance * np.exp(summed(policy[rows], data))
    per_step = float((probability * summed(kl(SPEC, policy, reference), data)).sum())
    assert float((probability * summed(ratio, data)).sum()) == pytest.approx(per_step, rel=1e-4)

    demonstrated = chance * np.exp(summed(reference[rows], data))
    forward = forward_log_ratio(models[0], models[1], SPEC, data)
    assert forward == pytest.approx(-summed(ratio, data), abs=1e-12)
    exact = float((demonstrated * summed(kl(SPEC, reference, policy), data)).sum())
    assert float((demonstrated * forward).sum()) == pytest.approx(exact, rel=1e-4)
    assert exact != pytest.approx(per_step, rel=0.05)


def test_continuous_divergences_are_the_mean_of_their_log_ratios() -> None:
    noise = torch.randn(2, 4, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    policy, reference = (0.3 * noise).repeat_interleave(100_000, 0).chunk(2)
    actions = sample(BOX, policy, torch.Generator().manual_seed(4)).float().numpy()
    exact = kl(BOX, policy.numpy(), reference.numpy())
    found = log_ratio(BOX, policy.numpy(), reference.numpy(), actions)
    assert exact.shape == found.shape == (100_000,)
    error = float(found.std()) / math.sqrt(len(found))
    assert found.mean() == pytest.approx(exact[0], abs=5 * error)
    assert exact[0] > 0.05


def test_what_is_not_known_is_not_measured() -> None:
    rows, actions = np.log(np.full((3, 2), 0.5)), np.zeros(3, np.int64)
    for acting, origin, before in ((None, rows, rows), (rows, None, rows), (rows, rows, None)):
        found = Divergences.of(SPEC, acting, origin, before, actions)
        known = acting is not None and origin is not None
        assert np.isnan(found.kl).all() != known
        assert np.isnan(found.log_ratio).all() != known
        assert np.isnan(found.kl_previous).all() != (acting is not None and before is not None)


def test_actions_that_a_target_left_out_diverge_by_a_finite_amount() -> None:
    policy = np.array([[0.0, -np.inf]])
    reference = np.log(np.array([[0.25, 0.75]]))
    assert kl(SPEC, policy, reference) == pytest.approx([math.log(4.0)])
    assert kl(SPEC, policy, policy) == pytest.approx([0.0])
    assert np.isposinf(kl(SPEC, reference, policy)).all()


def test_commands_say_what_is_done_unless_actions_are_weighed_or_left_out() -> None:
    said = [Unconditioned(), FixedReturn(1.0), Quantile(0.9), ExponentialTilt(1.0, per="step")]
    unsaid = [Quantile(0.9, per="step"), FactorisedTilt(1.0), SampledMaximum()]
    assert all(follows_commands(each) for each in said)
    assert not any(follows_commands(each) for each in unsaid)


@given(st.integers(0, 999), st.integers(1, 10), st.integers(2, 6))
def test_distances_are_symmetric_and_bounded_by_total_variation(
    seed: int, rows: int, actions: int
) -> None:
    draw = np.random.default_rng(seed)
    policy, reference = (draw.dirichlet(np.ones(actions), rows) for _ in range(2))
    p, q = np.log(policy), np.log(reference)
    variation = 0.5 * abs(policy - reference).sum(axis=1)
    middle = 0.5 * (policy + reference)
    parts = [(each * np.log(each / middle)).sum(axis=1) for each in (policy, reference)]
    assert jensen_shannon(p, q) == pytest.approx(0.5 * sum(parts), abs=1e-10)
    for distance in (jensen_shannon, hellinger):
        assert distance(p, q) == pytest.approx(distance(q, p), abs=1e-12)
        assert distance(p, p) == pytest.approx(np.zeros(rows), abs=1e-7)
    # Lin 1991; Gibbs and Su 2002.
    assert (jensen_shannon(p, q) <= np.log(2.0) * variation + 1e-12).all()
    assert (hellinger(p, q) ** 2 <= variation + 1e-12).all()
    assert (variation <= np.sqrt(2.0) * hellinger(p, q) + 1e-12).all()


def test_distances_of_what_shares_no_action_are_the_greatest() -> None:
    with np.errstate(divide="ignore"):
        p, q = np.log(np.array([[1.0, 0.0]])), np.log(np.array([[0.0, 1.0]]))
    assert jensen_shannon(p, q) == pytest.approx(np.log(2.0))
    assert hellinger(p, q) == pytest.approx(1.0)
