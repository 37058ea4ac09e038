"""The study of several arenas is the sum of the arenas' own studies, at every budget."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from driftline.environments.mujoco.levels import FOLDER
from driftline.errors import DriftlineError, SettingsError
from driftline.experiments import presets
from driftline.experiments.arenas.presets import DEMONSTRATED, WANTED, left_out, played
from driftline.experiments.config import StudyConfig
from driftline.experiments.config_json import from_json, to_json
from driftline.experiments.control_config import ControlConfig
from driftline.experiments.gridworlds_config import world_path
from driftline.experiments.names import ARENAS, BUDGETS, CONTROL, ROBOTS
from driftline.experiments.plan import plan
from tests.experiments.tiny import tiny

ROOT = Path("some/root")


def whole(budget: str = "default", **options: object) -> ControlConfig:
    config = presets.study("control", budget, **options)
    assert isinstance(config, ControlConfig)
    return config


def test_robots_are_played_where_they_have_policies_and_only_there() -> None:
    """Once a robot has policies it belongs into `DEMONSTRATED`, and the study plays it."""
    known = {path.stem for path in FOLDER.glob("*.safetensors")}
    assert set(DEMONSTRATED) == known & set(ROBOTS)
    assert set(WANTED) <= set(ARENAS)
    assert list(played()) == [name for name in WANTED if ARENAS[name][0] in known]


@pytest.mark.parametrize("budget", BUDGETS)
def test_every_budget_plays_the_same_arenas_and_says_which_it_leaves_out(budget: str) -> None:
    config = whole(budget)
    assert tuple(each.name for each in config.worlds) == played()
    assert {*played(), *left_out(config)} == set(WANTED)
    assert left_out(replace(config, worlds=config.worlds[:1])) == left_out(config)


@pytest.mark.parametrize("budget", BUDGETS)
def test_every_arena_is_its_own_study(budget: str) -> None:
    for arena in whole(budget).worlds:
        assert presets.study(arena.name, budget) == arena


def test_a_larger_budget_plays_longer() -> None:
    smoke, default, full = ({each.rounds.steps for each in whole(b).worlds} for b in BUDGETS)
    assert (smoke, default, full) == ({4_000}, {200_000}, {500_000})


def test_seeds_and_agents_are_chosen_in_every_arena() -> None:
    config = whole("smoke", agents=("gm", "sac"), seeds=3)
    assert config.seeds == (0, 1, 2)
    for arena in config.worlds:
        controls = [CONTROL] if ARENAS[arena.name][1] is not None else []
        assert [each.name for each in arena.agents] == ["gm", "sac", *controls]
    with pytest.raises(DriftlineError, match="at least 1 seed"):
        whole(seeds=0)
    with pytest.raises(DriftlineError, match="unknown agent of hopper 'dqn'"):
        whole(agents=("dqn",))


@pytest.mark.parametrize("budget", BUDGETS)
def test_the_configuration_survives_its_manifest(budget: str) -> None:
    config = whole(budget)
    assert from_json(ControlConfig, json.loads(json.dumps(to_json(config)))) == config


def test_the_plan_is_each_arena_s_plan_in_its_own_directory() -> None:
    config = whole("smoke", seeds=2)
    tasks = plan(ROOT, config)
    expected = [
        (arena.name, task.path, task.config, task.needs)
        for arena in config.worlds
        for task in plan(world_path(ROOT, arena.name), arena)
    ]
    assert [(task.group, task.path, task.config, task.needs) for task in tasks] == expected


def test_what_cannot_be_compared_is_refused() -> None:
    hopper, cheetah = whole().worlds[:2]
    with pytest.raises(SettingsError, match="needs at least 1, got none"):
        ControlConfig("control", "smoke", ())
    with pytest.raises(SettingsError, match="tomato-watering is no arena"):
        ControlConfig("control", "smoke", (hopper, tiny()))
    unjudged = replace(hopper, rounds=replace(hopper.rounds, judging=None))
    with pytest.raises(SettingsError, match=r"hopper is no arena or has no judging.*set rounds"):
        ControlConfig("control", "smoke", (unjudged,))
    fewer = replace(cheetah, seeds=(0,))
    assert isinstance(fewer, StudyConfig)
    with pytest.raises(SettingsError, match="give all of them the same"):
        ControlConfig("control", "smoke", (hopper, fewer))
