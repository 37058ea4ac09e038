"""Laws of action distributions: densities integrate, samples follow them, divergences agree."""

from __future__ import annotations

import math

import pytest
import torch

from driftline.models.action_distributions import (
    divergence,
    log_density,
    parameters_of,
    sample,
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
