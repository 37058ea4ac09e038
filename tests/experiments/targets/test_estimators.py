"""Estimators are unbiased and scatter as said; the best of n costs what its formula says."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from driftline.experiments.targets.estimators import best_of, estimators
from driftline.experiments.targets.figures.estimators import caption, draw
from driftline.experiments.targets_config import EstimatorSettings
from driftline.seeding import generator

FEW = EstimatorSettings(trajectories=4_000, best_of=(2, 16), best_of_samples=20_000)


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    return estimators(FEW, 0)


def test_no_estimator_is_biased(measured: dict[str, Any]) -> None:
    assert measured["exact"] == pytest.approx(3.383, abs=1e-8)
    for each in measured["estimators"].values():
        assert abs(each["bias"]) < 4 * each["standard_error"]
        error = each["deviation"] / math.sqrt(FEW.trajectories)
        assert each["standard_error"] == pytest.approx(error)


@pytest.mark.parametrize("seed", range(3))
def test_exact_steps_deviate_by_less_than_a_tenth_of_single_samples(seed: int) -> None:
    told = estimators(replace(FEW, best_of=()), seed)["estimators"]
    deviation = {name: each["deviation"] for name, each in told.items()}
    assert deviation["rao_blackwell"] < 0.1 * deviation["k1"]
    assert deviation["rao_blackwell"] < deviation["k3"] < deviation["k1"]
    assert deviation["rao_blackwell"] > 0.02 * deviation["k1"]  # the state matters all the same


def test_a_histogram_holds_every_trajectory(measured: dict[str, Any]) -> None:
    for each in measured["estimators"].values():
        counts, edges = np.array(each["counts"]), np.array(each["edges"])
        assert counts.sum() == FEW.trajectories
        middle = (edges[1:] + edges[:-1]) / 2
        mean = (counts @ middle) / counts.sum()
        assert mean == pytest.approx(measured["exact"] + each["bias"], abs=np.diff(edges)[0])


@pytest.mark.parametrize("n", [1, 2, 5, 64])
def test_the_best_of_n_is_its_formula_away(n: int) -> None:
    told = best_of(n, 20_000, generator(0, "test", n))
    assert told["formula"] == pytest.approx(math.log(n) - (n - 1) / n)
    assert abs(told["measured"] - told["formula"]) <= 4 * told["standard_error"] + 1e-12
    assert told["ratio"] <= n  # the largest possible, and nearly reached
    assert told["ratio"] == pytest.approx(n, rel=0.01)


@pytest.mark.slow
def test_at_full_size_the_best_of_n_is_within_two_percent() -> None:
    for each in estimators(replace(EstimatorSettings(), trajectories=100), 0)["best_of"]:
        assert each["measured"] == pytest.approx(each["formula"], rel=0.02)


def test_results_are_plain_and_follow_from_the_seed(measured: dict[str, Any]) -> None:
    assert json.loads(json.dumps(estimators(FEW, 0), allow_nan=False)) == measured
    assert estimators(FEW, 1)["estimators"] != measured["estimators"]


def test_its_figure_and_caption_hold_what_was_measured(measured: dict[str, Any]) -> None:
    figure = draw(measured)
    assert len(figure.axes) == 2
    assert len(figure.axes[0].get_yticklabels()) == 3
    said = caption(measured)
    assert "exactly 3.383 nats" in said
    assert f"{measured['estimators']['k1']['deviation']:.2f} nats" in said
