"""Half the bits learn the same, and are used where they are faster and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from driftline.data.windows import Windows
from driftline.errors import UnknownNameError
from driftline.models.model import Losses
from driftline.training.precision import Trial, reckoned, tried
from driftline.training.update import UpdateSettings, make_optimiser, update
from tests.models import examples


def learnt(precision: str, **settings: object) -> list[float]:
    model = examples.model(vectors=True, box=True, **settings)
    steps = UpdateSettings(batch=16, window=8, precision=precision)  # type: ignore[arg-type]
    optimiser, data = make_optimiser(model, steps), examples.source(vectors=True, box=True)
    told = list(update(model, optimiser, data, steps, [1.0] * 30, 0))
    assert all(each.dtype == torch.float32 for each in model.parameters())
    return [each["action_nll"] for each in told]


@pytest.mark.parametrize("tokens", ["fused", "three"])
def test_half_the_bits_learn_what_all_of_them_do(tokens: str) -> None:
    whole, half = (learnt(each, tokens=tokens) for each in ("float32", "bfloat16"))
    assert whole != half
    assert half == pytest.approx(whole, rel=0.05, abs=0.1)
    assert half[-1] < half[0]


def test_boards_and_choices_are_learnt_in_half_the_bits_too() -> None:
    model, data = examples.model(), examples.source()
    steps = UpdateSettings(batch=8, window=8, precision="bfloat16")
    (told,) = update(model, make_optimiser(model, steps), data, steps, [1.0], 0)
    whole = UpdateSettings(batch=8, window=8)
    again = examples.model()
    (wanted,) = update(again, make_optimiser(again, whole), data, whole, [1.0], 0)
    assert told == pytest.approx(wanted, rel=0.03, abs=0.03)
    assert told != wanted


def test_what_is_added_to_a_loss_is_computed_in_single_precision() -> None:
    kinds = []

    def watch(
        model: Any, windows: Windows, losses: Losses
    ) -> tuple[torch.Tensor, dict[str, float]]:
        kinds.append((torch.ones(2, 2) @ torch.ones(2, 2)).dtype)
        return torch.zeros(()), {}

    model, data = examples.model(), examples.source()
    steps = UpdateSettings(batch=8, window=8, precision="bfloat16")
    list(update(model, make_optimiser(model, steps), data, steps, [1.0], 0, watch))
    assert kinds == [torch.float32]
    with reckoned("bfloat16", torch.device("cpu")):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.bfloat16


def test_fewer_bits_are_used_where_they_pay() -> None:
    assert Trial(1.0, 1.0).precision == "float32"
    assert Trial(2.0, 1.0).precision == "bfloat16"
    assert tried(32, 64, seconds=0.02).ratio > 0.0


def test_a_precision_that_does_not_exist_is_refused() -> None:
    """As it comes out of a file; in code the type checker refuses it before."""
    settings = UpdateSettings()
    object.__setattr__(settings, "precision", "half")
    with pytest.raises(UnknownNameError, match="unknown precision 'half'"):
        settings.__post_init__()
