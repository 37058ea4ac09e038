"""KL-regularised fine-tuning climbs towards the exact tilt of its demonstrator model."""

from __future__ import annotations

from typing import Any

import pytest

from driftline.experiments.targets.figures import finetuned as figures
from driftline.experiments.targets.finetuned import finetuned, reached
from driftline.experiments.targets_config import FineTunedSettings


@pytest.fixture(scope="module")
def short() -> dict[str, Any]:
    return finetuned(FineTunedSettings((0.5,), updates=60, rounds=8, episodes_per_round=128), 0)


def test_the_optimum_stands_apart_from_nothing_and_earns_more(short: dict[str, Any]) -> None:
    exact = short["rows"][0]["exact"]
    assert exact["apart"] == pytest.approx(0.0, abs=1e-12)
    assert exact["return"] > short["origin"]


def test_a_few_rounds_come_nearer(short: dict[str, Any]) -> None:
    row = short["rows"][0]
    first, last = row["path"][0], row["path"][-1]
    assert last["apart"] < first["apart"]
    assert short["origin"] < last["return"]
    assert last["return"] - last["kl"] / 0.5 <= row["exact"]["return"] - row["exact"]["kl"] / 0.5


def test_what_is_reached_is_the_mean_of_the_last_quarter() -> None:
    path = [{"return": float(value), "kl": 0.0, "apart": 0.0} for value in range(8)]
    assert reached(path)["return"] == 6.5


def test_it_is_drawn_and_told(short: dict[str, Any]) -> None:
    assert len(figures.draw(short).axes) == 2
    assert f"of {short['rows'][0]['exact']['kl']:.3f} nats" in figures.caption(short)


@pytest.mark.slow
def test_it_comes_to_stand_within_a_twentieth_of_the_optimum() -> None:
    for row in finetuned(FineTunedSettings(), 0)["rows"]:
        for name in ("return", "kl"):
            assert row["reached"][name] == pytest.approx(row["exact"][name], rel=0.05)
