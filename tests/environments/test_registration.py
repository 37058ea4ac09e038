"""The names in Gymnasium's registry make environments that Gymnasium accepts."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import SyncVectorEnv

import driftline.environments
from driftline.environments.gridworlds import (
    AbsentSupervisor,
    BoatRace,
    ConveyorBelt,
    DistributionalShift,
    FriendFoe,
    GridworldEnv,
    GridworldVectorEnv,
    IslandNavigation,
    RocksDiamonds,
    SafeInterruptibility,
    SideEffectsSokoban,
    TomatoWatering,
    WhiskyGold,
)
from driftline.environments.maze.engine import copies as maze_copies
from driftline.environments.maze.mazes import MAZES, maze
from driftline.environments.minigrid.rooms import ROOMS, room
from driftline.environments.minigrid.rooms import copies as room_copies
from driftline.environments.registration import (
    ENVIRONMENT_IDS,
    MAZE_IDS,
    ROOM_IDS,
    register_environments,
)
from driftline.errors import SettingsError

TOMATO, SOKOBAN = "driftline/TomatoWatering-v0", "driftline/SideEffectsSokoban-v0"
SETTINGS: list[tuple[str, dict[str, Any], Any]] = [
    (TOMATO, {}, TomatoWatering()),
    (TOMATO, {"bucket": "honest"}, TomatoWatering(bucket="honest")),
    (SOKOBAN, {}, SideEffectsSokoban()),
    (SOKOBAN, {"level": 2, "noops": True}, SideEffectsSokoban(level=2, noops=True)),
    ("driftline/BoatRace-v0", {}, BoatRace()),
    ("driftline/AbsentSupervisor-v0", {}, AbsentSupervisor()),
    ("driftline/AbsentSupervisor-v0", {"supervisor": False}, AbsentSupervisor(supervisor=False)),
    ("driftline/SafeInterruptibility-v0", {}, SafeInterruptibility()),
    ("driftline/SafeInterruptibility-v0", {"level": 2}, SafeInterruptibility(level=2)),
    ("driftline/ConveyorBelt-v0", {}, ConveyorBelt()),
    ("driftline/ConveyorBelt-v0", {"variant": "sushi_goal"}, ConveyorBelt("sushi_goal")),
    ("driftline/RocksDiamonds-v0", {}, RocksDiamonds()),
    ("driftline/RocksDiamonds-v0", {"level": 1}, RocksDiamonds(level=1)),
    ("driftline/DistributionalShift-v0", {}, DistributionalShift()),
    ("driftline/DistributionalShift-v0", {"is_testing": True}, DistributionalShift(True)),
    ("driftline/FriendFoe-v0", {}, FriendFoe()),
    ("driftline/FriendFoe-v0", {"bandit_type": "friend"}, FriendFoe("friend")),
    ("driftline/IslandNavigation-v0", {}, IslandNavigation()),
    ("driftline/WhiskyGold-v0", {}, WhiskyGold()),
    ("driftline/WhiskyGold-v0", {"human_player": True}, WhiskyGold(human_player=True)),
]


@pytest.mark.parametrize(("name", "settings", "world"), SETTINGS)
def test_the_checker_of_gymnasium_is_content(
    name: str, settings: dict[str, Any], world: Any
) -> None:
    env = gymnasium.make(name, **settings).unwrapped
    assert isinstance(env, GridworldEnv)
    assert env.world == world
    check_env(env)


@pytest.mark.parametrize(("name", "settings", "world"), SETTINGS)
def test_many_copies_are_made_by_the_engine(
    name: str, settings: dict[str, Any], world: Any
) -> None:
    env = gymnasium.make_vec(name, 4, vectorization_mode="vector_entry_point", **settings)
    assert isinstance(env, GridworldVectorEnv)
    assert (env.num_envs, env.world) == (4, world)
    boards, _ = env.reset(seed=0)
    assert boards in env.observation_space
    assert env.action_space.sample().shape == (4,)


@pytest.mark.parametrize("name", ENVIRONMENT_IDS)
def test_the_engine_agrees_with_gymnasiums_own_vector_of_single_environments(name: str) -> None:
    ours = gymnasium.make_vec(name, 1)
    theirs = gymnasium.make_vec(name, 1, vectorization_mode="sync")
    actions = np.random.default_rng(0).integers(4, size=(130, 1))
    assert np.array_equal(ours.reset(seed=5)[0], theirs.reset(seed=5)[0])
    for action in actions:
        left, right = ours.step(action), theirs.step(action)
        assert all(np.array_equal(a, b) for a, b in zip(left[:4], right[:4], strict=True))
        assert left[4]["hidden_reward"] == right[4]["hidden_reward"]
        for name_ in left[4]["flags"]:
            assert left[4]["flags"][name_] == right[4]["flags"][name_]
    theirs.close()


@pytest.mark.parametrize("name", ENVIRONMENT_IDS)
def test_single_environments_render_both_ways(name: str) -> None:
    picture = gymnasium.make(name, render_mode="rgb_array")
    text = gymnasium.make(name, render_mode="ansi")
    picture.reset(seed=0)
    text.reset(seed=0)
    image: Any = picture.render()
    assert image.dtype == np.uint8
    assert image.ndim == 3
    assert "A" in str(text.render())


def assert_played_alike(environment_id: str, studied: SyncVectorEnv) -> None:
    """As studies play it: seen, paid and told of likewise, when made by name."""
    alike = SyncVectorEnv([lambda: gymnasium.make(environment_id)])
    assert alike.single_observation_space == studied.single_observation_space
    assert alike.single_action_space == studied.single_action_space
    assert np.array_equal(alike.reset(seed=5)[0], studied.reset(seed=5)[0])
    studied.action_space.seed(0)
    for _ in range(20):
        actions = studied.action_space.sample()
        left, right = alike.step(actions), studied.step(actions)
        assert all(np.array_equal(a, b) for a, b in zip(left[:4], right[:4], strict=True))
        assert left[4]["hidden_reward"] == right[4]["hidden_reward"]
        assert left[4]["flags"] == right[4]["flags"]


def test_every_room_is_made_by_its_name() -> None:
    pytest.importorskip("minigrid", reason="rooms need driftline[minigrid]")
    assert set(ROOM_IDS) == set(ROOMS)
    for name, environment_id in ROOM_IDS.items():
        assert_played_alike(environment_id, room_copies(room(name), 1))


def test_every_maze_is_made_by_its_name() -> None:
    pytest.importorskip("gymnasium_robotics", reason="mazes need driftline[maze]")
    assert set(MAZE_IDS) == set(MAZES)
    for name, environment_id in MAZE_IDS.items():
        assert_played_alike(environment_id, maze_copies(maze(name), 1))


def test_info_of_a_single_environment_is_scalars() -> None:
    env = gymnasium.make(SOKOBAN)
    env.reset(seed=0)
    _, reward, terminated, truncated, info = env.step(1)
    assert (reward, terminated, truncated) == (-1.0, False, False)
    assert info["hidden_reward"] == -11.0
    assert info["flags"] == {
        "box_into_corner": True,
        "box_onto_wall": False,
        "box_penalised": True,
        "goal": False,
    }
    assert info["available"]["box_into_corner"] is True


def test_an_ended_episode_takes_no_steps() -> None:
    env = gymnasium.make(TOMATO).unwrapped
    with pytest.raises(SettingsError, match="call reset"):
        env.step(0)
    env.reset(seed=0)
    for _ in range(100):
        env.step(0)
    with pytest.raises(SettingsError, match="call reset"):
        env.step(0)


def test_settings_that_do_not_exist_are_refused() -> None:
    with pytest.raises(SettingsError, match="levels 0 to 3"):
        gymnasium.make(SOKOBAN, level=9)
    program = f"""
import driftline.environments, driftline.errors, gymnasium
try:
    gymnasium.make({TOMATO!r}, bucket="empty")
except driftline.errors.UnknownNameError as refusal:
    print(refusal)
"""
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert b"unknown bucket 'empty'; the buckets are deluded, corrupt, honest" in said.stdout


def test_registering_twice_is_silent() -> None:
    before = dict(gymnasium.registry)
    register_environments()
    assert gymnasium.registry == before


def test_every_registered_world_is_tried_here() -> None:
    assert {name for name, _, _ in SETTINGS} == set(ENVIRONMENT_IDS)


@pytest.mark.parametrize(("name", "settings", "world"), SETTINGS)
def test_each_behaviour_is_declared(name: str, settings: dict[str, Any], world: Any) -> None:
    names = [spec.name for spec in world.behaviours]
    assert len(set(names)) == len(names)
    assert all(spec.description for spec in world.behaviours)
    assert driftline.environments.BehaviourSpec("a", "b").undesired


def test_registration_loads_no_world() -> None:
    program = (
        "import sys, driftline.environments, gymnasium;"
        f"assert {TOMATO!r} in gymnasium.registry;"
        "assert not [n for n in sys.modules if n.startswith('driftline.environments.gridworlds')];"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
