"""Without chance: every way is the same distribution, at the nominal distance."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from driftline.conditioning.factorised_tilt import FactorisedTilt
from driftline.conditioning.target import Unconditioned
from driftline.exact.divergences import total_variation
from driftline.exact.reweighted import trajectory_tilt
from driftline.experiments.targets.acting import Stage
from driftline.experiments.targets.deterministic import SIZES, deterministic
from driftline.experiments.targets.enumerated import Enumerated
from driftline.experiments.targets.figures.deterministic import caption, draw
from driftline.experiments.targets_config import ExactSettings
from driftline.seeding import generator

FEW = ExactSettings(worlds=5, betas=(0.25, 2.0), shares=(0.5, 0.05))


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    return deterministic(FEW, 0)


def test_every_way_to_the_tilt_is_the_same(measured: dict[str, Any]) -> None:
    assert len(measured["tilts"]) == FEW.worlds * len(FEW.betas)
    ways = [set(each["distances"]) for each in measured["tilts"]]
    assert set.intersection(*ways) == {"per step", "factorised", "control", "drawn once"}
    assert "agent" in set.union(*ways)
    for each in measured["tilts"]:
        assert max(each["distances"].values()) < 1e-9
        assert abs(each["shortfall"]) < 1e-9


def test_a_quantilizer_is_no_further_away_than_nominal(measured: dict[str, Any]) -> None:
    """Equal to it once ties are broken; trajectories alone forget the tie-breaker."""
    assert any("agent" in each["distances"] for each in measured["quantilizers"])
    for each in measured["quantilizers"]:
        assert max(each["distances"].values()) < 1e-9
        for name, nominal in each["nominal"].items():
            assert each["factorised"][name] <= nominal + 1e-9
            assert each["tie_broken"][name] == pytest.approx(nominal, abs=1e-9)
    assert any(q["factorised"]["kl"] < q["nominal"]["kl"] - 0.01 for q in measured["quantilizers"])


def test_every_mark_lies_on_a_concave_frontier(measured: dict[str, Any]) -> None:
    told = measured["frontier"]
    kl, mean = (np.array(told["curve"][name]) for name in ("kl", "mean"))
    assert np.all(np.diff(kl) > 0)
    slopes = np.diff(mean) / np.diff(kl)  # 1/β: return bought for a nat
    assert np.all(np.diff(slopes) < 0)
    assert mean[0] > told["demonstrated"]
    assert mean[-1] < told["best"]
    for mark in told["marks"]:
        assert np.interp(mark["kl"], kl, mean) == pytest.approx(mark["mean"], abs=0.01)
    assert {mark["beta"] for mark in told["marks"]} == set(FEW.betas)


def test_the_agent_is_asked_and_not_the_formula() -> None:
    case = Enumerated.drawn(SIZES[:1], 1, generator(0, "case"))
    stage = Stage(case)
    wanted = trajectory_tilt(case.tree, case.policy, 1.0)
    assert total_variation(stage.played(FactorisedTilt(1.0)), wanted) < 1e-12
    assert total_variation(stage.played(FactorisedTilt(1.1)), wanted) > 1e-3
    assert total_variation(stage.played(Unconditioned()), case.demonstrated) < 1e-12
    assert total_variation(case.demonstrated, wanted) > 0.05


def test_results_are_plain_and_follow_from_the_seed(measured: dict[str, Any]) -> None:
    again = deterministic(FEW, 0)
    assert json.loads(json.dumps(again, allow_nan=False)) == measured
    assert deterministic(FEW, 1)["worlds"] != measured["worlds"]


def test_its_figure_and_caption_hold_what_was_measured(measured: dict[str, Any]) -> None:
    figure = draw(measured)
    assert len(figure.axes) == 2
    assert len(figure.axes[1].get_yticklabels()) == 8
    assert "5 random worlds" in caption(measured)
    apart = json.loads(json.dumps(measured))
    apart["tilts"][0]["distances"]["per step"] = 0.25
    assert "2e-1" in caption(apart)
