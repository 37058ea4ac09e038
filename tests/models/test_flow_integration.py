"""Laws of the flow: orders of the solvers, straight paths, the exact field of two modes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import norm

from driftline.models.flow_integration import Solver, carried, straight_paths


def growth_error(steps: int, solver: Solver) -> float:
    """The error of dx/dt = x + t from 1, which ends at 2 e - 2."""
    end = carried(lambda x, t: x + t, torch.ones(1, 1, dtype=torch.float64), steps, solver)
    return abs(end.item() - (2 * math.e - 2))


@pytest.mark.parametrize(("solver", "order"), [("euler", 1), ("midpoint", 2)])
def test_the_error_falls_with_the_order_of_the_solver(solver: Solver, order: int) -> None:
    ratio = growth_error(40, solver) / growth_error(80, solver)
    assert ratio == pytest.approx(2.0**order, rel=0.05)


@pytest.mark.parametrize("deviation", [0.3, 0.1, 0.03, 0.01])
def test_ten_steps_along_the_exact_field_reproduce_two_modes(deviation: float) -> None:
    """v(x, t) = E[x_1 - x_0 | x_t = x] of .7 N(-.5, s) + .3 N(.5, s) from normal noise."""
    means, weights = torch.tensor([-0.5, 0.5]).double(), torch.tensor([0.7, 0.3]).double()

    def velocity(points: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
        variance = (1 - time) ** 2 + (time * deviation) ** 2
        gap = points - time * means
        mode = torch.softmax(weights.log() - gap.square() / (2 * variance), dim=-1)
        data, noise = means + time * deviation**2 * gap / variance, (1 - time) * gap / variance
        return (mode * (data - noise)).sum(-1, keepdim=True)

    count = 20_000
    noise = torch.from_numpy(norm.ppf((np.arange(count) + 0.5) / count)).unsqueeze(1)
    found = carried(velocity, noise, 10, "midpoint").flatten().numpy()
    edges = np.concatenate([[-np.inf], np.linspace(-1, 1, 26), [np.inf]])
    cumulative = norm.cdf(edges[:, None], means.numpy(), deviation) @ weights.numpy()
    share = np.histogram(found, edges)[0] / count
    assert 0.5 * np.abs(share - np.diff(cumulative)).sum() < 0.012


def test_paths_are_straight_and_their_times_spread_evenly() -> None:
    data = torch.full((64, 3), 5.0)
    points, times, velocities = straight_paths(data, torch.Generator().manual_seed(0))
    assert torch.allclose(points + (1 - times) * velocities, data, atol=1e-5)
    noise = points - times * velocities
    assert noise.mean().abs() < 0.3
    assert noise.std() == pytest.approx(1.0, abs=0.15)
    slots = (times.flatten() * 64).long()
    assert sorted(slots.tolist()) == list(range(64))
    assert slots.tolist() != sorted(slots.tolist())
