"""Laws of targets: exact shares, coverage, ranks, tilts and what bounds them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from driftline.conditioning.best_of_n import BestOfN
from driftline.conditioning.exponential_tilt import (
    ExponentialTilt,
    TiltBoundedWarning,
    bounded,
    effective,
    mgdt_paper,
)
from driftline.conditioning.factorised_tilt import FactorisedTilt
from driftline.conditioning.fixed import FixedReturn
from driftline.conditioning.policies import best_actions, factorised, resampled, return_weights
from driftline.conditioning.quantile import Quantile
from driftline.conditioning.reference import Recent, Reference
from driftline.conditioning.sampled_maximum import SampledMaximum, mgdt_colab
from driftline.conditioning.target import Target, Unconditioned, command, manner, pool
from driftline.errors import TargetError
from driftline.seeding import generator

discrete_returns = st.lists(st.integers(0, 4).map(float), min_size=1, max_size=30)
shares = st.floats(0.01, 1.0)
ranked = st.one_of(st.floats(0.0, 0.99).map(Quantile), st.integers(1, 40).map(BestOfN))


def weighted(returns: list[float], seed: int) -> Reference:
    return Reference.of(
        np.array(returns), generator(seed, "weights").uniform(0.1, 1.0, len(returns))
    )


@given(discrete_returns, shares, st.integers(0, 99))
def test_the_tail_is_exactly_the_best_share(returns: Any, share: float, seed: int) -> None:
    reference = weighted(returns, seed)
    target = Quantile(1.0 - share)
    tail = reference.reweighted(target.density_ratio)
    ratio = tail / reference.weights
    assert tail.sum() == pytest.approx(1.0)
    assert ratio.max() <= 1.0 / target.share + 1e-6
    inside = reference.returns[tail > 1e-12]
    below = reference.returns[ratio < 1.0 / target.share - 1e-6]
    # Everything above the threshold enters whole; only the threshold's atom is split.
    assert len(below) == 0 or below.max() <= inside.min()


@given(shares)
def test_without_a_split_atom_kl_and_chi_squared_are_the_quantilizer_s(share: float) -> None:
    count = 400
    kept = max(1, round(share * count))
    reference = Reference.of(np.arange(count, dtype=float))
    tail = reference.reweighted(Quantile(1.0 - kept / count).density_ratio)
    inside = tail > 1e-12
    ratio = tail[inside] / reference.weights[inside]
    assert np.sum(tail[inside] * np.log(ratio)) == pytest.approx(np.log(count / kept), abs=1e-6)
    assert np.sum(tail[inside] * ratio) - 1 == pytest.approx(count / kept - 1, rel=1e-6, abs=1e-6)


@given(discrete_returns, st.integers(1, 6), st.integers(0, 99))
def test_the_best_of_n_is_what_the_largest_of_n_draws_is(returns: Any, n: int, seed: int) -> None:
    reference = weighted(returns, seed)
    draw = generator(seed, "draws")
    drawn = draw.choice(reference.returns, size=(4000, n), p=reference.weights).max(axis=1)
    expected = reference.reweighted(BestOfN(n).density_ratio)
    found = np.array([(drawn == value).mean() for value in reference.returns])
    assert np.abs(found - expected).max() < 5 * math.sqrt(0.25 / 4000)


def test_the_best_of_n_is_as_far_away_as_its_formula_says() -> None:
    returns = np.arange(100_000.0)
    for n in (2, 8, 64):
        tail = Reference.of(returns).reweighted(BestOfN(n).density_ratio)
        divergence = tail @ np.log(np.maximum(tail * len(returns), 1e-300))
        assert divergence == pytest.approx(math.log(n) - (n - 1) / n, rel=0.001)


@given(ranked, discrete_returns, st.integers(0, 99), st.floats(0.0, 3.0))
def test_weights_for_every_step_are_the_ratios_of_the_ranked_returns(
    target: Any, returns: Any, seed: int, received: float
) -> None:
    """What was received and what is still to come count together."""
    reference = weighted(returns, seed)
    values = reference.returns - received
    logs = return_weights(target, reference, values, 0.0, np.array([received]))
    ratio = reference.reweighted(target.density_ratio) / reference.weights
    np.testing.assert_allclose(np.exp(logs[0]), ratio, atol=1e-9)


@given(ranked, st.integers(0, 99))
def test_bins_weigh_what_the_reference_has_within_them(target: Any, seed: int) -> None:
    """Summed over bins that cover everything, the weighted mass of the reference is 1."""
    reference = Reference.of(generator(seed, "returns").normal(size=300))
    values = np.linspace(-6.0, 6.0, 25)
    logs = return_weights(target, reference, values, 0.5, np.zeros(1))
    edges = np.append(values - 0.25, 6.25)[None]
    mass = np.diff(reference.mass_below(edges), axis=1)
    assert float((mass * np.exp(logs))[mass > 0].sum()) == pytest.approx(1.0)


def test_a_reference_of_bins_spreads_their_mass_evenly() -> None:
    reference = Reference(np.array([1.0, 2.0]), np.array([[0.5, 0.5], [1.0, 0.0]]), width=1.0)
    found = reference.mass_below(np.array([[0.5, 1.0, 2.0], [0.5, 1.0, 9.0]]))
    np.testing.assert_allclose(found, [[0.0, 0.25, 0.75], [0.0, 0.5, 1.0]])


def test_a_draw_from_bins_lies_anywhere_in_its_bin() -> None:
    reference = Reference(np.array([1.0, 3.0]), np.array([0.25, 0.75]), width=2.0)
    drawn = reference.draw(reference.weights, 20_000, generator(0, "draws"))
    assert np.histogram(drawn, 8, (0.0, 4.0))[0] / 20_000 == pytest.approx(
        [0.0625] * 4 + [0.1875] * 4, abs=0.015
    )


def test_tail_draws_follow_the_tail() -> None:
    reference = Reference.of(np.array([1.0, 2.0, 2.0, 3.0]))
    asked = command(Quantile(0.5), reference, 20000, generator(0, "draws"))
    assert asked is not None
    assert set(asked.tolist()) == {2.0, 3.0}
    assert float((asked == 3.0).mean()) == pytest.approx(0.5, abs=0.02)


def test_every_episode_may_have_a_reference_of_its_own() -> None:
    each = np.array([[1.0, 0.0], [0.0, 1.0]])
    reference = Reference(np.array([3.0, 7.0]), each)
    for target in (Quantile(0.5), Quantile(0.5, "point"), BestOfN(3), ExponentialTilt(1.0)):
        asked = command(target, reference, 2, generator(0, "draws"))
        np.testing.assert_array_equal(asked, [3.0, 7.0])


@pytest.mark.parametrize(("level", "value"), [(0.0, 1.0), (0.25, 1.0), (0.26, 2.0), (0.9, 4.0)])
def test_the_point_is_the_weighted_quantile(level: float, value: float) -> None:
    reference = Reference.of(np.array([4.0, 3.0, 2.0, 1.0]))
    asked = command(Quantile(level, "point"), reference, 3, generator(0, "x"))
    np.testing.assert_array_equal(asked, np.full(3, value))


@given(discrete_returns, st.floats(0.0, 5.0), st.integers(0, 99))
def test_a_tilt_makes_returns_exponentially_likelier(returns: Any, beta: float, seed: int) -> None:
    reference = weighted(returns, seed)
    tilted = reference.tilted(beta)
    logs = np.log(tilted / reference.weights) - beta * reference.returns
    np.testing.assert_allclose(logs, logs[0], atol=1e-6)
    assert tilted.sum() == pytest.approx(1.0)


@given(st.floats(0.01, 20.0), st.integers(0, 99))
def test_a_tilt_is_bounded_where_too_few_returns_would_carry_it(beta: float, seed: int) -> None:
    returns = np.concatenate([generator(seed, "returns").normal(size=200), np.zeros(50)])
    reference = Reference.of(returns)
    kish = np.exp(beta * returns).sum() ** 2 / np.exp(2 * beta * returns).sum()
    assert effective(reference, beta) == pytest.approx(kish)
    if kish >= 30:
        assert bounded(beta, reference, 30.0) == beta
        return
    with pytest.warns(TiltBoundedWarning, match="30 and is used instead"):
        used = bounded(beta, reference, 30.0)
    assert used < beta
    assert effective(reference, used) == pytest.approx(30.0)


def test_a_tilt_of_too_few_returns_is_refused() -> None:
    with pytest.raises(TargetError, match="rests on 12 returns and a tilt needs 30"):
        bounded(1.0, Reference.of(np.arange(12.0)), 30.0)
    assert bounded(1.0, Reference.of(np.arange(12.0)), 0.0) == 1.0


def test_the_paper_s_tilt_counts_in_ranges_of_the_head() -> None:
    values, expected = np.array([-5.0, 0.0, 15.0]), np.array([[0.2, 0.5, 0.3]])
    found = resampled(mgdt_paper(10.0), Reference.of(np.zeros(1)), values, expected)
    wanted = expected[0] * np.exp(10.0 * (values + 5.0) / 20.0)
    np.testing.assert_allclose(found[0], wanted / wanted.sum())


def test_the_released_rule_takes_the_largest_of_warmed_samples() -> None:
    expected = np.array([[0.7, 0.2, 0.1]])
    found = resampled(mgdt_colab(n=5), Reference.of(np.zeros(1)), np.arange(3.0), expected)
    warmed = expected[0] ** 0.75 / (expected[0] ** 0.75).sum()
    drawn = generator(0, "draws").choice(3, size=(40_000, 5), p=warmed).max(axis=1)
    np.testing.assert_allclose(found[0], np.bincount(drawn) / 40_000, atol=0.01)


@given(st.integers(2, 9), st.floats(0.0, 99.0), st.integers(0, 99))
def test_of_the_actions_the_better_ones_are_kept_in_proportion(
    count: int, top: float, seed: int
) -> None:
    policy = torch.from_numpy(generator(seed, "policy").dirichlet(np.ones(count)))
    kept = best_actions(policy.log(), top).exp()
    assert float(kept.sum()) == pytest.approx(1.0)
    inside = kept > 0
    assert int(inside.sum()) >= 1
    assert float(policy[inside].min()) >= float(policy[~inside].max() if (~inside).any() else 0.0)
    np.testing.assert_allclose(kept[inside] / policy[inside], (kept / policy).max(), rtol=1e-9)


def test_a_tail_that_cannot_be_reached_any_more_leaves_the_demonstrator() -> None:
    policy = torch.tensor([[0.25, 0.75]], dtype=torch.float64).log()
    returns = torch.tensor([[[1.0, 0.0], [1.0, 0.0]]], dtype=torch.float64).log()
    lost = torch.tensor([[-torch.inf, 0.0]], dtype=torch.float64)
    assert torch.equal(factorised(policy, returns, lost), policy)


def test_a_return_outside_the_data_is_refused_unless_asked_for() -> None:
    reference = Reference.of(np.array([1.0, 2.0]))
    with pytest.raises(TargetError, match=r"outside the data's range 1 to 2.*extrapolate=True"):
        command(FixedReturn(3.0), reference, 1, generator(0, "x"))
    assert command(FixedReturn(3.0, extrapolate=True), reference, 1, generator(0, "x")) == [3.0]


def test_weightless_returns_are_no_support() -> None:
    reference = Reference.of(np.array([1.0, 9.0]), np.array([1.0, 0.0]))
    with pytest.raises(TargetError):
        command(FixedReturn(9.0), reference, 1, generator(0, "x"))


@pytest.mark.parametrize(
    ("target", "acts"),
    [
        (Unconditioned(), "unasked"),
        (FixedReturn(1.0), "asked"),
        (Quantile(0.5), "asked"),
        (Quantile(0.5, per="step"), "factorised"),
        (BestOfN(4), "asked"),
        (BestOfN(4, per="step"), "factorised"),
        (ExponentialTilt(1.0), "asked"),
        (ExponentialTilt(1.0, per="step"), "resampled"),
        (SampledMaximum(), "resampled"),
        (FactorisedTilt(1.0, backup="control"), "factorised"),
    ],
)
def test_what_is_asked_at_the_start_is_what_the_manner_says(target: Target, acts: str) -> None:
    reference = Reference.of(np.linspace(0.0, 2.0, 101))
    assert manner(target) == acts
    asked = command(target, reference, 3, generator(0, "x"))
    assert (asked is not None) == (acts == "asked")


def test_the_reference_is_the_target_s_own_choice() -> None:
    assert pool(Quantile(0.5, reference=Recent(3))) == Recent(3)
    assert pool(FactorisedTilt(1.0, reference="demonstrations")) == "demonstrations"
    assert pool(Unconditioned()) == "mixture"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Quantile(1.0), "lies in"),
        (lambda: Quantile(0.5, "point", "step"), "keeps a whole tail"),
        (lambda: BestOfN(0), "n of at least 1"),
        (lambda: ExponentialTilt(-1.0), "finite beta of at least 0"),
        (lambda: ExponentialTilt(1.0, unit="range"), 'per="step"'),
        (lambda: FactorisedTilt(math.inf), "finite beta"),
        (lambda: FactorisedTilt(1.0, candidates=1), "at least 2 candidate"),
        (lambda: SampledMaximum(top_percent=100.0), "top_percent in"),
        (lambda: Recent(0), "at least 1 round"),
        (lambda: Reference.of(np.zeros(0)), "at least 1"),
    ],
)
def test_bad_targets_say_what_is_needed(make: Any, message: str) -> None:
    with pytest.raises(TargetError, match=message):
        make()
