"""Chains of episodes that remember one another, and only one another."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import numpy as np
import pytest

from driftline.agents.rollout import rollout
from driftline.agents.scripted import ScriptedAgent
from driftline.environments.gridworlds import FriendFoe, GridworldVectorEnv, TomatoWatering
from driftline.environments.gridworlds.friend_foe import Bandit
from driftline.environments.gridworlds.layout import DOWN, LEFT, RIGHT, UP
from driftline.environments.honest import Honest
from driftline.environments.remembering import Remembering
from driftline.errors import SettingsError
from driftline.experiments import build
from driftline.experiments.config import WorldConfig
from driftline.shapes import Floats, Integers

COPIES, PASSES = 4, 6


class Sides:
    """To one side and up, the sides by turns; every copy starts ``late`` steps after another."""

    def __init__(self, *sides: int, late: int = 0) -> None:
        self.sides, self.late = cycle(sides), late

    def begin(self, episodes: int, generator: np.random.Generator) -> None:
        self.side, self.step = next(self.sides), -self.late * np.arange(episodes)

    def act(self, boards: Any, generator: np.random.Generator) -> Integers:
        # Whoever is done goes for the other box, again and again: nobody may remember that.
        sides = np.where(self.step == 0, self.side, LEFT + RIGHT - self.side)
        way = np.where(self.step % 5 == 0, sides, UP)
        actions = np.where(self.step < 0, DOWN, way)
        self.step = self.step + 1
        return actions


def played(
    environment: Any, script: Sides, episodes: int = COPIES * PASSES, seed: int = 1
) -> tuple[Floats, Integers]:
    """Returns less what waiting cost, ``[passes, copies]``, and the boards."""
    found = rollout(environment, ScriptedAgent(script), episodes, seed).episodes
    waited = script.late * np.tile(np.arange(COPIES), episodes // COPIES)
    returns = found.observed_returns + waited
    return returns.reshape(-1, COPIES), found.trajectories.observations


def chained(room: Bandit, passes: int = PASSES) -> Remembering:
    return Remembering(GridworldVectorEnv(FriendFoe(room), COPIES), passes)


@pytest.mark.parametrize("late", [0, 7])
def test_a_foe_falls_for_alternation_in_every_chain(late: int) -> None:
    environment = chained("adversary")
    for seed in (1, 2):
        assert (played(environment, Sides(LEFT, RIGHT, late=late), seed=seed)[0] == 46).all()


@pytest.mark.parametrize("late", [0, 7])
def test_a_foe_avoids_the_same_side_after_the_first_episode_of_a_chain(late: int) -> None:
    environment = chained("adversary")
    for _ in range(2):
        returns, _ = played(environment, Sides(LEFT, late=late))
        assert returns.tolist() == [[46] * COPIES, *[[-4] * COPIES] * (PASSES - 1)]


def test_in_an_engine_no_episode_of_a_rollout_remembers_another() -> None:
    environment = GridworldVectorEnv(FriendFoe("adversary"), COPIES)
    assert (played(environment, Sides(LEFT))[0] == 46).all()


def test_the_same_seed_gives_the_same_round_again() -> None:
    environment, fresh = chained("neutral"), chained("neutral")
    first, other, again = (played(environment, Sides(LEFT), seed=seed) for seed in (1, 2, 1))
    elsewhere = played(fresh, Sides(LEFT))
    for one, two in ((first, again), (first, elsewhere)):
        assert all(map(np.array_equal, one, two))
    assert not np.array_equal(first[0], other[0])


def frames(environment: Any, seeds: tuple[int | None, ...]) -> list[Any]:
    """The boards of 30 random steps after each reset, one reset with each seed."""
    actions = np.random.default_rng(0).integers(4, size=(len(seeds), 30, COPIES))
    return [
        [environment.reset(seed=seed)[0], *(environment.step(row)[0] for row in rows)]
        for seed, rows in zip(seeds, actions, strict=True)
    ]


def test_a_world_without_memory_changes_nothing_but_the_seeds() -> None:
    plain = GridworldVectorEnv(TomatoWatering(), COPIES)
    wrapped = Remembering(GridworldVectorEnv(TomatoWatering(), COPIES), passes=3)
    ours = frames(wrapped, (1, 2, 3, 4, 5))
    assert np.array_equal(ours, frames(plain, (1, None, None, 4, None)))
    assert not np.array_equal(ours[1], frames(plain, (2,))[0])


def test_one_pass_changes_nothing_at_all() -> None:
    plain = GridworldVectorEnv(FriendFoe(), COPIES)
    wrapped = Remembering(GridworldVectorEnv(FriendFoe(), COPIES), passes=1)
    seeds = (1, 2, None, 3)
    assert np.array_equal(frames(wrapped, seeds), frames(plain, seeds))


def test_resets_without_a_seed_are_no_passes() -> None:
    environment = chained("adversary", passes=2)
    environment.reset(seed=1)
    environment.unwrapped.state.estimates[:] = 0.25  # type: ignore[attr-defined]
    environment.reset()
    environment.reset(options={"reset_mask": np.arange(COPIES) == 0})
    environment.reset(seed=2)
    assert (environment.unwrapped.state.estimates == 0.25).all()  # type: ignore[attr-defined]
    environment.reset(seed=3)
    assert (environment.unwrapped.state.estimates == 0.5).all()  # type: ignore[attr-defined]


def test_chains_need_a_pass() -> None:
    with pytest.raises(SettingsError, match="at least 1 is needed"):
        chained("friend", passes=0)


def test_a_configured_world_has_a_copy_for_every_chain() -> None:
    built = build.environment(WorldConfig("tomato-watering", passes=3), 12)
    honest = build.environment(WorldConfig("tomato-watering", honest=True, passes=3), 12)
    assert isinstance(built, Remembering)
    assert isinstance(honest, Honest)
    assert isinstance(honest.env, Remembering)
    assert built.num_envs == honest.num_envs == 4
    assert not isinstance(build.environment(WorldConfig("tomato-watering"), 12), Remembering)


@pytest.mark.parametrize(("name", "returns"), [("friend", 46), ("foe", -4)])
def test_a_configured_room_remembers_within_a_round(name: str, returns: float) -> None:
    config = WorldConfig(f"friend-foe-{name}", passes=PASSES)
    environment = build.environment(config, COPIES * PASSES)
    for seed in (1, 2):
        found, _ = played(environment, Sides(LEFT), seed=seed)
        assert (found[0] == 46).all()
        assert (found[1:] == returns).all()


def test_chains_that_do_not_come_out_even_are_refused() -> None:
    with pytest.raises(SettingsError, match="10 episodes do not come out even in chains of 3"):
        build.environment(WorldConfig("tomato-watering", passes=3), 10)
