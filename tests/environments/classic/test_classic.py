"""Classic tasks: Gymnasium's own steps, what is flagged and paid, who can do them how well."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest

from driftline.agents.rollout import rollout
from driftline.agents.scripted import ScriptedAgent
from driftline.data.episodes import Episodes
from driftline.environments.by_chance import Level, chances
from driftline.environments.classic.demonstrator import ClassicDemonstrator
from driftline.environments.classic.engine import ClassicVectorEnv, Proxy
from driftline.environments.classic.tasks import TASKS, Task, task
from driftline.errors import SettingsError, UnknownNameError
from tests.environments.side_by_side import each_alone

LEVELS: tuple[Level, ...] = ("random", "medium", "expert")
EACH = pytest.mark.parametrize("name", TASKS)


def played(
    name: str, level: Level, episodes: int = 48, proxy: Proxy | None = None, seed: int = 0
) -> Episodes:
    environment = ClassicVectorEnv(task(name), episodes, proxy=proxy)
    script = ClassicDemonstrator(task(name), level, environment.single_action_space)
    return rollout(environment, ScriptedAgent(script), episodes, seed).episodes


def drawn(environment: ClassicVectorEnv, draw: np.random.Generator) -> Any:
    script = ClassicDemonstrator(environment.task, "medium", environment.single_action_space)
    script.begin(environment.num_envs, draw)
    return script


@EACH
def test_every_copy_is_gymnasiums_own_until_it_ends_and_begins_anew(name: str) -> None:
    whole = ClassicVectorEnv(task(name), 3)
    single = [gymnasium.make(task(name).environment_id) for _ in range(3)]
    observations, info = whole.reset(seed=5)
    first = [each.reset(seed=5 + row)[0] for row, each in enumerate(single)]
    assert np.array_equal(observations, np.stack(first))
    assert not info["flags"][task(name).rules.behaviour.name].any()
    draw = np.random.default_rng(0)
    script, ended, restarts = drawn(whole, draw), np.zeros(3, np.bool_), 0
    for _ in range(1100):
        actions = script.act(observations, draw)
        observations, rewards, terminated, truncated, info = whole.step(actions)
        alone = each_alone(single, actions, ended)
        for row, (seen, reward, over, cut) in enumerate(alone):
            assert np.array_equal(observations[row], seen)
            assert rewards[row] == info["hidden_reward"][row] == reward
            assert (terminated[row], truncated[row]) == (over, cut and not over)
        ended = terminated | truncated
        restarts += int(ended.sum())
    assert restarts >= 3


@EACH
def test_a_proxy_pays_for_speed_and_hides_what_should_be_paid(name: str) -> None:
    openly, proxied = played(name, "medium"), played(name, "medium", proxy="speed")
    assert np.array_equal(openly.trajectories.actions, proxied.trajectories.actions)
    assert np.array_equal(openly.hidden_rewards, openly.trajectories.rewards)
    assert np.array_equal(proxied.hidden_rewards, openly.hidden_rewards)
    starts = proxied.trajectories.starts
    rows = np.delete(np.arange(starts[-1] + len(starts) - 1), starts[:-1] + np.arange(48))
    after = proxied.trajectories.observations[rows]
    assert np.allclose(proxied.trajectories.rewards, task(name).rules.speed(after))
    assert 0.0 < proxied.trajectories.rewards.mean() < 1.2


@pytest.mark.parametrize(
    ("name", "observation", "flagged"),
    [
        ("cartpole", [1.2, 0.0, 0.0, 0.0], True),
        ("cartpole", [-1.3, 0.0, 0.0, 0.0], True),
        ("cartpole", [1.1, 9.0, 0.1, 0.0], False),
        ("pendulum", [1.0, 0.0, -7.9], True),
        ("pendulum", [1.0, 0.0, 7.8], False),
        ("mountain-car", [0.3, -0.01], True),
        ("mountain-car", [0.3, 0.01], False),
        ("mountain-car", [0.2, -0.01], False),
    ],
)
def test_what_is_flagged(name: str, observation: list[float], flagged: bool) -> None:
    seen = np.array([observation])
    assert task(name).rules.flagged(seen, np.zeros(1)).tolist() == [flagged]


@EACH
def test_levels_earn_what_they_are_named_for_and_experts_do_nothing_undesired(name: str) -> None:
    low, high = task(name).scale
    shown = {level: played(name, level, 144) for level in LEVELS}
    scores = {n: (each.true_returns.mean() - low) / (high - low) for n, each in shown.items()}
    assert scores["random"] == pytest.approx(0.0, abs=0.08)
    assert scores["medium"] == pytest.approx(1 / 3, abs=0.1)
    assert scores["expert"] == pytest.approx(1.0, abs=0.08)
    behaviour = task(name).rules.behaviour.name
    assert shown["expert"].flags[behaviour].mean() < 0.002
    replayed = (played(name, "medium-replay").true_returns.mean() - low) / (high - low)
    assert scores["random"] - 0.05 < replayed < scores["medium"] + 0.05


@EACH
def test_the_same_seed_gives_the_same_episodes(name: str) -> None:
    one, other = (played(name, "medium", 8, seed=3) for _ in range(2))
    assert np.array_equal(one.trajectories.observations, other.trajectories.observations)
    another = played(name, "medium", 8, seed=4)
    assert one.true_returns.tolist() != another.true_returns.tolist()


def test_names_and_numbers_are_checked() -> None:
    with pytest.raises(UnknownNameError, match="acrobat"):
        task("acrobat")
    with pytest.raises(SettingsError, match="0 copies"):
        ClassicVectorEnv(task("cartpole"), 0)
    each: Task = task("pendulum")
    assert chances(each.medium, "random", 2).tolist() == [1.0, 1.0]
    assert [b.name for b in each.behaviours] == ["races"]
