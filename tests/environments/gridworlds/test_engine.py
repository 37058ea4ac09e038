"""Laws of the engine that hold in every world."""

from __future__ import annotations

from copy import deepcopy
from itertools import product
from typing import Any
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftline.environments.gridworlds import (
    GridworldVectorEnv,
    SideEffectsSokoban,
    TomatoWatering,
    World,
)
from driftline.environments.gridworlds.layout import DOWN, LEFT, RIGHT, UP
from driftline.errors import DriftlineError, SettingsError, SpaceError
from driftline.shapes import Booleans, Floats, Integers
from tests.environments.gridworlds.worlds import UNSEEN, WORLDS

every_world = pytest.mark.parametrize("world", WORLDS, ids=str)
COPIES = 3


class TabledDraws:
    """Numbers fixed beforehand, ``[frames, copies, 13]``; the player turns the pages.

    An event or choice that each copy has once a frame takes the column that its name says.
    """

    def __init__(self, numbers: Floats) -> None:
        self.numbers, self.frame = numbers, 0

    def events(self, name: str, probability: float, shape: tuple[int, ...]) -> Booleans:
        return self._drawn(name, shape) < probability

    def choices(self, name: str, count: int, shape: tuple[int, ...]) -> Integers:
        return (self._drawn(name, shape) * count).astype(np.int64).clip(max=count - 1)

    def _drawn(self, name: str, shape: tuple[int, ...]) -> Floats:
        page = self.numbers[self.frame]
        column = page[:, crc32(name.encode()) % page.shape[1]]
        return page.reshape(shape) if len(shape) > 1 else column.reshape(shape)


def numbers(frames: int, copies: int = COPIES, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).random((frames, copies, 13))


def actions_of(world: World[Any], steps: int, copies: int = COPIES, seed: int = 1) -> Integers:
    return np.random.default_rng(seed).integers(world.action_count, size=(steps, copies))


def play(
    env: GridworldVectorEnv, actions: Integers, draws: TabledDraws | None = None
) -> list[tuple[Any, ...]]:
    """Every frame: board, reward, terminated, truncated, info, the reset's first."""
    board, info = env.reset(seed=3)
    nothing = np.zeros(env.num_envs)
    frames = [(board, nothing, nothing, nothing, info)]
    for row in actions:
        if draws is not None:
            draws.frame += 1
        frames.append(env.step(row))
    return frames


def play_tabled(world: World[Any], drawn: Floats, actions: Integers) -> list[tuple[Any, ...]]:
    draws = TabledDraws(drawn)
    return play(GridworldVectorEnv(world, drawn.shape[1], draws=draws), actions, draws)


def equal(left: Any, right: Any) -> bool:
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(equal(left[k], right[k]) for k in left)
    if isinstance(left, tuple):
        return len(left) == len(right) and all(map(equal, left, right))
    return bool(np.array_equal(left, right, equal_nan=True))


def row(frame: Any, copy: int) -> Any:
    if isinstance(frame, dict):
        return {name: row(value, copy) for name, value in frame.items()}
    if isinstance(frame, tuple):
        return tuple(row(value, copy) for value in frame)
    return frame[copy : copy + 1]


@every_world
def test_copies_do_not_touch_one_another(world: World[Any]) -> None:
    drawn, actions = numbers(116), actions_of(world, 115)
    together = play_tabled(world, drawn, actions)
    for copy in range(COPIES):
        only = slice(copy, copy + 1)
        alone = play_tabled(world, drawn[:, only], actions[:, only])
        for one, all_ in zip(alone, together, strict=True):
            assert equal(one, row(all_, copy))


@every_world
def test_the_same_seed_gives_the_same_play(world: World[Any]) -> None:
    actions = actions_of(world, 115)
    first, second = (play(GridworldVectorEnv(world, COPIES), actions) for _ in range(2))
    assert all(map(equal, first, second))


def test_another_seed_gives_another_play() -> None:
    env = GridworldVectorEnv(TomatoWatering(), 64)
    first, _ = env.reset(seed=1)
    second, _ = env.reset(seed=2)
    third, _ = env.reset()
    assert not np.array_equal(first, second)
    assert not np.array_equal(second, third)


@every_world
def test_an_episode_is_cut_after_a_hundred_actions(world: World[Any]) -> None:
    env = GridworldVectorEnv(world)
    frames = play(env, np.full((201, 1), UP))
    for step, (_, _, terminated, truncated, info) in enumerate(frames[1:], start=1):
        assert not terminated[0]
        assert truncated[0] == (step in (100, 201))
        assert (info["actual_action"][0] == -1) == (step == 101)


@every_world
@pytest.mark.parametrize("ignored", [UP, RIGHT])
def test_the_step_after_the_last_is_a_first_frame(world: World[Any], ignored: int) -> None:
    drawn = numbers(102, copies=1)
    moves = np.append(np.full(100, UP), ignored)[:, None]
    board, rewards, terminated, truncated, info = play_tabled(world, drawn, moves)[-1]
    first, first_info = GridworldVectorEnv(world, draws=TabledDraws(drawn[101:])).reset()
    assert np.array_equal(board, first)
    assert equal(info, first_info)
    assert (rewards[0], terminated[0], truncated[0]) == (0.0, False, False)


def test_a_goal_on_the_last_action_is_an_end_and_not_a_cut() -> None:
    solution = [LEFT, DOWN, RIGHT, DOWN, RIGHT, DOWN, RIGHT]
    env = GridworldVectorEnv(SideEffectsSokoban())
    frames = play(env, np.array([UP] * 93 + solution)[:, None])
    _, rewards, terminated, truncated, _ = frames[100]
    assert (rewards[0], terminated[0], truncated[0]) == (49.0, True, False)
    assert not any(frame[2][0] or frame[3][0] for frame in frames[1:100])
    assert sum(frame[1][0] for frame in frames) == -100 + 50


@every_world
@settings(max_examples=5)
@given(seed=st.integers(0, 2**32 - 1))
def test_frames_keep_their_promises(world: World[Any], seed: int) -> None:
    env = GridworldVectorEnv(world, 3)
    names = {behaviour.name for behaviour in world.behaviours}
    for board, rewards, terminated, truncated, info in play(env, actions_of(world, 30, 3, seed)):
        assert board in env.observation_space
        assert board.dtype == np.uint8
        agents = (board == world.tiles.code("A")).sum(axis=(1, 2))
        assert ((agents == 1) | ((agents == 0) & isinstance(world, UNSEEN))).all()
        assert np.isfinite(rewards).all()
        assert info["hidden_reward"].dtype == np.float64
        assert not (terminated.astype(bool) & truncated.astype(bool)).any()
        assert info["flags"].keys() == info["available"].keys() == names
        for name in names:
            assert (info["available"][name] | ~info["flags"][name]).all()


@every_world
def test_available_means_that_some_action_does_it(world: World[Any]) -> None:
    copies = 300
    env = GridworldVectorEnv(world, copies)
    env.reset(seed=0)
    before = {each.name for each in world.behaviours if each.decided_before}
    settled = dict.fromkeys(before, np.zeros(copies, np.bool_))
    once = {each.name for each in world.behaviours if each.once}
    shown = dict.fromkeys(once, np.zeros(copies, np.bool_))
    for actions in actions_of(world, 30, copies):
        could = {**done_by_some_action(world, env.state, copies), **settled}
        if before:
            later = [done_by_some_action(world, each, copies) for each in after(world, env, copies)]
            settled = {name: np.any([each[name] for each in later], axis=0) for name in before}
        info = env.step(actions)[4]
        running = info["actual_action"] >= 0
        for name, said in info["available"].items():
            real = could[name] & running
            if name in once:  # afterwards a chance may count no longer, but what was done does
                assert not (said & ~real).any()
                assert not (info["flags"][name] & ~said).any()
                assert np.array_equal(said[~shown[name]], real[~shown[name]])
                shown[name] = (shown[name] | info["flags"][name]) & running
            else:
                assert np.array_equal(said, real)


def done_by_some_action(world: World[Any], state: Any, copies: int) -> dict[str, Any]:
    """By behaviour, whether some action does it now, whatever chance brings."""
    chances = [TabledDraws(np.full((1, copies, 13), number)) for number in (0.0, 1.0)]
    could = {behaviour.name: np.zeros(copies, np.bool_) for behaviour in world.behaviours}
    for action, chance in product(range(world.action_count), chances):
        outcome = world.advance(deepcopy(state), np.full(copies, action), chance)
        for name, done in outcome.flags.items():
            could[name] |= done
    return could


def after(world: World[Any], env: GridworldVectorEnv, copies: int) -> list[Any]:
    """The state after each action, for a world in which nothing is left to chance."""
    states = [deepcopy(env.state) for _ in range(world.action_count)]
    for action, state in enumerate(states):
        world.advance(state, np.full(copies, action), TabledDraws(np.zeros((1, copies, 13))))
    return states


@every_world
def test_what_was_returned_is_never_written_to_again(world: World[Any]) -> None:
    env = GridworldVectorEnv(world, COPIES)
    kept, copies = [], []
    for frame in play(env, actions_of(world, 5)):
        kept.append(frame)
        copies.append(deepcopy(frame))
    for step in actions_of(world, 110, seed=2):
        env.step(step)
    assert all(map(equal, kept, copies))


@every_world
def test_the_actions_given_are_left_alone(world: World[Any]) -> None:
    env = GridworldVectorEnv(world, COPIES)
    env.reset(seed=0)
    actions = np.full(COPIES, UP)
    for _ in range(102):
        env.step(actions)
    assert (actions == UP).all()


@every_world
def test_some_copies_can_be_reset_alone(world: World[Any]) -> None:
    env = GridworldVectorEnv(world, COPIES)
    frames = play(env, actions_of(world, 40))
    mask = np.array([True, False, False])
    boards, info = env.reset(options={"reset_mask": mask})
    assert np.array_equal(boards[~mask], frames[-1][0][~mask])
    assert (info["actual_action"] == -1).all()
    walls = np.full(COPIES, UP)
    ends = [env.step(walls)[3] for _ in range(100)]
    assert np.flatnonzero(np.array(ends)[:, 0]).tolist() == [99]


def test_a_finished_copy_that_was_reset_plays_its_next_action() -> None:
    env = GridworldVectorEnv(SideEffectsSokoban(), 2)
    play(env, np.full((100, 2), UP))
    env.reset(options={"reset_mask": np.array([True, False])})
    _, _, _, _, info = env.step(np.array([LEFT, LEFT]))
    assert info["actual_action"].tolist() == [LEFT, -1]


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        (np.array([0, 4]), "action 4 was given; this world's are 0 to 3"),
        (np.array([-1, 0]), "action -1"),
        (np.array([0, 1, 2]), r"int64\[3\]; give int\[2\]"),
        (np.array([0.0, 1.0]), "float64"),
    ],
)
def test_what_is_no_action_is_refused_and_changes_nothing(actions: Any, words: str) -> None:
    env = GridworldVectorEnv(TomatoWatering(), 2)
    env.reset(seed=0)
    before = deepcopy(env.state)
    with pytest.raises(SpaceError, match=words):
        env.step(actions)
    assert np.array_equal(env.state.agents, before.agents)


def test_misuse_is_refused() -> None:
    with pytest.raises(SettingsError, match="at least 1"):
        GridworldVectorEnv(TomatoWatering(), 0)
    with pytest.raises(SettingsError, match="render mode"):
        GridworldVectorEnv(TomatoWatering(), render_mode="human")
    with pytest.raises(SettingsError, match="call reset"):
        GridworldVectorEnv(TomatoWatering()).step(np.array([0]))
    env = GridworldVectorEnv(TomatoWatering(), 2)
    env.reset()
    with pytest.raises(DriftlineError, match="reset_mask"):
        env.reset(options={"reset_mask": np.array([True])})


@every_world
def test_frames_are_rendered_per_copy(world: World[Any]) -> None:
    height, width = world.layout.shape
    env = GridworldVectorEnv(world, 2, render_mode="rgb_array")
    boards, _ = env.reset(seed=0)
    frames = env.render()
    assert frames is not None
    assert [frame.shape for frame in frames] == [(16 * height, 16 * width, 3)] * 2
    assert np.array_equal(frames[0][::16, ::16], world.render_rgb(boards[0]))
    # The original truncates: 599 / 999 * 255 is 152.9.
    assert world.tiles.rgb[world.tiles.code("#")].tolist() == [152] * 3
    text = GridworldVectorEnv(world, 2, render_mode="ansi")
    text.reset(seed=0)
    lines = text.render()
    assert lines is not None
    assert lines[0].count("A") == 1
    assert GridworldVectorEnv(world).render() is None
