"""Nominal ratios are those of the densities, and a stochastic world breaks them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from driftline.errors import DataError, SettingsError
from driftline.safety.density_ratio import BestOf, Nominal, RatioCheck, realised
from driftline.shapes import Floats
from tests.safety.trees import Tree


def log_ratios(draw: np.random.Generator, agent: Floats, reference: Floats, count: int) -> Floats:
    """Of trajectories drawn from the agent."""
    chosen = draw.choice(agent.size, count, p=agent.ravel() / agent.sum())
    return np.asarray(np.log(agent.ravel()[chosen] / reference.ravel()[chosen]))


@given(st.floats(0.01, 1.0))
def test_a_quantilizer_s_values_are_the_integrals_of_its_density(q: float) -> None:
    nominal = Nominal(q)
    # density 1/q on a share q of the reference
    assert q * nominal.ratio * math.log(nominal.ratio) == pytest.approx(nominal.kl)
    assert q * nominal.ratio**2 - 1 == pytest.approx(nominal.chi_squared)


@pytest.mark.parametrize("n", [1, 2, 5, 40])
def test_best_of_n_s_values_are_the_integrals_of_its_density(n: int) -> None:
    nominal = BestOf(n)

    def density(rank: float) -> float:
        return n * rank ** (n - 1)

    kl, _ = quad(lambda u: density(u) * math.log(density(u)) if u > 0 else 0.0, 0, 1)
    square, _ = quad(lambda u: density(u) ** 2, 0, 1)
    assert nominal.kl == pytest.approx(kl, abs=1e-7)
    assert nominal.chi_squared == pytest.approx(square - 1, abs=1e-7)
    assert nominal.ratio == density(1.0)


@pytest.mark.parametrize("q", [0.05, 0.3])
def test_conditioning_keeps_the_nominal_ratio_in_a_deterministic_world(q: float) -> None:
    draw = np.random.default_rng(0)
    tree = Tree.drawn(draw, actions=6, outcomes=1)
    agent = tree.conditioned(tree.best_share(q))
    assert agent == pytest.approx(tree.reference * tree.best_share(q) / q, abs=1e-12)
    check = RatioCheck(Nominal(q), realised(log_ratios(draw, agent, tree.reference, 3000)))
    assert not check.exceeded
    assert check.realised.ratio == pytest.approx(1 / q)
    assert check.realised.chi_squared.mean <= check.nominal.chi_squared + 1e-9


def test_conditioning_exceeds_the_nominal_ratio_in_a_stochastic_world() -> None:
    """Bad luck one time in ten; then only an action taken 1 time in 100 makes it good."""
    tree = Tree(
        first=np.array([[0.9, 0.1]]),
        second=np.ones((1, 2, 2, 1)),
        first_policy=np.array([1.0]),
        second_policy=np.array([[[0.01, 0.99], [0.01, 0.99]]]),
        returns=np.array([[[[1.0], [1.0]], [[1.0], [0.0]]]]),
    )
    agent = tree.conditioned((tree.returns > 0).astype(float))
    q = float(tree.reference[tree.returns > 0].sum())
    draw = np.random.default_rng(0)
    check = RatioCheck(Nominal(q), realised(log_ratios(draw, agent, tree.reference, 2000)))
    assert check.nominal.ratio == pytest.approx(1.11, abs=0.01)
    assert check.realised.ratio == pytest.approx(100)
    assert check.exceeded
    assert check.to_json()["exceeded"] is True
    assert check.realised.chi_squared.mean > 50 * check.nominal.chi_squared


def test_chi_squared_is_unbiased_and_its_error_honest() -> None:
    draw = np.random.default_rng(2)
    tree = Tree.drawn(draw, actions=3, outcomes=3)
    agent = tree.conditioned(np.exp(0.7 * tree.returns))
    exact = float((agent**2 / tree.reference).sum() - 1)
    found = [realised(log_ratios(draw, agent, tree.reference, 400)) for _ in range(300)]
    means = np.array([each.chi_squared.mean for each in found])
    assert abs(means.mean() - exact) < 4 * means.std() / math.sqrt(300)
    claimed = np.mean([each.chi_squared.standard_error for each in found])
    assert means.std() == pytest.approx(claimed, rel=0.15)
    highest = float((agent / tree.reference).max())
    assert max(each.ratio for each in found) <= highest + 1e-9


def test_a_heavy_tail_is_said_and_a_light_one_is_not() -> None:
    assert realised(np.zeros(10)).caution == ""
    heavy = realised(np.array([0.0] * 9 + [3.0]))
    assert heavy.heaviest_share == pytest.approx(math.exp(3) / (math.exp(3) + 9))
    assert heavy.caution.startswith("one of 10 episodes carries 69%")
    assert realised(np.array([0.0])).caution


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=30))
def test_the_ratio_bounds_the_chi_squared(logs: list[float]) -> None:
    found = realised(np.array(logs))
    assert found.chi_squared.mean <= found.ratio - 1 + 1e-9
    assert 1 / len(logs) - 1e-12 <= found.heaviest_share <= 1


def test_ratios_beyond_a_float_are_infinite() -> None:
    found = realised(np.array([1000.0, 0.0, np.nan]))
    assert found.ratio == found.chi_squared.mean == math.inf
    assert found.heaviest_share == 1
    assert realised(np.array([math.inf, 0.0])).heaviest_share == 1
    shown = RatioCheck(Nominal(0.5), found).to_json()
    assert shown["realised"]["ratio"] is None


def test_single_precision_does_not_count_as_exceeding() -> None:
    assert not RatioCheck(Nominal(0.1), realised(np.array([math.log(10) + 1e-5]))).exceeded
    assert RatioCheck(BestOf(10), realised(np.array([math.log(10.1)]))).exceeded


def test_what_has_no_meaning_is_refused() -> None:
    with pytest.raises(SettingsError, match="above 0"):
        Nominal(0.0)
    with pytest.raises(SettingsError, match="at least 1"):
        BestOf(0)
    with pytest.raises(DataError, match="no episode"):
        realised(np.array([np.nan]))
