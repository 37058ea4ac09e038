"""With chance: the order that is a law holds, luck is missing, and nominal ratios break."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from driftline.errors import DataError
from driftline.exact.histories import enumerate_histories
from driftline.exact.policies import policy_of
from driftline.exact.random_worlds import random_policy, random_tree
from driftline.exact.world import FiniteWorld
from driftline.experiments.targets.enumerated import Enumerated
from driftline.experiments.targets.figures.stochastic import caption, draw
from driftline.experiments.targets.stochastic import ORDER, readings, stochastic
from driftline.experiments.targets_config import ExactSettings
from driftline.seeding import generator

FEW = ExactSettings(worlds=12, betas=(0.25, 1.0, 4.0), shares=(0.5, 0.1))


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    return stochastic(FEW, 0)


def test_what_is_a_law_holds_in_every_world(measured: dict[str, Any]) -> None:
    for tilt in measured["tilts"]:
        assert tilt["order"]["unattainable ≥ control"] == 1.0
        assert tilt["order"]["control ≥ per step"] == 1.0
        assert tilt["order"]["all"] <= tilt["order"]["per step ≥ drawn once"] <= 1.0
        worth = [tilt["readings"][name]["worth"] for name in ORDER]
        assert np.all(np.diff(worth[:3]) < 0)
        for each in tilt["readings"].values():
            assert each["worth"] == pytest.approx(tilt["beta"] * each["mean"] - each["kl"])


def test_drawing_once_comes_last_where_the_tilt_is_mild(measured: dict[str, Any]) -> None:
    for tilt in measured["tilts"]:
        if tilt["beta"] <= 1.0:
            assert tilt["order"]["per step ≥ drawn once"] == 1.0


def test_more_is_promised_than_any_policy_attains(measured: dict[str, Any]) -> None:
    gaps = [tilt["luck_gap"] for tilt in measured["tilts"]]
    for tilt, gap in zip(measured["tilts"], gaps, strict=True):
        promised = tilt["readings"]["unattainable"]["mean"]
        for name in ORDER[1:]:
            attained = tilt["readings"][name]["mean"]
            assert gap[name]["mean"] == pytest.approx(promised - attained)
            assert measured["demonstrated"] < attained < promised
    assert gaps[0]["control"]["mean"] < gaps[1]["control"]["mean"] < gaps[2]["control"]["mean"]


def test_only_the_unattainable_quantilizer_keeps_its_ratio(measured: dict[str, Any]) -> None:
    for cut in measured["quantilizers"]:
        assert cut["ratio"]["unattainable"]["greatest"] <= 1.0 + 1e-9
        assert cut["broken"]["unattainable"] == 0.0
        assert cut["mean"]["unattainable"] > cut["mean"]["per step"]
    half = measured["quantilizers"][0]
    assert half["broken"]["per step"] > 0.9
    assert half["ratio"]["per step"]["median"] > 2.0


def test_a_fair_coin_beside_a_sure_thing() -> None:
    """By hand: a lever that pays 0 or 2 by chance beside one that pays 1, β = log 2.

    The tilt weighs the coin (1 + 4)/2 and the sure lever 2; the optimum weighs both 2.
    """
    successors = np.array([[[1, 2], [1, 1]], [[1, 1]] * 2, [[2, 2]] * 2])
    rewards = np.array([[[2.0, 0.0], [1.0, 1.0]], [[0.0, 0.0]] * 2, [[0.0, 0.0]] * 2])
    chances = np.array([[[0.5, 0.5], [1.0, 0.0]], *[[[1.0, 0.0]] * 2] * 2])
    ends = np.array([False, True, True])
    world = FiniteWorld(successors, chances, rewards, np.eye(3)[0], 1, ends)
    case = Enumerated.of(world, np.full((1, 3, 2), 0.5))
    beta = float(np.log(2.0))
    told = readings(case, beta)
    chosen = (
        np.array([4.0, 1.0, 4.0]) / 9.0
    )  # 2, 0 and 1 with e^{βR} of 4, 1 and 2 (twice as often)
    np.testing.assert_allclose(np.exp(told["unattainable"]), chosen)
    np.testing.assert_allclose(np.exp(told["control"]), [0.25, 0.25, 0.5])
    np.testing.assert_allclose(np.exp(told["per step"]), [5 / 18, 5 / 18, 4 / 9])
    means = {name: case.measured(each, beta)["mean"] for name, each in told.items()}
    assert means["unattainable"] == pytest.approx(12 / 9)
    assert means["control"] == means["per step"] == pytest.approx(1.0)


def test_all_but_the_first_are_policies() -> None:
    draw_ = generator(3, "world")
    world = random_tree(3, 2, draw_, branches=2, reward_step=1.0)
    case = Enumerated.of(world, random_policy(world, draw_))
    assert len(enumerate_histories(world).leaves) == 64
    for name, each in readings(case, 1.0).items():
        assert np.exp(each).sum() == pytest.approx(1.0)
        if name != "unattainable":
            policy_of(case.tree, each, case.policy)
        else:
            with pytest.raises(DataError, match="no policy has this distribution"):
                policy_of(case.tree, each, case.policy)


def test_results_are_plain_and_follow_from_the_seed(measured: dict[str, Any]) -> None:
    few = ExactSettings(worlds=2, betas=(1.0,), shares=(0.5,))
    once, again, other = stochastic(few, 4), stochastic(few, 4), stochastic(few, 5)
    assert json.loads(json.dumps(once, allow_nan=False)) == again
    assert once != other


def test_its_figure_and_caption_hold_what_was_measured(measured: dict[str, Any]) -> None:
    figure = draw(measured)
    assert len(figure.axes) == 3
    said = caption(measured)
    assert "12 worlds" in said
    assert f"{measured['tilts'][0]['readings']['unattainable']['mean']:.2f} at β = 0.25" in said
