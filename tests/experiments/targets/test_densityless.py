"""A model without a density is tilted: the ruler is exact, and both ways come near."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from driftline.experiments.targets.densityless import (
    BINS,
    GRID,
    POINTS,
    brought,
    chances,
    counted,
    demonstrations,
    densityless,
    distance,
    effective_samples,
    gathered,
    sampling_distance,
)
from driftline.experiments.targets.figures.densityless import caption, draw
from driftline.experiments.targets_config import DensitylessSettings

SMALL = DensitylessSettings(
    demonstrations=4_000, updates=150, samples=1_000, betas=(0.5, 1.0), candidates=8
)
WAYS = {"factorised", "per step", "once"}


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    return densityless(SMALL, 0)


@pytest.mark.parametrize("beta", [0.0, 0.5, 2.0])
def test_the_exact_tilt_has_the_moments_of_its_partition_function(beta: float) -> None:
    """d log Z / d beta is the mean return under the tilt."""

    def partition(tilt: float) -> float:
        return float(np.log(chances(0.0) @ np.exp(tilt * brought(GRID))))

    step = 1e-4
    slope = (partition(beta + step) - partition(beta - step)) / (2 * step)
    assert chances(beta) @ brought(GRID) == pytest.approx(slope, abs=1e-6)
    assert chances(beta).sum() == pytest.approx(1.0)
    assert gathered(chances(beta)).shape == (BINS,)


def test_demonstrators_act_in_two_ways_of_which_the_rarer_brings_more() -> None:
    data = demonstrations(20_000, 3)
    actions = data.actions[:, 0].astype(np.float64)
    assert np.abs(actions).max() <= 1.0
    np.testing.assert_allclose(data.rewards, brought(actions), atol=1e-6)
    assert np.mean(actions < 0.0) == pytest.approx(0.7, abs=0.02)
    assert data.rewards[actions > 0.0].mean() > data.rewards[actions < 0.0].mean() + 1.0
    assert distance(counted(actions), 0.0) == pytest.approx(
        sampling_distance(0.0, 20_000, 3), rel=0.4
    )


def test_a_distance_is_a_metrics_and_falls_with_the_root_of_the_samples() -> None:
    assert distance(gathered(chances(1.0)), 1.0) == 0.0
    apart = distance(gathered(chances(0.0)), 1.0)
    assert apart == pytest.approx(distance(gathered(chances(1.0)), 0.0))
    few, many = (sampling_distance(1.0, count, 0) for count in (1_000, 16_000))
    assert few / many == pytest.approx(4.0, rel=0.2)


def test_effective_candidates_are_those_of_exact_weights() -> None:
    draw = np.random.default_rng(0)
    returns = brought(draw.choice(GRID, (4_000, 32), p=chances(0.0)))
    weights = np.exp(returns) / np.exp(returns).sum(axis=1, keepdims=True)
    found = (1.0 / np.square(weights).sum(axis=1)).mean()
    assert effective_samples(1.0, 32) == pytest.approx(found, rel=0.03)
    assert effective_samples(0.0, 32) == pytest.approx(32.0)


def test_both_ways_come_nearer_to_the_exact_tilt_than_doing_nothing(
    measured: dict[str, Any],
) -> None:
    assert [row["beta"] for row in measured["rows"]] == list(SMALL.betas)
    for row in measured["rows"]:
        assert set(row["distances"]) == set(row["shares"]) == WAYS
        for name, shares in row["shares"].items():
            assert sum(shares) == pytest.approx(1.0)
            assert row["distances"][name] == pytest.approx(distance(np.array(shares), row["beta"]))
        assert row["sampling"] < min(row["distances"].values())
        assert row["effective"] == pytest.approx(row["effective_exact"], rel=0.1)
    last = measured["rows"][-1]
    assert max(last["distances"].values()) < 0.6 * last["untilted"]


def test_fine_tuning_refuses_a_model_without_a_density(measured: dict[str, Any]) -> None:
    assert measured["refused"].startswith("FlowPolicy lacks HasDensity")
    assert "\n" not in measured["refused"]


def test_the_same_seed_gives_the_same_plain_values_and_another_others() -> None:
    tiny = DensitylessSettings(
        demonstrations=200, updates=3, samples=50, betas=(1.0,), candidates=4
    )
    first, again, other = (json.dumps(densityless(tiny, s), allow_nan=False) for s in (0, 0, 1))
    assert first == again != other


def test_the_figure_shows_a_density_and_the_caption_the_numbers(measured: dict[str, Any]) -> None:
    axes = draw(measured).axes
    assert len(axes) == len(SMALL.betas)
    for row, panel in zip(measured["rows"], axes, strict=True):
        assert np.mean(row["density"]) * 2.0 == pytest.approx(1.0)
        assert len(row["density"]) == POINTS
        assert f"{row['distances']['factorised']:.3f}" in panel.get_title("left")
        assert panel.get_ylim()[1] > max(row["density"])
    said = caption(measured)
    assert said.startswith("Yes: a model without densities can be tilted natively")
    assert f"{measured['imitated']:.3f}" in said
    assert "lacks HasDensity" in said


@pytest.mark.slow
def test_at_the_defaults_both_ways_are_about_as_near_as_imitation_itself() -> None:
    result = densityless(DensitylessSettings(), 0)
    assert result["imitated"] < 0.07
    for row in result["rows"]:
        assert row["distances"]["factorised"] < 0.08
        assert row["distances"]["per step"] < 0.08
        assert row["effective"] == pytest.approx(row["effective_exact"], rel=0.06)
