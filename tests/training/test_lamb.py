"""Lamb, against its equations written out for one layer at a time."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from driftline.training.checkpoint import load_optimiser, optimiser_tensors
from driftline.training.lamb import LARGEST, Lamb

SHAPES = [(4, 3), (5,), (2, 2, 2)]
SETTINGS = {"lr": 0.05, "betas": (0.8, 0.95), "eps": 1e-6, "weight_decay": 0.1}


def weights(scale: float = 1.0) -> list[torch.nn.Parameter]:
    draw = torch.Generator().manual_seed(0)
    return [torch.nn.Parameter(scale * torch.randn(shape, generator=draw)) for shape in SHAPES]


def gradients(step: int) -> list[torch.Tensor]:
    draw = torch.Generator().manual_seed(1 + step)
    return [torch.randn(shape, generator=draw) for shape in SHAPES]


def descended(optimiser: Lamb, parameters: list[torch.nn.Parameter], steps: range) -> None:
    for step in steps:
        for parameter, gradient in zip(parameters, gradients(step), strict=True):
            parameter.grad = gradient
        optimiser.step()


def written_out(scale: float, steps: int, debias: bool) -> list[np.ndarray]:
    """The same in numpy, double precision, one layer after the other."""
    (slow, slower), lr = SETTINGS["betas"], SETTINGS["lr"]
    out = []
    for index, start in enumerate(weights(scale)):
        w = start.detach().double().numpy().copy()
        m, v = np.zeros_like(w), np.zeros_like(w)
        for step in range(steps):
            g = gradients(step)[index].double().numpy()
            m, v = slow * m + (1 - slow) * g, slower * v + (1 - slower) * g * g
            mean, square = m, v
            if debias:
                mean, square = m / (1 - slow ** (step + 1)), v / (1 - slower ** (step + 1))
            r = mean / (np.sqrt(square) + SETTINGS["eps"]) + SETTINGS["weight_decay"] * w
            w = w - lr * min(np.linalg.norm(w), LARGEST) / np.linalg.norm(r) * r
        out.append(w)
    return out


@pytest.mark.parametrize("debias", [False, True])
@pytest.mark.parametrize("scale", [1.0, 20.0])
def test_it_follows_its_equations(scale: float, debias: bool) -> None:
    parameters = weights(scale)
    descended(Lamb(parameters, **SETTINGS, debias=debias), parameters, range(6))
    for found, expected in zip(parameters, written_out(scale, 6, debias), strict=True):
        assert found.detach().numpy() == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_weights_that_are_nothing_still_move() -> None:
    parameter = torch.nn.Parameter(torch.zeros(3))
    parameter.grad = torch.ones(3)
    Lamb([parameter], lr=0.1).step()
    assert (parameter < 0.0).all()


def test_a_layer_without_a_gradient_stays_and_keeps_no_state() -> None:
    parameters = weights()
    before = parameters[1].detach().clone()
    parameters[0].grad = torch.ones(SHAPES[0])
    optimiser = Lamb(parameters, **SETTINGS)
    optimiser.step()
    assert torch.equal(parameters[1], before)
    assert len(optimiser.state) == 1


def test_it_goes_on_from_a_checkpoint_bit_for_bit() -> None:
    whole = weights()
    descended(Lamb(whole, **SETTINGS), whole, range(6))
    parameters = weights()
    first = Lamb(parameters, **SETTINGS)
    descended(first, parameters, range(3))
    second = Lamb(parameters, **SETTINGS)
    load_optimiser(second, *optimiser_tensors(first))
    descended(second, parameters, range(3, 6))
    for found, expected in zip(parameters, whole, strict=True):
        assert torch.equal(found, expected)
