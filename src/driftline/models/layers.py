"""Layers and tables of parameters drawn from a generator that is given.

Knows no architecture. Torch's own constructors draw from the global generator,
so layers are made empty and filled here.
"""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn
from torch.nn.utils import skip_init

Layer = TypeVar("Layer", nn.Linear, nn.Conv2d)


def linear(
    inputs: int, outputs: int, generator: torch.Generator, gain: float = 1.0, bias: bool = True
) -> nn.Linear:
    """A linear layer with weights of deviation ``gain / sqrt(inputs)`` and zero biases."""
    layer: nn.Linear = skip_init(nn.Linear, inputs, outputs, bias=bias)
    return filled(layer, generator, gain * inputs**-0.5)


def uniform_linear(inputs: int, outputs: int, generator: torch.Generator) -> nn.Linear:
    """A linear layer as torch begins it: weights and biases within ``1 / sqrt(inputs)``.

    What a norm reads has to have biases: of ``weight * x`` it leaves the sign of x and no more.
    """
    layer: nn.Linear = skip_init(nn.Linear, inputs, outputs)
    with torch.no_grad():
        for each in (layer.weight, layer.bias):
            each.uniform_(-(inputs**-0.5), inputs**-0.5, generator=generator)
    return layer


def filled(layer: Layer, generator: torch.Generator, deviation: float) -> Layer:
    """``layer`` with normal weights of the given deviation and zero biases."""
    with torch.no_grad():
        layer.weight.normal_(0.0, deviation, generator=generator)
        if layer.bias is not None:
            layer.bias.zero_()
    return layer


def table(rows: int, width: int, generator: torch.Generator, deviation: float) -> nn.Parameter:
    """``[rows, width]`` learned vectors, drawn from a normal distribution."""
    return nn.Parameter(torch.randn(rows, width, generator=generator) * deviation)
