"""A robot's study runs from demonstrations to page, ends at its steps and goes on after a kill."""

from __future__ import annotations

import importlib.util
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from driftline.cli.main import run
from driftline.environments.mujoco import levels
from driftline.errors import CapabilityError, SettingsError, UnknownNameError
from driftline.experiments import build, presets, stages
from driftline.experiments.answer import answer
from driftline.experiments.arena_config import ArenaConfig, LevelConfig
from driftline.experiments.arenas.found import invited
from driftline.experiments.config import DemonstrationConfig, StudyConfig, WorldConfig
from driftline.experiments.config_json import from_json, to_json
from driftline.experiments.headline import since, steps_before
from driftline.experiments.names import ARENA_AGENTS, ARENAS, CONTROL, DISCRETE, DISCRETE_AGENTS
from driftline.experiments.plan import OFFLINE, plan, run_path
from driftline.experiments.results import load
from driftline.experiments.run import begin, execute, read_episodes
from driftline.experiments.studies import resume
from driftline.records.events import DemonstrationsRecorded, OfflineProgress, RoundEnded
from driftline.records.run_directory import RunDirectory
from driftline.training.judging import Judging
from tests.experiments.tiny import begun, same_study, tiny_arena

MAZES = pytest.mark.skipif(
    importlib.util.find_spec("gymnasium_robotics") is None,
    reason="mazes need gymnasium-robotics; pip install driftline[maze]",
)


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = begun(tmp_path_factory.mktemp("study") / "hopper-lean", tiny_arena())
    assert resume(root, workers=1) == 0
    return root


@pytest.mark.parametrize("name", [name for name, (_, proxy) in ARENAS.items() if proxy])
def test_what_a_proxy_invites_is_watched_for(name: str) -> None:
    config = presets.study(name, "smoke")
    assert isinstance(config, StudyConfig)
    task, _ = ARENAS[name]
    watched = {each.name: each.undesired for each in stages.STAGES[task].behaviours}
    assert watched[invited(config) or ""]


def test_every_agent_has_its_steps_and_no_round_more(studied: Path) -> None:
    for agent in ("gm", "gm-best", "ogm-quantile", "iql", "sac", CONTROL):
        played = read_episodes(run_path(studied, agent, 0))
        steps = np.cumsum(
            [
                played.take(np.flatnonzero(played.rounds == each)).trajectories.steps
                for each in np.unique(played.rounds)
            ]
        )
        assert steps[-1] >= 150 > steps[-2]
        assert np.diff(steps, prepend=0).min() >= 60


def test_the_recording_of_demonstrations_is_told_of_before_they_are_learnt_from(
    studied: Path,
) -> None:
    told = [each["event"] for each in RunDirectory.open(run_path(studied, OFFLINE, 0)).events()]
    assert told[0] == DemonstrationsRecorded.__name__
    assert set(told[1:-1]) == {OfflineProgress.__name__}


def test_leaning_is_paid_and_the_reward_is_hidden_but_from_the_control(studied: Path) -> None:
    leaning = read_episodes(run_path(studied, "gm", 0))
    assert not np.allclose(leaning.observed_returns, leaning.true_returns)
    openly = read_episodes(run_path(studied, CONTROL, 0))
    assert np.array_equal(openly.observed_returns, openly.true_returns)
    assert set(leaning.flags) == {"strains", "falls", "leans"}


def test_the_page_and_the_summary_are_written(studied: Path) -> None:
    summary = json.loads((studied / "summary.json").read_text())
    assert set(summary["agents"]) == {"gm", "gm-best", "ogm-quantile", "iql", "sac"}
    page = (studied / "report.html").read_text()
    assert "hopper-lean" in page
    assert "150 steps, in rounds of 2 episodes and 60 steps or more" in page
    assert set(summary["scores"]) == {*summary["agents"], CONTROL}
    assert all(np.isfinite(each["last"]) for each in summary["scores"].values())
    assert 'id="scores"' in page
    assert (studied / "figures" / "scores.svg").exists()
    assert 'id="player"' in page
    assert '"places":' in page  # a body is drawn
    departure = json.loads((run_path(studied, "ogm-quantile", 0) / "departure.json").read_text())
    assert departure["kl"]["mean"] >= 0.0
    assert "no divergence in closed form" in departure["missing"]["outside"]


def test_the_answer_names_every_agent_and_the_last_round(studied: Path) -> None:
    results = load(studied, tiny_arena())
    said = answer(results, ["falls"])
    assert {each.agent for each in (*said.online, *said.compared)} == set(results.agents)
    last = max(int(run.rounds.max()) for runs in results.episodes.values() for run in runs)
    text = " ".join((*said.headlines, *said.comparisons))
    assert all(int(each) <= last for each in re.findall(r"by round (\d+)", text))


@pytest.mark.slow  # the study of several arenas is killed and resumed in every run
def test_a_killed_study_goes_on_to_the_same_numbers(studied: Path, tmp_path: Path) -> None:
    root = begun(tmp_path / "hopper-lean", tiny_arena())
    for task in plan(root, tiny_arena()):
        for event in execute(begin(task.path, task.config)):
            if isinstance(event, RoundEnded):
                break  # as if it had been killed in the middle of its rounds
    assert resume(root, workers=1) == 0
    assert same_study(root, studied)


@pytest.mark.parametrize("name", ARENAS)
@pytest.mark.parametrize("budget", ["smoke", "default", "full"])
def test_every_arena_has_a_study_that_is_stored_and_read(name: str, budget: str) -> None:
    config = presets.study(name, budget)
    assert isinstance(config, StudyConfig)
    assert isinstance(config.world, ArenaConfig)
    assert config.world.name == config.name == name
    assert from_json(StudyConfig, json.loads(json.dumps(to_json(config)))) == config
    own = [each.name for each in config.agents if not each.control]
    discrete = config.world.task in DISCRETE
    assert own == list(DISCRETE_AGENTS if discrete else ARENA_AGENTS)
    controls = [each.name for each in config.agents if each.control]
    assert controls == ([] if config.world.proxy is None else [CONTROL])
    assert any(build.behaviours(config.world).values())


def test_an_agent_that_a_study_lacks_is_named() -> None:
    with pytest.raises(UnknownNameError, match="unknown agent of hopper 'dqn'"):
        presets.study("hopper", agents=("dqn",))
    with pytest.raises(UnknownNameError, match="unknown agent of boat-race 'sac'"):
        presets.study("boat-race", agents=("sac",))


def test_worlds_and_arenas_have_demonstrations_of_their_kind() -> None:
    hopper = tiny_arena("hopper")
    with pytest.raises(SettingsError, match="an arena has demonstrations of a level"):
        StudyConfig("a", "smoke", hopper.world, (), (0,), DemonstrationConfig())
    with pytest.raises(SettingsError, match="an arena has demonstrations of a level"):
        StudyConfig("a", "smoke", WorldConfig("boat-race"), (), (0,), LevelConfig())
    with pytest.raises(SettingsError, match="at least 1 step"):
        LevelConfig(steps=0)
    with pytest.raises(UnknownNameError, match="unknown task 'humanoid'"):
        ArenaConfig("humanoid")
    with pytest.raises(SettingsError, match=r"ant cannot be paid by lean; .* ant, ant-speed"):
        ArenaConfig("ant", "lean")
    with pytest.raises(SettingsError, match="lava-gap cannot be paid by speed"):
        ArenaConfig("lava-gap", "speed")
    with pytest.raises(SettingsError, match="antmaze-umaze cannot be paid by speed"):
        ArenaConfig("antmaze-umaze", "speed")
    for task, proxy in (("pointmaze-umaze", "lean"), ("antmaze-umaze", "speed")):
        with pytest.raises(SettingsError, match=f"{task} cannot be paid by {proxy}"):
            stages.STAGES[task].copies(1, proxy)


@pytest.mark.parametrize(
    ("package", "extra", "task"),
    [
        ("mujoco", "mujoco", "hopper"),
        ("minigrid", "minigrid", "lava-gap"),
        ("gymnasium_robotics", "maze", "pointmaze-umaze"),
    ],
)
def test_what_is_not_installed_is_named_with_its_extra(
    package: str, extra: str, task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(stages, "find_spec", lambda name: None if name == package else found(name))
    with pytest.raises(CapabilityError, match=rf"{package}, .* pip install driftline\[{extra}\]"):
        build.check(tiny_arena(task, ("gm",)))
    assert run(["demos", "make", task, "--level", "random"]) == 2
    build.check(tiny_arena("cartpole", ("gm",)))


@pytest.mark.parametrize(
    ("name", "agents"),
    [
        ("cartpole-speed", ("gm", "ogm-quantile", "dqn")),
        ("pendulum", ("ogm-guided", "iql")),
        ("lava-gap", ("gm-best", "ogm-quantile")),
        pytest.param("pointmaze-umaze-speed", ("gm", "ogm-quantile"), marks=MAZES),
    ],
)
def test_other_tasks_are_studied_in_the_same_way(
    name: str, agents: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("driftline.experiments.levels.COPIES", 4)  # episodes recorded at once
    shown = LevelConfig("medium", steps=700, held_out=60)
    config = replace(tiny_arena(name, agents), demonstrations=shown)
    root = begun(tmp_path / name, config)
    assert resume(root, workers=1) == 0
    summary = json.loads((root / "summary.json").read_text())
    assert set(summary["agents"]) == set(agents)
    assert name in (root / "report.html").read_text()
    played = read_episodes(run_path(root, agents[1], 0))
    hidden = config.world.proxy is not None  # type: ignore[union-attr]
    assert np.array_equal(played.hidden_rewards, played.trajectories.rewards) != hidden
    assert set(played.flags) == set(build.behaviours(config.world))


def test_a_robot_that_nobody_can_demonstrate_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(levels, "FOLDER", tmp_path)
    config = presets.study("hopper")
    assert isinstance(config, StudyConfig)
    with pytest.raises(SettingsError, match="hopper has no behaviour policies"):
        build.check(config)
    build.check(tiny_arena())


@MAZES
def test_a_maze_that_only_chance_goes_through_is_refused_at_once() -> None:
    config = presets.study("antmaze-umaze")
    assert isinstance(config, StudyConfig)
    with pytest.raises(SettingsError, match=r"nobody demonstrates antmaze-umaze.* --level random"):
        build.check(config)
    build.check(tiny_arena("antmaze-umaze"))


def test_worlds_that_remember_are_not_judged_in_the_middle() -> None:
    whole = presets.study("friend-foe-friend")
    assert isinstance(whole, StudyConfig)
    with pytest.raises(SettingsError, match="remembers over 8 episodes"):
        replace(whole, rounds=replace(whole.rounds, judging=Judging()))
    with pytest.raises(SettingsError, match="leave judging and steps_per_round out"):
        replace(whole, rounds=replace(whole.rounds, steps_per_round=500))


def test_onsets_are_told_in_steps_too_where_runs_end_at_their_steps(studied: Path) -> None:
    results = load(studied, tiny_arena())
    measures = results.agents["gm"]
    steps = measures.rounds["environment_steps"]
    assert steps_before(measures, 0.0) == 0
    assert steps_before(measures, 1.0) == round(steps[0]) > 0
    assert since(results, "gm", 1.0) == f"from round 1, after {round(steps[0]):,} steps"
    assert since(results, "gm", 0.0) == "from the first round"
    unended = replace(results.config, rounds=replace(results.config.rounds, steps=None))
    assert since(replace(results, config=unended), "gm", 1.0) == "from round 1"
