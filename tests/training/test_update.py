"""Updates follow from their seed alone, are clipped, and take the stated rate."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from driftline.data.windows import Windows, WindowSource
from driftline.errors import SettingsError
from driftline.models.model import Losses
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.training.lamb import Lamb
from driftline.training.update import UpdateSettings, descend, make_optimiser, mean_parts, update
from tests.training.learners import alternating, same_weights

SMALL = UpdateSettings(batch=8, window=4, learning_rate=1e-2)


def updated(
    seed: int, rates: tuple[float, ...] = (1.0,) * 4, disturbance: int = 0
) -> tuple[TrajectoryTransformer, list[dict[str, float]]]:
    model, data = alternating(20)
    parts = []
    for each in update(
        model, make_optimiser(model, SMALL), WindowSource.of(data), SMALL, list(rates), seed
    ):
        parts.append(each)
        torch.rand(disturbance)
        np.random.random(disturbance)  # noqa: NPY002
    return model, parts


def test_the_seed_decides_every_step_and_nothing_outside_does() -> None:
    (one, losses), (same, again) = updated(0), updated(0, disturbance=7)
    assert same_weights(one, same)
    assert losses == again
    assert not same_weights(one, updated(1)[0])


def test_every_step_reports_all_parts_of_its_loss() -> None:
    _, parts = updated(0)
    assert len(parts) == 4
    assert all(set(each) == set(parts[0]) for each in parts)
    assert {"loss", "action_nll"} <= set(parts[0])


def test_a_rate_of_zero_changes_no_weight() -> None:
    assert same_weights(updated(0, (0.0, 0.0))[0], alternating(20)[0])
    assert not same_weights(updated(0, (1.0, 0.0))[0], alternating(20)[0])


def test_a_rate_is_a_factor_of_the_learning_rate_of_that_step_alone() -> None:
    model, data = alternating(20)
    optimiser, source = make_optimiser(model, SMALL), WindowSource.of(data)
    rates = [1.0, 0.25, 0.5]
    steps = update(model, optimiser, source, SMALL, rates, 0)
    seen = [optimiser.param_groups[0]["lr"] for _ in steps]
    assert seen == [SMALL.learning_rate * rate for rate in rates]


def test_a_step_is_no_longer_than_the_norm_allows() -> None:
    def moved(scale: float) -> float:
        weights = torch.nn.Parameter(torch.zeros(5))
        goal = scale * torch.arange(5.0)
        optimiser = torch.optim.SGD([weights], lr=1.0)
        descend(iter([weights]), optimiser, (weights * goal).sum(), gradient_norm=0.5)
        return float(weights.detach().norm())

    assert moved(100.0) == pytest.approx(0.5, rel=1e-4)
    assert moved(0.01) == pytest.approx(0.01 * 30**0.5, rel=1e-4)


def test_parts_are_averaged_and_no_step_has_none() -> None:
    assert mean_parts([{"a": 1.0, "b": 0.0}, {"a": 3.0, "b": 1.0}]) == {"a": 2.0, "b": 0.5}
    assert mean_parts([]) == {}


@pytest.mark.parametrize("bad", [{"batch": 0}, {"window": 0}, {"learning_rate": 0.0}])
def test_settings_out_of_range_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match="at least 1"):
        UpdateSettings(**bad)


def test_padding_that_no_window_needs_is_not_computed() -> None:
    """Windows longer than every episode bring the same steps as windows that just fit."""
    model, data = alternating(20)
    seen: list[int] = []

    def watch(_: object, windows: Windows, __: Losses) -> tuple[torch.Tensor, dict[str, float]]:
        seen.append(windows.valid.shape[1])
        return torch.zeros(()), {}

    longest = int(data.lengths.max())
    settings = UpdateSettings(batch=8, window=longest + 7)
    source = WindowSource.of(data)
    optimiser = make_optimiser(model, settings)
    list(update(model, optimiser, source, settings, [1.0] * 3, 0, watch))
    assert max(seen) <= longest


def test_an_optimiser_is_chosen_by_name() -> None:
    model, _ = alternating(2)
    assert isinstance(make_optimiser(model, UpdateSettings()), torch.optim.AdamW)
    assert isinstance(make_optimiser(model, UpdateSettings(optimiser="lamb")), Lamb)


def test_an_unknown_optimiser_is_named() -> None:
    """In a process of its own, where no test checks the types first."""
    program = """
import driftline.errors
from driftline.training.update import UpdateSettings
try:
    UpdateSettings(optimiser="adam")
except driftline.errors.UnknownNameError as refusal:
    print(refusal)
"""
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert (
        told.stdout
        == "unknown optimiser 'adam'; did you mean adamw? the optimisers are adamw, lamb\n"
    )


@pytest.mark.parametrize("overhang", [True, False])
def test_a_sampler_is_told_whether_windows_may_begin_before_their_episode(overhang: bool) -> None:
    asked: list[bool] = []
    model, shown = alternating(6)
    source = WindowSource.of(shown)

    class Recording:
        def sample(
            self, batch: int, length: int, draw: np.random.Generator, overhang: bool = True
        ) -> Windows:
            asked.append(overhang)
            return source.sample(batch, length, draw, overhang)

    settings = UpdateSettings(8, 6, 1e-2, overhang=overhang)
    list(update(model, make_optimiser(model, settings), Recording(), settings, [1.0, 1.0], 0))
    assert asked == [overhang, overhang]
