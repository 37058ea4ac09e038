"""What must hold of the presets whatever their numbers: names, pairs, controls, budgets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from driftline.errors import DriftlineError, SettingsError, UnknownNameError
from driftline.experiments import build, presets
from driftline.experiments.arenas import presets as arena_presets
from driftline.experiments.arenas.presets import left_out
from driftline.experiments.config import FrozenSettings
from driftline.experiments.names import BUDGETS, CONTROL, WORLD_AGENTS, WORLDS
from driftline.experiments.world_settings import world_settings
from driftline.training.finetune import FineTuneSettings
from driftline.training.kl_penalty import FixedPenalty


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("name", WORLDS)
def test_a_study_has_every_agent_that_can_be_named_and_one_control(name: str, budget: str) -> None:
    config = presets.study(name, budget)
    assert (config.name, config.budget) == (name, budget)
    assert [agent.name for agent in config.agents if not agent.control] == list(WORLD_AGENTS)
    controls = [CONTROL] if world_settings(name).hidden else []
    assert [agent.name for agent in config.agents if agent.control] == controls
    assert len(set(config.seeds)) == len(config.seeds)
    assert not config.world.honest


@pytest.mark.parametrize("name", WORLDS)
def test_there_is_a_control_where_the_hidden_reward_is_another(name: str) -> None:
    config = presets.study(name)
    draw, played = np.random.default_rng(0), build.environment(config.world, 64)
    played.reset(seed=0)
    differs = False
    for _ in range(300):
        actions = draw.integers(0, played.single_action_space.n, played.num_envs)
        _, reward, _, _, told = played.step(actions)
        differs |= bool((told["hidden_reward"] != reward).any())
    assert differs == world_settings(name).hidden


@pytest.mark.parametrize("name", [name for name in WORLDS if world_settings(name).hidden])
def test_the_control_learns_exactly_as_the_agent_it_is_held_against(name: str) -> None:
    agents = {agent.name: agent for agent in presets.study(name).agents}
    control = agents[CONTROL]
    assert replace(control, name="ogm-quantile", control=False) == agents["ogm-quantile"]


@pytest.mark.parametrize("name", WORLDS)
def test_the_fine_tuned_differ_in_their_penalty_alone(name: str) -> None:
    agents = {agent.name: agent.learner for agent in presets.study(name).agents}
    plain, bound = agents["finetune"], agents["finetune-kl"]
    assert isinstance(plain, FineTuneSettings)
    assert isinstance(bound, FineTuneSettings)
    assert plain.kl_penalty == FixedPenalty(0.0)
    assert bound.kl_penalty.coefficient > 0.0
    assert replace(bound, kl_penalty=FixedPenalty(0.0)) == plain
    assert all(isinstance(agents[each], FrozenSettings) for each in ("gm", "gm-quantile"))


@pytest.mark.parametrize("name", WORLDS)
def test_a_bigger_budget_measures_more_of_the_same(name: str) -> None:
    smoke, default, full = (presets.study(name, budget) for budget in ("smoke", "default", "full"))

    def work(config: object) -> int:
        return config.rounds.rounds * config.rounds.episodes_per_round * len(config.seeds)

    assert work(smoke) < work(default) < work(full)
    assert len(default.seeds) >= 10
    assert smoke.agents == default.agents == full.agents
    assert smoke.thresholds == default.thresholds == full.thresholds
    assert smoke.model == default.model == full.model


def test_the_study_of_targets_is_small_enough_to_try_and_can_be_larger() -> None:
    smoke, default, full = (presets.study("targets", budget) for budget in BUDGETS)
    assert len(smoke.seeds) <= len(default.seeds) < len(full.seeds)
    assert smoke.exact.worlds < default.exact.worlds == full.exact.worlds == 50
    assert smoke.frontier.study.demonstrations.episodes < 800
    assert default.frontier == full.frontier
    assert presets.study("targets", seeds=2).seeds == (0, 1)
    with pytest.raises(DriftlineError, match="leave --agents out"):
        presets.study("targets", agents=("gm",))


def test_chosen_agents_keep_their_order_and_the_control() -> None:
    config = presets.study("tomato-watering", agents=("ppo", "gm"))
    assert [agent.name for agent in config.agents] == ["gm", "ppo", CONTROL]
    assert presets.study("tomato-watering", seeds=3).seeds == (0, 1, 2)


@pytest.mark.parametrize(
    "options",
    [
        {"name": "moon"},
        {"name": "tomato-watering", "budget": "big"},
        {"name": "tomato-watering", "agents": ("gm", "sac")},
    ],
)
def test_unknown_names_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown (study|budget|agent)"):
        presets.study(**options)


def test_no_seeds_are_refused() -> None:
    with pytest.raises(DriftlineError, match="at least 1 seed"):
        presets.study("tomato-watering", seeds=0)


def test_arenas_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arena_presets, "DEMONSTRATED", ("hopper", "halfcheetah"))
    config = presets.study_in(("pendulum", "hopper"), "control", agents=("gm", "sac"), seeds=2)
    assert [each.name for each in config.worlds] == ["pendulum", "hopper"]
    assert config.seeds == (0, 1)
    assert left_out(config) == ("walker2d", "ant")
    assert left_out(presets.study_in(("pendulum",), "control")) == ()
    assert {agent.name for each in config.worlds for agent in each.agents} == {"gm", "sac"}


@pytest.mark.parametrize(
    ("arenas", "name", "message"),
    [
        (("hopper", "hoper"), "control", "unknown arena 'hoper'"),
        (("ant",), "control", "ant has no demonstrations of level medium, only of random"),
        (("hopper",), "hopper", "hopper has no arenas to choose from"),
    ],
)
def test_arenas_that_cannot_be_are_refused(
    arenas: tuple[str, ...], name: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arena_presets, "DEMONSTRATED", ("hopper", "halfcheetah"))
    with pytest.raises(DriftlineError, match=message):
        presets.study_in(arenas, name)


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("name", ["hopper", "hopper-lean", "hopper-odt", "lava-gap", "cartpole"])
def test_a_level_is_all_that_a_study_of_it_differs_in(name: str, budget: str) -> None:
    usual, expert = presets.study(name, budget), presets.study(name, budget, level="expert")
    level = "random" if budget == "smoke" else "medium"
    shown = expert.demonstrations
    assert (usual.demonstrations.level, shown.level) == (level, "expert")
    assert replace(expert, demonstrations=replace(shown, level=level)) == usual
    assert presets.study(name, budget, level=level) == usual


@pytest.mark.parametrize("name", ["hopper", "walker2d-odt", "pendulum"])
def test_steps_are_all_that_a_longer_study_differs_in(name: str) -> None:
    usual, longer = presets.study(name), presets.study(name, steps=1_000_000)
    assert longer.rounds.steps == 1_000_000
    assert replace(longer, rounds=replace(longer.rounds, steps=usual.rounds.steps)) == usual


def test_no_run_has_played_all_its_rounds_before_its_steps() -> None:
    assert presets.study("pendulum", steps=50_000_000).rounds.rounds == 50_000
    assert presets.study("hopper-odt", steps=5_000_000).rounds.rounds == 500_000


def test_every_arena_has_the_level_and_the_steps() -> None:
    chosen = presets.study("control", level="random", steps=9_000)
    named = presets.study_in(("ant", "pendulum"), "control", level="random", steps=9_000)
    assert [each.name for each in named.worlds] == ["ant", "pendulum"]
    for each in (*chosen.worlds, *named.worlds):
        assert (each.demonstrations.level, each.rounds.steps) == ("random", 9_000)


@pytest.mark.parametrize("name", ["boat-race", "gridworlds", "drift", "entropy", "targets"])
def test_what_is_of_no_task_has_neither_level_nor_steps(name: str) -> None:
    with pytest.raises(SettingsError, match="scripted and of no level; leave --level out"):
        presets.study(name, level="medium")
    with pytest.raises(SettingsError, match="in rounds and not in steps; leave --steps out"):
        presets.study(name, steps=1_000)
