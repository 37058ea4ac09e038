"""In what precision a loss is computed, and whether fewer bits are faster here.

Knows no network. Half the bits pay where the processor multiplies them by itself, and cost
time where it does not: which it is, a second of trying tells.
"""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from driftline.models.transformer_config import Precision as Precision

WORTH_IT = 1.15
"""How many times as fast half the bits must be to be used."""


def reckoned(
    precision: Precision, device: torch.device
) -> contextlib.AbstractContextManager[object]:
    """Products of matrices in this block are computed in ``precision``, and so what follows
    them up to the next sum with what is in single precision; weights stay single.
    """
    if precision == "float32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=torch.bfloat16)


@dataclass(frozen=True)
class Trial:
    """How long a layer takes to learn in each precision, seconds a step, as it was measured."""

    float32: float
    bfloat16: float

    @property
    def ratio(self) -> float:
        """How many times as fast it is in bfloat16."""
        return self.float32 / self.bfloat16

    @property
    def precision(self) -> Precision:
        """The one to use."""
        return "bfloat16" if self.ratio >= WORTH_IT else "float32"


def tried(width: int, rows: int, seconds: float = 1.0, device: str = "cpu") -> Trial:
    """Try a layer of ``width`` and its expansion on ``rows`` rows, about so many seconds.

    The two are tried in turn, so that a machine that slows down slows both; times are
    medians.
    """
    steps = {name: _step(name, width, rows, device) for name in ("float32", "bfloat16")}
    took: dict[str, list[float]] = {name: [] for name in steps}
    for step in steps.values():
        step()
    began = time.perf_counter()
    while time.perf_counter() - began < seconds or len(took["bfloat16"]) < 3:
        for name, step in steps.items():
            before = time.perf_counter()
            step()
            took[name].append(time.perf_counter() - before)
    return Trial(**{name: statistics.median(each) for name, each in took.items()})


def _step(precision: Precision, width: int, rows: int, device: str) -> Callable[[], None]:
    """A step forward and back through two layers."""
    draw = torch.Generator().manual_seed(0)
    values = torch.randn(rows, width, generator=draw).to(device)
    rise = torch.randn(4 * width, width, generator=draw).to(device).requires_grad_()
    fall = torch.randn(width, 4 * width, generator=draw).to(device).requires_grad_()

    def step() -> None:
        with reckoned(precision, values.device):
            risen = torch.nn.functional.linear(values, rise).relu()
            fallen = torch.nn.functional.linear(risen, fall)
        slopes = torch.autograd.grad(fallen.float().square().mean(), (rise, fall))
        slopes[0][0, 0].item()  # a GPU has then computed it

    return step
