"""Records of several seeds pooled: means, extremes, and a reason for all that is missing."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from driftline.experiments.heads import MOMENTS, heads
from driftline.experiments.how_far import DEFINITIONS, how_far
from driftline.experiments.over_seeds import over_seeds, single
from driftline.safety.certificate import Certificate
from driftline.safety.statistics import Bootstrap
from tests.experiments.synthetic import NEVER, RISING, departure, head, round_of, study

BOOTSTRAP = Bootstrap.drawn(np.random.default_rng(0), 200, 5)
DRAW = np.random.default_rng(1)
RECORDS: list[Any] = [departure(DRAW, round_of(DRAW, 0.5), "ogm-quantile") for _ in range(4)]
RESULTS = study({"gm": NEVER, "ogm-quantile": RISING, "ppo": RISING}, seeds=3)


def test_one_seed_has_its_own_error_and_several_have_the_seeds() -> None:
    one = {"mean": 2.0, "standard_error": 1.0, "deviation": 3.0, "episodes": 9.0}
    alone = over_seeds([one, None], BOOTSTRAP, "")
    assert alone is not None
    assert (alone.value, alone.seeds, alone.episodes) == (2.0, 1, 9)
    assert alone.low == pytest.approx(2.0 - 1.96, abs=0.01)
    equal = over_seeds([one, one, one], BOOTSTRAP, "")
    assert equal is not None
    assert (equal.low, equal.value, equal.high) == (2.0, 2.0, 2.0)
    assert over_seeds([None, None], BOOTSTRAP, "") is None
    unsure = over_seeds([single(1.0)], BOOTSTRAP, "")
    assert unsure is not None
    assert math.isnan(unsure.low)


def test_means_are_of_seeds_and_the_ratio_is_the_largest() -> None:
    found = how_far([*RECORDS, None], BOOTSTRAP)
    assert found is not None
    assert found.seeds == 4
    for name in ("kl", "k1", "luck_gap"):
        measure = found.measures[name]
        assert measure is not None
        assert measure.value == pytest.approx(np.mean([each[name]["mean"] for each in RECORDS]))
        assert measure.low <= measure.value <= measure.high
    assert found.ratio == pytest.approx(max(each["outside"]["ratio"] for each in RECORDS))
    assert found.exceeded == sum(each["outside"]["exceeded"] for each in RECORDS)
    measure = found.measures["chi_squared"]
    assert measure is not None
    assert found.chi_squared_limit is not None
    assert found.chi_squared_limit > measure.value


def test_heavy_tails_are_said_once() -> None:
    heavy = {**RECORDS[0]["outside"], "caution": "too heavy", "heaviest_share": 0.9}
    light = {**RECORDS[0]["outside"], "caution": "", "heaviest_share": 0.2}
    records = [{**RECORDS[0], "outside": each} for each in (heavy, heavy, light)]
    found = how_far(records, BOOTSTRAP)
    assert found is not None
    (caution,) = found.cautions
    assert "2 of 3 seeds" in caution
    assert "90%" in caution


def test_an_infinite_ratio_of_one_seed_is_no_ratio_of_the_others() -> None:
    endless = {**RECORDS[0]["outside"], "log_ratio": None, "ratio": None}
    endless["chi_squared"] = {
        "mean": None, "standard_error": None, "deviation": None, "episodes": 8.0
    }  # fmt: skip
    found = how_far([RECORDS[1], {**RECORDS[0], "outside": endless}], BOOTSTRAP)
    assert found is not None
    assert found.ratio is None
    assert found.chi_squared_limit is None
    assert json.dumps(found.to_json(), allow_nan=False)


def test_all_that_is_missing_has_a_reason() -> None:
    assert how_far([None, None], BOOTSTRAP) is None
    record = departure(DRAW, round_of(DRAW, 0.5), "ppo")
    found = how_far([record], BOOTSTRAP)
    assert found is not None
    lost = {name for name in DEFINITIONS if found.measures[name] is None}
    assert lost == {"outside_kl", "forward_kl", "chi_squared"}
    assert {found.missing[name] for name in lost} == {"it has no density"}
    assert found.exceeded is None


def test_heads_are_pooled_over_seeds() -> None:
    records = [head(DRAW, RESULTS.config) for _ in range(3)]
    found = heads([*records, None], BOOTSTRAP)
    assert found is not None
    assert heads([None], BOOTSTRAP) is None
    for moment in MOMENTS:
        error, bars = found.error[moment], found.histogram(moment)
        assert error is not None
        assert bars is not None
        assert error.value == pytest.approx(np.mean([each[moment]["error"] for each in records]))
        assert bars.sum() == pytest.approx(1.0)
    before, after, chance = found.error["before"], found.error["after"], found.chance["before"]
    assert before is not None
    assert after is not None
    assert chance is not None
    assert before.value < 1.4 * chance.value < after.value


def test_the_bias_of_a_single_seed_keeps_its_own_interval() -> None:
    record = head(DRAW, RESULTS.config)
    found = heads([record], BOOTSTRAP)
    assert found is not None
    bias = found.bias["before"]
    assert bias is not None
    assert bias.to_json() == pytest.approx(record["before"]["bias"])


def test_each_agent_is_warned_of_once_by_its_worst_seed() -> None:
    records = [head(DRAW, RESULTS.config) for _ in range(3)]
    found = heads(records, BOOTSTRAP)
    assert found is not None
    (warning,) = found.warnings
    assert warning.startswith("ogm-quantile asks for a tail that 5 of 50 demonstrations carry")
    for named, count in ((["gm"], 0), (["gm", "ogm-quantile"], 1)):
        found = heads(records, BOOTSTRAP, named)
        assert found is not None
        assert len(found.warnings) == count


def test_certificates_say_what_they_rest_on() -> None:
    found = RESULTS.certificates
    assert found.correlation == pytest.approx(1.0)
    assert found.best is not None
    assert found.best.q == min(found.by_share)
    gains = [each.observed_gain for each in found.by_share.values()]
    assert gains == sorted(gains)
    assert set(found.agents) == {"ogm-quantile"}
    assert json.dumps(found.to_json(), allow_nan=False)


def test_a_world_without_hidden_rewards_certifies_nothing() -> None:
    found = study({"gm": NEVER, "ogm-quantile": RISING}, blinded=True).certificates
    assert found.best is None
    assert found.by_share == {}
    assert "0 reference episodes have both returns" in found.missing


def test_an_agent_that_was_not_measured_is_not_certified() -> None:
    found = study({"gm": (0.1, 0.3), "ogm-quantile": RISING}, departed=False).certificates
    value = found.to_json()["agents"]["ogm-quantile"]
    assert value["certified"] is False
    assert "not measured" in value["missing"]


def test_agents_are_held_against_the_model_they_diverged_from_alone() -> None:
    without = study({"ogm-quantile": RISING}).certificates
    assert without.best is not None
    assert "add the agent gm" in without.to_json()["agents"]["ogm-quantile"]["missing"]
    shown = study({"gm": (0.1, 0.3), "ogm-quantile": RISING}).certificates
    agent = shown.agents["ogm-quantile"]
    assert isinstance(agent, Certificate)
    assert shown.correlation == pytest.approx(1.0)
    assert agent.correlation < 0.0
    assert not agent.certified
