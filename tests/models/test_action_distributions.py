"""Laws of action distributions: densities integrate, samples follow them, divergences agree."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from driftline.models.action_distributions import (
    LOG_DEVIATIONS,
    Family,
    Squashed,
    divergence,
    entropy,
    from_head,
    log_density,
    parameters_of,
    sample,
    typical,
)
from driftline.spaces.specs import ContinuousActionSpec, DiscreteActionSpec

BOX = ContinuousActionSpec((-1.0, 0.0), (1.0, 5.0))
LINE = ContinuousActionSpec((-2.0,), (4.0,))
FIVE = DiscreteActionSpec(5)
TANH, TANH_LINE = Squashed(BOX), Squashed(LINE)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def drawn(spec: ContinuousActionSpec, seed: int = 1) -> torch.Tensor:
    return 0.5 * torch.randn(parameters_of(spec), generator=seeded(seed), dtype=torch.float64)


def test_sampling_inverts_the_cumulative_distribution() -> None:
    wanted = torch.tensor([0.0, 0.2, 0.0, 0.5, 0.3])
    found = sample(FIVE, wanted.log().expand(40_000, 5), seeded())
    share = torch.bincount(found, minlength=5) / len(found)
    assert torch.allclose(share, wanted, atol=0.01)
    assert share[0] == share[2] == 0


def test_samples_stay_inside_the_box_and_have_the_shape_asked_for() -> None:
    found = sample(BOX, (3.0 * drawn(BOX)).expand(7, 50, 4), seeded())
    assert found.shape == (7, 50, 2)
    assert ((found >= torch.tensor(BOX.low)) & (found <= torch.tensor(BOX.high))).all()


def test_a_continuous_density_and_its_edges_sum_to_one() -> None:
    grid = torch.linspace(-2.0, 4.0, 40_001, dtype=torch.float64)[:, None]
    density = log_density(LINE, drawn(LINE).expand(len(grid), 2), grid).exp()
    edges = float(density[0] + density[-1])
    assert 0.01 < edges < 0.9
    assert edges + float(density[1:-1].sum() * 6.0 / 40_000) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_the_share_of_samples_on_an_edge_is_its_probability(seed: int) -> None:
    row = drawn(LINE, seed)
    found = sample(LINE, row.expand(200_000, -1), seeded(4))[:, 0]
    for edge in (-2.0, 4.0):
        share = float(log_density(LINE, row, torch.tensor([edge], dtype=torch.float64)).exp())
        assert float((found == edge).double().mean()) == pytest.approx(share, abs=0.006)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_recorded_in_any_precision_an_edge_is_an_edge(kind: type) -> None:
    spec = ContinuousActionSpec((-0.1, -0.4), (0.7, 0.3))
    row = torch.tensor([0.3, -0.2, -0.5, -0.7], dtype=torch.float64)
    for ends in (spec.low, spec.high):
        exact = log_density(spec, row, torch.tensor(ends, dtype=torch.float64))
        rounded = torch.from_numpy(np.array(ends, kind))
        assert float(log_density(spec, row, rounded)) == pytest.approx(float(exact), abs=1e-6)


def numeric(row: torch.Tensor, other: torch.Tensor) -> float:
    """KL of two clipped Gaussians on a line, by summing over a grid and both edges."""
    grid = torch.linspace(-2.0, 4.0, 200_001, dtype=torch.float64)[:, None]
    logs = [log_density(LINE, each.expand(len(grid), 2), grid) for each in (row, other)]
    terms = logs[0].exp() * (logs[0] - logs[1])
    return float(terms[0] + terms[-1] + terms[1:-1].sum() * 6.0 / 200_000)


@pytest.mark.parametrize(
    ("row", "other"),
    [
        ((0.2, -1.0), (-0.4, -0.5)),
        ((3.0, -1.0), (2.0, -0.5)),
        ((-3.0, 0.0), (0.0, 1.0)),
        ((0.9, -3.0), (1.1, -3.0)),
        ((-4.0, -2.0), (-4.5, -2.0)),
        ((0.0, 2.0), (0.5, -0.5)),
    ],
)
def test_the_divergence_is_that_of_what_can_be_told_apart(row: Any, other: Any) -> None:
    """Beyond an edge nothing can: the Gaussians themselves are further apart."""
    mine, theirs = (torch.tensor(each, dtype=torch.float64) for each in (row, other))
    found = float(divergence(LINE, mine, theirs))
    assert found == pytest.approx(numeric(mine, theirs), rel=1e-3, abs=1e-5)
    gaussians = [torch.distributions.Normal(each[0], each[1].exp()) for each in (mine, theirs)]
    assert -1e-12 < found <= float(torch.distributions.kl_divergence(*gaussians)) + 1e-9
    single = divergence(LINE, mine.float(), theirs.float())
    assert float(single) == pytest.approx(found, rel=1e-3, abs=1e-5)


def test_gradients_of_the_divergence_are_finite_however_far_beyond_the_edge() -> None:
    rows = torch.tensor([[5.0, -5.0], [-5.0, -5.0], [0.0, -5.0], [5.0, 2.0]], requires_grad=True)
    for other in rows.detach():
        divergence(LINE, rows, other.expand_as(rows)).sum().backward()
        assert torch.isfinite(rows.grad).all()
        log_density(LINE, rows, torch.tensor([[-2.0], [4.0], [1.0], [4.0]])).sum().backward()
        assert torch.isfinite(rows.grad).all()


@pytest.mark.parametrize("spec", [LINE, BOX, FIVE, TANH])
def test_the_divergence_is_the_mean_log_ratio_of_samples(spec: Family) -> None:
    noise = torch.randn(2, parameters_of(spec), generator=seeded(3), dtype=torch.float64)
    rows = noise.log_softmax(-1) if isinstance(spec, DiscreteActionSpec) else 0.4 * noise
    policy, reference = (each.expand(200_000, -1) for each in rows)
    found = sample(spec, policy, seeded(4))
    ratio = log_density(spec, policy, found) - log_density(spec, reference, found)
    exact = float(divergence(spec, policy[:1], reference[:1]))
    assert float(ratio.mean()) == pytest.approx(exact, abs=5 * float(ratio.std()) / math.sqrt(2e5))
    assert exact > 0.01
    assert float(divergence(spec, policy[:1], policy[:1])) == pytest.approx(0.0, abs=1e-12)


def test_an_action_that_the_policy_never_takes_adds_nothing_to_its_divergence() -> None:
    policy = torch.tensor([[1.0, 0.0]]).log()
    assert float(divergence(DiscreteActionSpec(2), policy, policy)) == 0.0


@pytest.mark.parametrize("spec", [LINE, BOX, FIVE, TANH])
@pytest.mark.parametrize("seed", [3, 4])
def test_the_entropy_is_minus_the_mean_log_density_of_samples(spec: Family, seed: int) -> None:
    noise = torch.randn(parameters_of(spec), generator=seeded(seed), dtype=torch.float64)
    row = noise.log_softmax(-1) if isinstance(spec, DiscreteActionSpec) else 0.4 * noise
    many = row.expand(200_000, -1)
    found = -log_density(spec, many, sample(spec, many, seeded(5)))
    error = 5 * float(found.std()) / math.sqrt(2e5)
    assert float(entropy(spec, row)) == pytest.approx(float(found.mean()), abs=error)


def test_impossible_actions_have_no_share_in_the_entropy() -> None:
    row = torch.tensor([0.5, 0.5, 0.0]).log()
    assert float(entropy(DiscreteActionSpec(3), row)) == pytest.approx(math.log(2.0))


@pytest.mark.parametrize("family", [BOX, TANH])
def test_half_of_the_actions_lie_below_the_typical_one_in_every_dimension(family: Family) -> None:
    row = drawn(BOX)
    found = sample(family, row.expand(40_000, -1), seeded())
    below = (found < typical(family, row)).double().mean(0)
    assert torch.allclose(below, torch.full((2,), 0.5, dtype=torch.float64), atol=0.01)


def test_the_typical_action_of_a_certain_policy_is_where_it_acts() -> None:
    beyond = torch.tensor([3.0, -3.0, 0.0, 0.0])
    assert typical(BOX, beyond).tolist() == [BOX.high[0], BOX.low[1]]
    assert typical(FIVE, torch.tensor([0.1, 0.2, 0.4, 0.2, 0.1]).log()) == 2


@pytest.mark.parametrize("spec", [LINE, BOX, TANH, TANH_LINE])
def test_a_head_can_say_anything_and_stays_within_bounds(spec: Family) -> None:
    outputs = torch.tensor([-1e4, -50.0, 0.0, 50.0, 1e4]).repeat(parameters_of(spec), 1).T
    outputs.requires_grad_()
    mean, log_deviation = from_head(spec, outputs).chunk(2, dim=-1)
    low, high = LOG_DEVIATIONS
    assert ((log_deviation >= low) & (log_deviation <= high)).all()
    assert (mean.abs() <= 5.0).all()
    log_density(
        spec, from_head(spec, outputs), typical(spec, from_head(spec, outputs))
    ).sum().backward()
    assert torch.isfinite(outputs.grad).all()


def test_a_head_says_what_it_means_where_it_is_moderate() -> None:
    outputs = torch.tensor([0.7, -1.0])
    assert torch.allclose(from_head(LINE, outputs), outputs, atol=0.06)
    assert from_head(FIVE, torch.zeros(5)).exp().tolist() == pytest.approx([0.2] * 5)


def test_samples_reach_both_edges_and_never_pass_them() -> None:
    spec = ContinuousActionSpec((-0.1, -0.4), (0.7, 0.3))
    found = sample(spec, torch.tensor([0.0, 0.0, 2.0, 2.0]).expand(20_000, 4), seeded())
    low, high = torch.tensor(spec.low), torch.tensor(spec.high)
    assert ((found >= low) & (found <= high)).all()
    assert (found.amin(0) == low).all()
    assert (found.amax(0) == high).all()


@pytest.mark.parametrize("row", [(0.3, -0.5), (-2.0, 0.5), (0.0, 0.6)])
def test_a_squashed_density_sums_to_one_and_has_its_entropy(row: tuple[float, float]) -> None:
    before = torch.linspace(-14.0, 14.0, 400_001, dtype=torch.float64)
    parameters = torch.tensor(row, dtype=torch.float64)
    inside = before[before.abs() < 7.0]
    actions = 1.0 + 3.0 * torch.tanh(inside)[:, None]
    slopes = 3.0 * (1.0 - torch.tanh(inside).square())
    logs = log_density(TANH_LINE, parameters.expand(len(inside), 2), actions)
    weights = logs.exp() * slopes * (28.0 / 400_000)
    assert float(weights.sum()) == pytest.approx(1.0, abs=2e-3)
    assert float(entropy(TANH_LINE, parameters)) == pytest.approx(
        -float((weights * logs).sum()), abs=2e-2
    )


def test_what_tanh_squashes_is_as_far_apart_as_before() -> None:
    rows = torch.tensor([[0.2, -1.0], [-0.4, -0.5]], dtype=torch.float64)
    gaussians = [torch.distributions.Normal(each[0], each[1].exp()) for each in rows]
    expected = float(torch.distributions.kl_divergence(*gaussians))
    assert float(divergence(TANH_LINE, *rows)) == pytest.approx(expected)


def test_an_action_on_the_edge_is_unlikely_and_no_infinity() -> None:
    row, edge = torch.zeros(2, requires_grad=True), torch.tensor([4.0])
    found = log_density(TANH_LINE, row, edge)
    found.backward()
    assert -40.0 < float(found.detach()) < 0.0
    assert torch.isfinite(row.grad).all()
