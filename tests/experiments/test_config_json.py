"""Configurations come back from JSON as they were; those of other versions are refused."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pytest

from driftline.conditioning.best_of_n import BestOfN
from driftline.conditioning.exponential_tilt import ExponentialTilt, mgdt_paper
from driftline.conditioning.factorised_tilt import FactorisedTilt
from driftline.conditioning.fixed import FixedReturn
from driftline.conditioning.quantile import Quantile
from driftline.conditioning.reference import Recent
from driftline.conditioning.sampled_maximum import mgdt_colab
from driftline.conditioning.target import Target, Unconditioned
from driftline.errors import DriftlineError, RunError
from driftline.experiments import presets
from driftline.experiments.config import (
    AgentConfig,
    FrozenSettings,
    StudyConfig,
)
from driftline.experiments.config_json import from_json, to_json
from driftline.experiments.names import BUDGETS, STUDIES
from driftline.experiments.plan import plan


def through_text(kind: Any, value: Any) -> Any:
    return from_json(kind, json.loads(json.dumps(to_json(value), allow_nan=False)))


@pytest.mark.parametrize(
    ("name", "budget"),
    [(name, "smoke") for name in STUDIES] + [("tomato-watering", budget) for budget in BUDGETS],
)
def test_every_preset_comes_back_as_it_was(name: str, budget: str) -> None:
    config = presets.study(name, budget, seeds=1)
    assert through_text(type(config), config) == config
    tasks = plan(Path("root"), config)
    for task in tasks[:: max(1, len(tasks) // 3)]:
        assert through_text(type(task.config), task.config) == task.config


@pytest.mark.parametrize(
    "target",
    [
        FixedReturn(3.5, extrapolate=True),
        Quantile(0.5, "point"),
        Quantile(0.5, per="step", reference=Recent(3)),
        ExponentialTilt(0.5, reference="model"),
        mgdt_paper(),
        mgdt_colab(),
        FactorisedTilt(0.5, backup="control"),
        BestOfN(8, reference="demonstrations"),
        Unconditioned(),
    ],
)
def test_a_union_is_told_apart_by_its_kind(target: Target) -> None:
    agent = AgentConfig("any", FrozenSettings(target))
    back = through_text(AgentConfig, agent)
    assert back == agent
    assert type(back.learner.target) is type(target)


@dataclass(frozen=True)
class Every:
    """A field of every sort that a configuration may have."""

    number: float
    count: int
    word: Literal["one", "two"]
    pair: tuple[float, float] | None
    many: tuple[int, ...]
    maybe: float | None
    mixed: tuple[int, str]


@pytest.mark.parametrize(
    "value",
    [
        Every(1.0, 2, "one", (0.1, 0.2), (), None, (1, "x")),
        Every(1e-17, -3, "two", None, (4, 5, 6), 2.5, (0, "")),
    ],
)
def test_tuples_options_and_literals_come_back(value: Every) -> None:
    back = through_text(Every, value)
    assert back == value
    assert isinstance(back.many, tuple)


def test_a_whole_number_given_for_a_real_one_is_read_as_one() -> None:
    written = {**to_json(Every(1.0, 2, "one", None, (), None, (1, "x"))), "number": 7}
    assert isinstance(from_json(Every, written).number, float)


STORED = to_json(presets.study("tomato-watering", "smoke"))
FIRST = STORED["agents"][0]


def altered(**changes: Any) -> dict[str, Any]:
    return {**STORED, **changes}


def without(name: str) -> dict[str, Any]:
    return {key: each for key, each in STORED.items() if key != name}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (altered(colour="red"), "no ['colour']"),
        (altered(kind="OtherConfig"), "OtherConfig is no StudyConfig"),
        (altered(world={**STORED["world"], "name": "moon"}), "unknown world 'moon'"),
        (altered(world={**STORED["world"], "kind": "Planet"}), "Planet is none of WorldConfig"),
        (altered(agents=[{**FIRST, "learner": {"kind": "Oracle"}}]), "Oracle"),
        (altered(agents=None), "StudyConfig of this version"),
        (altered(return_range=[1.0]), "StudyConfig of this version"),
        (without("seeds"), "seeds"),
        (without("kind"), "kind"),
        ([], "StudyConfig of this version"),
        ("text", "StudyConfig of this version"),
        (None, "StudyConfig of this version"),
    ],
    ids=lambda value: "" if isinstance(value, dict | list) else str(value)[:20],
)
def test_what_another_version_wrote_is_one_line_that_says_what_to_do(value: Any, said: str) -> None:
    with pytest.raises(RunError) as caught:
        from_json(StudyConfig, value)
    assert said in str(caught.value)
    assert "use the version of Driftline named in the manifest" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_value_out_of_its_range_is_refused_as_where_it_is_typed() -> None:
    stored = to_json(replace(presets.study("tomato-watering", "smoke")))
    stored["rounds"]["rounds"] = 0
    with pytest.raises(DriftlineError, match="at least 1"):
        from_json(StudyConfig, stored)
