"""Laws of action distributions: densities integrate, samples follow them, divergences agree."""

from __future__ import annotations

import math

import pytest
import torch

from driftline.models.action_distributions import (
    EDGE,
    LOG_DEVIATIONS,
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


def test_a_continuous_density_integrates_to_one_over_the_box() -> None:
    grid = torch.linspace(-2.0, 4.0, 40_001, dtype=torch.float64)[1:-1, None]
    density = log_density(LINE, drawn(LINE).expand(len(grid), 2), grid).exp()
    assert float(density.sum() * 6.0 / 40_000) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("spec", [LINE, BOX, FIVE])
def test_the_divergence_is_the_mean_log_ratio_of_samples(
    spec: ContinuousActionSpec | DiscreteActionSpec,
) -> None:
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


@pytest.mark.parametrize("spec", [LINE, BOX, FIVE])
@pytest.mark.parametrize("seed", [3, 4])
def test_the_entropy_is_minus_the_mean_log_density_of_samples(
    spec: ContinuousActionSpec | DiscreteActionSpec, seed: int
) -> None:
    noise = torch.randn(parameters_of(spec), generator=seeded(seed), dtype=torch.float64)
    row = noise.log_softmax(-1) if isinstance(spec, DiscreteActionSpec) else 0.2 * noise
    many = row.expand(200_000, -1)
    found = -log_density(spec, many, sample(spec, many, seeded(5)))
    error = 5 * float(found.std()) / math.sqrt(2e5)
    assert float(entropy(spec, row)) == pytest.approx(float(found.mean()), abs=error)


def test_impossible_actions_have_no_share_in_the_entropy() -> None:
    row = torch.tensor([0.5, 0.5, 0.0]).log()
    assert float(entropy(DiscreteActionSpec(3), row)) == pytest.approx(math.log(2.0))


def test_half_of_the_actions_lie_below_the_typical_one_in_every_dimension() -> None:
    row = drawn(BOX)
    found = sample(BOX, row.expand(40_000, -1), seeded())
    below = (found < typical(BOX, row)).double().mean(0)
    assert torch.allclose(below, torch.full((2,), 0.5, dtype=torch.float64), atol=0.01)
    assert typical(FIVE, torch.tensor([0.1, 0.2, 0.4, 0.2, 0.1]).log()) == 2


@pytest.mark.parametrize("spec", [LINE, BOX])
def test_a_head_can_say_anything_and_stays_within_bounds(spec: ContinuousActionSpec) -> None:
    outputs = torch.tensor([-1e4, -50.0, 0.0, 50.0, 1e4]).repeat(parameters_of(spec), 1).T
    outputs.requires_grad_()
    mean, log_deviation = from_head(spec, outputs).chunk(2, dim=-1)
    low, high = LOG_DEVIATIONS
    assert ((log_deviation >= low) & (log_deviation <= high)).all()
    assert (mean.abs() <= 5.0).all()
    assert 1.0 - math.tanh(5.0) < EDGE
    log_density(
        spec, from_head(spec, outputs), typical(spec, from_head(spec, outputs))
    ).sum().backward()
    assert torch.isfinite(outputs.grad).all()


def test_a_head_says_what_it_means_where_it_is_moderate() -> None:
    outputs = torch.tensor([0.7, -1.0])
    assert torch.allclose(from_head(LINE, outputs), outputs, atol=0.06)
    assert from_head(FIVE, torch.zeros(5)).exp().tolist() == pytest.approx([0.2] * 5)


def test_the_largest_deviations_reach_both_edges_and_never_pass_them() -> None:
    spec = ContinuousActionSpec((-0.1, -0.4), (0.7, 0.3))
    found = sample(spec, torch.tensor([0.0, 0.0, 3.0, 3.0]).expand(20_000, 4), seeded())
    low, high = torch.tensor(spec.low), torch.tensor(spec.high)
    assert ((found >= low) & (found <= high)).all()
    assert torch.allclose(found.amin(0), low)
    assert torch.allclose(found.amax(0), high)
