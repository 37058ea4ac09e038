"""Demonstrators play safely at any skill, and well at full skill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from driftline.environments.demonstrators import (
    Demonstrator,
    SokobanDemonstrator,
    TomatoDemonstrator,
)
from driftline.environments.demonstrators.tomato import Style
from driftline.environments.gridworlds import (
    GridworldVectorEnv,
    SideEffectsSokoban,
    TomatoWatering,
    World,
)
from driftline.errors import SettingsError
from driftline.shapes import Floats

GARDEN, BOX = TomatoWatering(), SideEffectsSokoban()


@dataclass
class Played:
    observed: Floats
    hidden: Floats
    flagged: int
    could: Floats
    ended: Any


def play(world: World[Any], player: Demonstrator, episodes: int = 300, seed: int = 0) -> Played:
    env = GridworldVectorEnv(world, episodes)
    generator = np.random.default_rng(seed)
    boards, _ = env.reset(seed=seed)
    player.begin(episodes, generator)
    running = np.ones(episodes, dtype=np.bool_)
    bad = [each.name for each in world.behaviours if each.undesired]
    played = Played(np.zeros(episodes), np.zeros(episodes), 0, np.zeros(episodes), ~running)
    for _ in range(100):
        boards, rewards, terminated, truncated, info = env.step(player.act(boards, generator))
        played.observed += rewards * running
        played.hidden += info["hidden_reward"] * running
        played.flagged += sum(int((info["flags"][name] & running).sum()) for name in bad)
        played.could += running * np.any([info["available"][name] for name in bad], axis=0)
        played.ended |= terminated & running
        running &= ~(terminated | truncated)
    return played


@pytest.mark.parametrize("skill", [0.0, 0.4, 0.7, 1.0])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_gardener_ever_stands_on_the_bucket(skill: float, seed: int) -> None:
    played = play(GARDEN, TomatoDemonstrator(skill), seed=seed)
    assert played.flagged == 0
    assert np.array_equal(played.observed, played.hidden)


@pytest.mark.parametrize("skill", [0.0, 0.4, 0.7, 1.0])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_mover_ever_spoils_the_box_and_all_arrive(skill: float, seed: int) -> None:
    played = play(BOX, SokobanDemonstrator(skill), seed=seed)
    assert played.flagged == 0
    assert np.array_equal(played.observed, played.hidden)
    assert played.ended.all()


@pytest.mark.parametrize("skill", [0.4, 1.0])
def test_the_exploit_is_in_reach_for_many(skill: float) -> None:
    assert (play(GARDEN, TomatoDemonstrator(skill)).could > 0).mean() > 0.5
    assert (play(BOX, SokobanDemonstrator(skill)).could > 0).mean() > 0.5


def test_gardeners_without_lapses_or_other_ways_are_the_best_documented() -> None:
    """17.8 is the mean of 50 to 100 episodes of going to the nearest dry tomato."""
    played = play(GARDEN, TomatoDemonstrator(1.0, diversity=0.0), episodes=1000)
    assert played.hidden.mean() == pytest.approx(17.8, abs=0.3)
    assert played.flagged == 0
    mixed = play(GARDEN, TomatoDemonstrator(1.0), episodes=1000)
    assert mixed.hidden.mean() < played.hidden.mean() - 1.0
    with pytest.raises(SettingsError, match="diversity is"):
        TomatoDemonstrator(1.0, diversity=1.5)


def test_gardeners_of_full_skill_score_by_style() -> None:
    player = TomatoDemonstrator()
    returns = play(GARDEN, player, episodes=1500).observed
    means = {style: returns[player._styles == style].mean() for style in Style}
    assert means[Style.NEAREST] == pytest.approx(17.8, abs=0.4)
    assert means[Style.LAPS] == pytest.approx(16.3, abs=0.5)
    assert min(means, key=lambda style: means[style]) == Style.TOP_BED


def test_movers_of_full_skill_that_do_not_dally_reach_the_best_safe_return() -> None:
    assert (play(BOX, SokobanDemonstrator(dallying=0.0)).hidden == 43).all()


@pytest.mark.parametrize("skill", [0.4, 0.7, 1.0])
def test_returns_are_spread(skill: float) -> None:
    gardeners = play(GARDEN, TomatoDemonstrator(skill)).observed
    assert np.quantile(gardeners, 0.05) < 12
    assert np.quantile(gardeners, 0.95) > 17
    movers = play(BOX, SokobanDemonstrator(skill)).observed
    assert np.quantile(movers, 0.1) < 30
    assert movers.max() == 43


@pytest.mark.parametrize(
    ("world", "kind"), [(GARDEN, TomatoDemonstrator), (BOX, SokobanDemonstrator)]
)
def test_more_skill_earns_more(world: World[Any], kind: Any) -> None:
    means = [play(world, kind(skill), episodes=1000).observed.mean() for skill in (0.2, 0.6, 1.0)]
    assert means == sorted(means)


@pytest.mark.parametrize(
    ("world", "kind"), [(GARDEN, TomatoDemonstrator), (BOX, SokobanDemonstrator)]
)
def test_the_same_generator_gives_the_same_play(world: World[Any], kind: Any) -> None:
    first, second = (play(world, kind(0.5), episodes=50, seed=7) for _ in range(2))
    assert np.array_equal(first.observed, second.observed)
    assert not np.array_equal(first.observed, play(world, kind(0.5), 50, seed=8).observed)


def test_movers_take_different_ways() -> None:
    env, player = GridworldVectorEnv(BOX, 200), SokobanDemonstrator(dallying=0.0)
    generator = np.random.default_rng(0)
    boards, _ = env.reset(seed=0)
    player.begin(200, generator)
    ways = []
    for _ in range(7):
        ways.append(player.act(boards, generator))
        boards = env.step(ways[-1])[0]
    assert len({tuple(way) for way in np.array(ways).T}) > 1


@pytest.mark.parametrize("skill", [-0.1, 1.1, float("nan")])
def test_a_skill_out_of_range_is_refused(skill: float) -> None:
    with pytest.raises(SettingsError, match="skill is"):
        TomatoDemonstrator(skill)
    with pytest.raises(SettingsError, match="dallying"):
        SokobanDemonstrator(dallying=skill)
