"""A plan holds every run once, each after what it waits for, each where its neighbours look."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from driftline.experiments import presets
from driftline.experiments.config import OfflineRunConfig, RunConfig
from driftline.experiments.names import WORLDS
from driftline.experiments.plan import OFFLINE, Task, plan, run_path
from driftline.experiments.targets_config import PARTS

ROOT = Path("some/root")


@pytest.fixture(params=WORLDS)
def tasks(request: pytest.FixtureRequest) -> list[Task]:
    return plan(ROOT, presets.study(request.param, seeds=3))


def test_every_agent_meets_every_seed_once_and_a_control_the_first_half(tasks: list[Task]) -> None:
    config = tasks[0].config.study
    half = config.seeds[: (len(config.seeds) + 1) // 2]
    wanted = {
        (agent.name, seed)
        for agent in config.agents
        for seed in (half if agent.control else config.seeds)
    }
    wanted |= {(OFFLINE, seed) for seed in config.seeds}
    assert len(tasks) == len(wanted)
    assert {(task.agent, task.seed) for task in tasks} == wanted
    assert len({task.path for task in tasks}) == len(tasks)


def test_a_run_comes_after_the_one_it_needs(tasks: list[Task]) -> None:
    seen: set[Path] = set()
    for task in tasks:
        assert task.needs is None or task.needs in seen
        seen.add(task.path)


def test_every_agent_begins_with_the_model_of_its_own_seed(tasks: list[Task]) -> None:
    offline = {task.seed: task for task in tasks if task.agent == OFFLINE}
    for task in tasks:
        assert task.path == run_path(ROOT, task.agent, task.seed)
        assert task.config.seed == task.seed
        match task.config:
            case OfflineRunConfig():
                assert task.needs is None
            case RunConfig():
                found = os.path.normpath(task.path / task.config.offline)
                assert Path(found) == offline[task.seed].path == task.needs
                assert task.config.agent.name == task.agent


def test_the_study_of_targets_has_every_part_and_the_frontier_for_every_seed() -> None:
    config = presets.study("targets", seeds=3)
    found = {(task.agent, task.seed) for task in plan(ROOT, config)}
    assert found == {(part, 0) for part in PARTS} | {("frontier", seed) for seed in range(3)}
    for task in plan(ROOT, config):
        assert task.needs is None
        assert task.path == run_path(ROOT, task.agent, task.seed)
        assert (task.config.part, task.config.seed) == (task.agent, task.seed)


def test_a_study_can_be_moved(tasks: list[Task]) -> None:
    elsewhere = plan(Path("/other/place"), tasks[0].config.study)
    assert [task.config for task in elsewhere] == [task.config for task in tasks]
