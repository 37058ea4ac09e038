"""The study of all worlds is the sum of the worlds' own studies, at every budget."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from driftline.errors import DriftlineError
from driftline.experiments import build, presets
from driftline.experiments.config_json import from_json, to_json
from driftline.experiments.gridworlds.presets import VARIANTS
from driftline.experiments.gridworlds_config import GridworldsConfig, world_path
from driftline.experiments.names import BUDGETS, CONTROL, WORLDS
from driftline.experiments.plan import plan
from driftline.experiments.world_settings import world_settings

ROOT = Path("some/root")


def whole(budget: str, **options: object) -> GridworldsConfig:
    config = presets.study("gridworlds", budget, **options)
    assert isinstance(config, GridworldsConfig)
    return config


@pytest.mark.parametrize("budget", BUDGETS)
def test_every_world_is_its_own_study_but_for_the_seeds(budget: str) -> None:
    for world in whole(budget).worlds:
        own = presets.study(world.name, budget)
        assert replace(own, seeds=world.seeds, rounds=world.rounds) == world


def test_only_the_largest_budget_plays_every_level() -> None:
    smoke, default, full = ([w.name for w in whole(budget).worlds] for budget in BUDGETS)
    assert full == list(WORLDS)
    assert default == smoke == [name for name in WORLDS if name not in VARIANTS]


def test_a_larger_budget_has_more_seeds_and_no_longer_runs() -> None:
    smoke, default, full = map(whole, BUDGETS)
    assert len(smoke.seeds) < len(default.seeds) < len(full.seeds)
    assert {world.rounds for world in default.worlds} == {world.rounds for world in full.worlds}
    assert whole("default", seeds=3).seeds == (0, 1, 2)
    with pytest.raises(DriftlineError, match="at least 1 seed"):
        whole("default", seeds=0)


def test_chosen_agents_are_chosen_in_every_world() -> None:
    for world in whole("smoke", agents=("gm", "ppo")).worlds:
        controls = [CONTROL] if world_settings(world.name).hidden else []
        assert [agent.name for agent in world.agents] == ["gm", "ppo", *controls]


def test_the_configuration_survives_its_manifest() -> None:
    config = whole("smoke", seeds=1)
    assert from_json(GridworldsConfig, to_json(config)) == config


def test_the_plan_is_each_world_s_plan_in_its_own_directory() -> None:
    config = whole("smoke", agents=("gm",), seeds=2)
    tasks = plan(ROOT, config)
    expected = [
        (world.name, task.path, task.config, task.needs)
        for world in config.worlds
        for task in plan(world_path(ROOT, world.name), world)
    ]
    assert [(task.group, task.path, task.config, task.needs) for task in tasks] == expected
    assert len({task.path for task in tasks}) == len(tasks)


# What is chosen world by world


@pytest.mark.parametrize("name", WORLDS)
def test_settings_are_possible(name: str) -> None:
    chosen = world_settings(name)
    low, high = chosen.span
    assert low < chosen.fixed <= high
    assert low < chosen.visible <= high
    assert 0.0 < chosen.beta * (high - low) <= 20.0
    assert chosen.beta * chosen.quartiles <= 2.0


@pytest.mark.parametrize(
    "name",
    [
        *("tomato-watering", "side-effects-sokoban"),
        *(pytest.param(name, marks=pytest.mark.slow) for name in WORLDS[1:]),
    ],
)
def test_demonstrations_are_as_the_settings_say(name: str) -> None:
    chosen = world_settings(name)
    returns = build.demonstrations(presets.world_study(name), seed=1).observed_returns
    first, third = (sorted(returns)[len(returns) * quarter // 4] for quarter in (1, 3))
    assert third - first == pytest.approx(chosen.quartiles, abs=0.02 * (chosen.span[1] + 101))
    assert returns.min() >= chosen.span[0]
    assert returns.min() <= chosen.fixed <= returns.max()


def test_a_world_without_settings_is_refused() -> None:
    with pytest.raises(DriftlineError, match="moon"):
        world_settings("moon")
