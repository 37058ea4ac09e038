"""A model acts where it is, unless that is elsewhere than the processor and steps are small."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from driftline.models.nearby import SMALL, nearby
from tests.models import examples


class Elsewhere(nn.Module):
    """A thousand weights that say they are on a GPU, until they are moved."""

    def __init__(self, context: int | None) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.arange(1_000.0))
        self.acting_context, self.moved = context, False

    def parameters(self, recurse: bool = True):  # type: ignore[no-untyped-def]
        if self.moved:
            return super().parameters(recurse)
        return iter([nn.Parameter(torch.empty(1_000, device="meta"))])

    def to(self, device: str) -> Elsewhere:  # type: ignore[override]
        assert device == "cpu"
        self.moved = True
        return self


def test_a_model_on_the_processor_acts_there() -> None:
    model = examples.model()
    assert nearby(model, 1) is model
    assert nearby(model, 10**9) is model


def test_what_has_no_weights_is_left_alone() -> None:
    class Plain:
        pass

    plain = Plain()
    assert nearby(plain, 1) is plain


@pytest.mark.parametrize("context", [None, 5])
def test_small_steps_are_computed_on_the_processor(context: int | None) -> None:
    model = Elsewhere(context)
    most = int(SMALL / 1_000 / (context or 1))
    copied = nearby(model, most)
    assert copied is not model
    assert copied.moved
    assert not model.moved
    assert torch.equal(copied.weight, model.weight)
    assert copied.weight is not model.weight
    assert nearby(model, most + 1) is model
