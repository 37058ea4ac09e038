"""The frontier: selections are exact, curves are means over seeds, distances are matched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from driftline.experiments import build
from driftline.experiments.presets import tomato_watering
from driftline.experiments.targets.figures import frontier as targets_frontier
from driftline.experiments.targets.frontier import frontier
from driftline.experiments.targets.matched import at_distance, curves
from driftline.experiments.targets.presets import targets
from driftline.experiments.targets.selection import selected, weighed
from driftline.experiments.targets_config import FrontierSettings, smoke


@pytest.fixture(scope="module")
def tiny() -> FrontierSettings:
    """The smoke budget, smaller still."""
    whole = smoke(targets(tomato_watering(), "smoke")).frontier
    study = replace(
        whole.study,
        demonstrations=replace(whole.study.demonstrations, episodes=40, tampering=0.25),
        offline=replace(whole.study.offline, updates=6),
        rounds=replace(whole.study.rounds, rounds=1, episodes_per_round=8),
    )
    return replace(whole, study=study, episodes=6, pool=24, levels=(0.0, 0.5), betas=(0.2,))


@pytest.fixture(scope="module")
def measured(tiny: FrontierSettings) -> dict[str, Any]:
    return frontier(tiny, 0)


def test_every_method_is_measured_at_every_strength(
    tiny: FrontierSettings, measured: dict[str, Any]
) -> None:
    told = curves([measured])
    for name in ("quantile", "quantile, step", "quantile, promised"):
        np.testing.assert_allclose(told[name].strengths, [1.0, 0.5])
    for name in ("best of n", "best of n, asked"):
        np.testing.assert_allclose(told[name].strengths, tiny.best_of)
    np.testing.assert_allclose(told["KL fine-tuning"].strengths, tiny.coefficients)
    for curve in told.values():
        assert np.all(np.isfinite(curve.kl))
        assert np.all(curve.kl >= 0)
        assert np.all(np.isfinite(curve.means["true"]))


@pytest.mark.slow
def test_the_same_seed_measures_the_same(tiny: FrontierSettings, measured: dict[str, Any]) -> None:
    assert frontier(tiny, 0) == measured


def test_a_selection_is_nominal(tiny: FrontierSettings) -> None:
    """Of a pool without ties: KL log 1/q and ratio 1/q; a whole pool is left as it is."""
    pool = build.demonstrations(tiny.study, 3)
    tiny = replace(tiny, levels=(0.0, 0.5))
    rows = {(row["method"], row["strength"]): row for row in selected(pool, tiny)}
    whole, half = (rows["quantile, promised", share] for share in (1.0, 0.5))
    assert whole["kl"] == pytest.approx(0.0, abs=1e-9)
    assert whole["observed"] == pytest.approx(pool.observed_returns.mean())
    assert half["log_ratio"] == pytest.approx(np.log(2.0))
    assert half["kl"] == pytest.approx(half["nominal_kl"], abs=0.1)
    best = np.sort(pool.observed_returns)[-len(pool) // 2 :].mean()
    assert half["observed"] == pytest.approx(best)


def test_weights_are_of_episodes() -> None:
    pool = build.demonstrations(targets(tomato_watering(), "smoke").frontier.study, 1)
    first = np.zeros(len(pool))
    first[3] = 1.0
    told = weighed(pool, first)
    assert told["observed"] == pool.observed_returns[3]
    assert told["kl"] == pytest.approx(np.log(len(pool)))
    assert told["samples"] == 1.0


def test_curves_average_over_seeds_and_are_read_between_their_points() -> None:
    def result(shift: float) -> dict[str, Any]:
        rows = [
            {"method": "m", "strength": s, "kl": kl, "log_ratio": None, "observed": kl + shift,
             "true": 2.0, "shown": 0.0}
            for s, kl in ((1.0, 1.0), (2.0, 4.0))
        ]  # fmt: skip
        return {"rows": rows}

    curve = curves([result(0.0), result(2.0)])["m"]
    np.testing.assert_allclose(curve.means["observed"], [2.0, 5.0])
    np.testing.assert_allclose(curve.errors["observed"], [1.0, 1.0])
    assert at_distance(curve, "observed", 2.25) == pytest.approx(3.5)
    assert np.isnan(at_distance(curve, "observed", 9.0))
    assert np.isnan(at_distance(curve, "observed", 1.0, by="log_ratio"))


def test_its_figure_and_caption_tell_the_peak(measured: dict[str, Any]) -> None:
    figure = targets_frontier.draw([measured, measured])
    assert len(figure.axes) == 4
    said = targets_frontier.caption([measured, measured])
    assert "2 seeds" in said
    assert "KL fine-tuning: " in said
