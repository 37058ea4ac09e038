"""`Lamb`: Adam whose step is sized, layer by layer, by the size of the weights.

Knows no model (You et al. 2020, arXiv:1904.00962). As the online decision transformer
uses it: no correction of the first steps, and weights that count as no larger than 10.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

LARGEST = 10.0
"""A layer's norm counts as no more than this where it sizes a step (published version 1)."""


class Lamb(torch.optim.Optimizer):
    """w <- w - lr * (min(|w|, 10) / |r|) * r, r = m / (sqrt(v) + eps) + weight_decay * w.

    m and v are the running means of gradients and of their squares. The ratio is 1 where
    |w| or |r| is 0. With ``debias``, m and v are divided by 1 - beta^t as in Adam.
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        debias: bool = False,
    ) -> None:
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "debias": debias,
        }  # fmt: skip
        super().__init__(parameters, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step on the gradients that are there; returns what ``closure`` does."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            weights = [each for each in group["params"] if each.grad is not None]
            if weights:
                self._descend(group, weights)
        return loss

    def _descend(self, group: dict[str, Any], weights: list[Tensor]) -> None:
        gradients = [each.grad for each in weights if each.grad is not None]
        states = [self._state(each) for each in weights]
        first = [each["exp_avg"] for each in states]
        second = [each["exp_avg_sq"] for each in states]
        slow, slower = group["betas"]
        torch._foreach_lerp_(first, gradients, 1.0 - slow)
        torch._foreach_mul_(second, slower)
        torch._foreach_addcmul_(second, gradients, gradients, 1.0 - slower)
        for each in states:
            each["step"] += 1
        spread = torch._foreach_sqrt(second)
        if group["debias"]:
            steps = [float(each["step"]) for each in states]
            torch._foreach_div_(spread, [(1.0 - slower**step) ** 0.5 for step in steps])
            scale = [1.0 - slow**step for step in steps]
        else:
            scale = [1.0] * len(weights)
        torch._foreach_add_(spread, group["eps"])
        steps_to_take = torch._foreach_div(first, spread)
        torch._foreach_div_(steps_to_take, scale)
        torch._foreach_add_(steps_to_take, weights, alpha=group["weight_decay"])
        sizes = torch.stack(torch._foreach_norm(weights)).clamp(max=LARGEST)
        lengths = torch.stack(torch._foreach_norm(steps_to_take))
        ratios = torch.where((sizes > 0) & (lengths > 0), sizes / lengths, 1.0) * group["lr"]
        torch._foreach_mul_(steps_to_take, list(ratios.unbind()))
        torch._foreach_sub_(weights, steps_to_take)

    def _state(self, weight: Tensor) -> dict[str, Any]:
        state = self.state[weight]
        if not state:
            state["step"] = torch.tensor(0.0)
            state["exp_avg"] = torch.zeros_like(weight)
            state["exp_avg_sq"] = torch.zeros_like(weight)
        return state
