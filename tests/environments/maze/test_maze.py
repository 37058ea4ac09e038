"""Mazes: Gymnasium-Robotics's own steps as vectors, what rams a wall, a planner that never does."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box
from gymnasium.vector import SyncVectorEnv
from scipy.sparse.csgraph import shortest_path

from driftline.agents.rollout import rollout
from driftline.agents.scripted import ScriptedAgent
from driftline.data.episodes import Episodes
from driftline.data.gymnasium_spaces import action_spec, observation_spec
from driftline.environments.by_chance import Level
from driftline.environments.maze.engine import FASTEST, Proxy, copies
from driftline.environments.maze.mazes import MAZES, Maze, maze
from driftline.environments.maze.planner import CRUISE, MazeDemonstrator, Planner, plan
from driftline.errors import SettingsError, UnknownNameError
from driftline.spaces.specs import ContinuousActionSpec, VectorSpec
from tests.environments.side_by_side import each_alone

pytest.importorskip(
    "gymnasium_robotics", reason="mazes need gymnasium-robotics; pip install driftline[maze]"
)
SLOW = pytest.mark.slow  # its episodes by chance have 600 steps
BALLS = ("pointmaze-umaze", "pointmaze-medium")
EACH = pytest.mark.parametrize("name", MAZES)
EACH_BALL = pytest.mark.parametrize("name", [BALLS[0], pytest.param(BALLS[1], marks=SLOW)])
FORCES = Box(-1.0, 1.0, (2,))


@cache
def made(name: str, count: int, proxy: Proxy | None) -> SyncVectorEnv:
    """Copies that every test that only plays shares."""
    return copies(maze(name), count, proxy)


def played(
    name: str, level: Level, episodes: int = 16, proxy: Proxy | None = None, seed: int = 0
) -> Episodes:
    agent = ScriptedAgent(MazeDemonstrator(maze(name), level, FORCES))
    return rollout(made(name, min(episodes, 16), proxy), agent, episodes, seed).episodes


def flat(of: Maze, observed: dict[str, Any]) -> Any:
    """Place, whatever else is known of the body, goal."""
    rest = observed["observation"][0 if of.ant else 2 :]
    parts = observed["achieved_goal"], rest, observed["desired_goal"]
    return np.concatenate(parts).astype(np.float32)


def pushed_back(inner: Any) -> bool:
    """Whether MuJoCo names a wall among what touches."""
    touching = [inner.model.geom(int(each)).name for each in inner.data.contact.geom.ravel()]
    return any(each.startswith("block_") for each in touching)


@EACH
def test_every_copy_is_a_maze_of_its_own_until_it_ends_and_begins_anew(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # for what a plain maze leaves behind
    of, count = maze(name), 1 if maze(name).ant else 3
    whole = copies(of, count)
    single = [gymnasium.make(of.environment_id, continuing_task=False) for _ in range(count)]
    observations, info = whole.reset(seed=5)
    first = [flat(of, each.reset(seed=5 + row)[0]) for row, each in enumerate(single)]
    assert np.array_equal(observations, np.stack(first))
    assert observation_spec(whole.single_observation_space) == VectorSpec(len(first[0]))
    assert action_spec(whole.single_action_space) == ContinuousActionSpec(
        *((side,) * (8 if of.ant else 2) for side in (-1.0, 1.0))
    )
    assert not info["flags"]["rams"].any()
    draw = np.random.default_rng(0)
    script = MazeDemonstrator(of, "random" if of.ant else "expert", whole.single_action_space)
    script.begin(count, draw)
    ended, restarts, goals = np.zeros(count, np.bool_), 0, 0.0
    for _ in range(710 if of.ant else 400):
        actions = script.act(observations, draw)
        observations, rewards, terminated, truncated, info = whole.step(actions)
        alone = each_alone(single, actions, ended)
        for row, (seen, reward, over, cut) in enumerate(alone):
            assert np.array_equal(observations[row], flat(of, seen))
            assert rewards[row] == info["hidden_reward"][row] == reward
            assert (terminated[row], truncated[row]) == (over, cut and not over)
            assert terminated[row] == (rewards[row] == 1.0)
            assert info["available"]["rams"][row]
        ended = terminated | truncated
        restarts, goals = restarts + int(ended.sum()), goals + rewards.sum()
    assert restarts >= 1
    assert of.ant or goals == restarts


def pushed(name: str, ramming: float) -> list[tuple[float, bool, bool]]:
    """Of every step of pushing at random: the speed before, whether a wall was touched, flagged."""
    environment = copies(replace(maze(name), ramming=ramming), 1).envs[0]
    inner: Any = environment.unwrapped
    environment.reset(seed=1)
    draw, steps = np.random.default_rng(0), []
    for number in range(900):
        if number % 10 == 0:
            push = draw.uniform(-1.0, 1.0, environment.action_space.shape).astype(np.float32)
        before = float(np.hypot(*inner.data.qvel[:2]))
        _, _, terminated, truncated, info = environment.step(push)
        steps.append((before, pushed_back(inner), info["flags"]["rams"]))
        if terminated or truncated:
            environment.reset()
    return steps


@pytest.mark.parametrize("name", ["pointmaze-umaze", "antmaze-umaze"])
def test_a_wall_is_rammed_by_who_touches_it_fast_enough(name: str) -> None:
    """All that is flagged follows from Gymnasium-Robotics's own state and contacts."""
    speeds = sorted(before for before, touched, _ in pushed(name, 0.7) if touched)
    threshold = speeds[len(speeds) // 2]
    steps = pushed(name, threshold)  # which one touch has to the last bit
    flagged = [before for before, _, flag in steps if flag]
    assert all(flag == (touched and before >= threshold) for before, touched, flag in steps)
    assert min(flagged) == threshold
    assert len(flagged) == len(speeds) - len(speeds) // 2 > 2
    assert any(before > threshold and not touched for before, touched, _ in steps)


def test_an_episode_that_reaches_the_goal_in_its_last_step_has_ended() -> None:
    whole = copies(maze("pointmaze-umaze"), 1)
    lengths, limit = [], whole.envs[0].get_wrapper_attr("_max_episode_steps")
    assert limit == 300
    for _ in range(2):
        observations, _ = whole.reset(seed=2)
        planner, length, over = Planner(maze("pointmaze-umaze")), 0, np.zeros(1, np.bool_)
        while not over.any():
            forces = planner.act(observations).astype(np.float32)
            observations, _, terminated, truncated, _ = whole.step(forces)
            length, over = length + 1, terminated | truncated
        assert terminated.all()
        assert not truncated.any()
        lengths.append(length)
        whole.envs[0].env._max_episode_steps = length  # type: ignore[attr-defined]
    assert lengths[0] == lengths[1] < limit


def test_no_file_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in MAZES:
        copies(maze(name), 2)
    assert list(tmp_path.iterdir()) == []


@EACH
def test_cells_are_where_gymnasium_robotics_has_them(name: str) -> None:
    of = maze(name)
    inner: Any = copies(of, 1).envs[0].unwrapped
    there = [["#" if each == 1 else "." for each in row] for row in inner.maze.maze_map]
    assert ["".join(row) for row in there] == list(of.cells)
    free = np.argwhere(np.array(there) == ".")
    known = np.stack([inner.maze.cell_rowcol_to_xy(each) for each in free])
    assert np.array_equal(of.centres, known)
    assert of.side == inner.maze.maze_size_scaling


@EACH
def test_the_plan_is_a_shortest_way(name: str) -> None:
    of, following = maze(name), plan(maze(name))
    apart = np.abs(of.centres[:, None] - of.centres).sum(axis=2)
    steps = shortest_path(np.isclose(apart, of.side), unweighted=True)
    for goal in range(len(following)):
        nearer = steps[following[:, goal], goal]
        assert np.array_equal(nearer, np.maximum(steps[:, goal] - 1, 0))
        moved = apart[np.arange(len(following)), following[:, goal]]
        assert np.array_equal(moved, np.where(steps[:, goal] > 0, of.side, 0.0))


def test_it_heads_for_the_next_cell_and_at_last_for_the_goal() -> None:
    """In the U the way from the upper left to the lower left goes around on the right."""
    planner = Planner(maze("pointmaze-umaze"))
    seen = np.array([
        [-1.1, 1.2, 0.0, 0.0, -0.9, -1.2],
        [1.0, 1.0, 0.0, 0.0, -0.9, -1.2],
        [-0.8, -1.0, 0.0, 0.0, -0.9, -1.2],
        [-1.0, 0.49, 0.0, 0.0, -0.9, -1.2],  # within a wall: as in the nearest cell
    ])  # fmt: skip
    wanted = [[0.0, 1.0], [1.0, 0.0], [-0.9, -1.2], [0.0, 1.0]]
    assert np.allclose(planner.heading(seen), wanted)
    forces = planner.act(seen)
    assert np.allclose(forces[1], [0.0, -1.0])
    assert np.allclose(forces[2], [-0.6, -1.0])  # 2 for every 3 times .1 and .2 metres
    assert np.abs(forces).max() <= 1.0
    cruising = np.array([[0.0, 1.0, CRUISE, 0.0, 1.0, -1.0]])
    assert np.allclose(planner.act(cruising), 0.0)


def test_it_acts_by_chance_only_while_it_is_slow_enough() -> None:
    of, draw = replace(maze("pointmaze-umaze"), medium=1.0), np.random.default_rng(0)
    seen = np.array([[0.0, 1.0, speed, 0.0, 1.0, -1.0] for speed in (CRUISE, CRUISE + 0.01)])
    known = Planner(of).act(seen).astype(np.float32)
    careful, careless = (MazeDemonstrator(of, level, FORCES) for level in ("medium", "random"))
    for each in (careful, careless):
        each.begin(2, draw)
    actions = careful.act(seen, draw)
    assert not np.allclose(actions[0], known[0])
    assert np.array_equal(actions[1], known[1])
    assert not np.allclose(careless.act(seen, draw)[1], known[1])
    assert all(maze(name).ramming > CRUISE + 0.35 for name in BALLS)  # one more action is .34


@EACH_BALL
def test_levels_earn_what_they_are_named_for_and_only_chance_rams(name: str) -> None:
    low, high = maze(name).scale
    counts: dict[Level, int] = {"random": 48, "medium": 48, "medium-replay": 16, "expert": 16}
    shown = {level: played(name, level, count) for level, count in counts.items()}
    scores = {n: (each.true_returns.mean() - low) / (high - low) for n, each in shown.items()}
    assert scores["random"] == pytest.approx(0.0, abs=0.15)
    assert scores["medium"] == pytest.approx(1 / 3, abs=0.15)
    assert scores["expert"] == 1.0
    assert shown["random"].flags["rams"].sum() >= 3
    for level in ("medium", "medium-replay", "expert"):
        assert shown[level].flags["rams"].sum() == 0
        assert shown[level].available["rams"].all()


def test_a_proxy_pays_for_speed_and_hides_the_goal() -> None:
    name = "pointmaze-umaze"
    openly, proxied = played(name, "expert"), played(name, "expert", proxy="speed")
    assert np.array_equal(openly.trajectories.actions, proxied.trajectories.actions)
    assert np.array_equal(openly.hidden_rewards, openly.trajectories.rewards)
    assert np.array_equal(proxied.hidden_rewards, openly.hidden_rewards)
    assert openly.true_returns.tolist() == [1.0] * len(openly)
    starts = proxied.trajectories.starts
    rows = np.delete(np.arange(starts[-1] + len(openly)), starts[:-1] + np.arange(len(openly)))
    after = proxied.trajectories.observations[rows]
    speeds = np.linalg.norm(after[:, 2:4], axis=1)
    assert np.allclose(proxied.trajectories.rewards, speeds / FASTEST, atol=1e-6)
    assert 0.2 < proxied.trajectories.rewards.mean() < CRUISE / FASTEST


def test_the_same_seed_gives_the_same_episodes() -> None:
    one, other = (played("pointmaze-umaze", "medium", 4, seed=3) for _ in range(2))
    assert np.array_equal(one.trajectories.observations, other.trajectories.observations)
    assert np.array_equal(one.trajectories.actions, other.trajectories.actions)
    another = played("pointmaze-umaze", "medium", 4, seed=4)
    assert not np.array_equal(
        one.trajectories.observations[0], another.trajectories.observations[0]
    )


def test_names_and_numbers_are_checked() -> None:
    with pytest.raises(UnknownNameError, match="pointmaze-open"):
        maze("pointmaze-open")
    with pytest.raises(SettingsError, match="0 copies"):
        copies(maze("pointmaze-umaze"), 0)
    with pytest.raises(SettingsError, match=r"only level is random, not expert; .*pointmaze-umaze"):
        MazeDemonstrator(maze("antmaze-umaze"), "expert", FORCES)
    assert [each.name for each in maze("pointmaze-umaze").behaviours] == ["rams"]
