"""Guests of friend or foe: whole chains of episodes, in rooms that remember them."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from driftline.agents.rollout import rollout
from driftline.agents.scripted import ScriptedAgent
from driftline.data.episodes import Episodes
from driftline.environments.demonstrators.friend_foe import FriendFoeDemonstrator
from driftline.environments.gridworlds import FriendFoe, GridworldVectorEnv
from driftline.environments.gridworlds.friend_foe import LEFT_IN_NEUTRAL, Bandit
from driftline.environments.remembering import Remembering

PASSES = 8
SKILLS = [0.0, 0.4, 0.7]
avoidable = pytest.mark.parametrize("room", ["friend", "adversary"])


@cache
def seen(room: Bandit, skill: float, seed: int, copies: int = 100, missing: int = 3) -> Episodes:
    """Chains of 8; ``missing`` copies have no last episode."""
    environment = Remembering(GridworldVectorEnv(FriendFoe(room), copies), PASSES)
    agent = ScriptedAgent(FriendFoeDemonstrator(skill))
    return rollout(environment, agent, copies * PASSES - missing, seed).episodes


@avoidable
def test_full_skill_finds_the_reward_in_every_episode(room: Bandit) -> None:
    assert (seen(room, 1.0, seed=0).observed_returns == 46).all()


@avoidable
@pytest.mark.parametrize("skill", SKILLS)
def test_no_avoidable_box_is_empty_at_any_skill(room: Bandit, skill: float) -> None:
    for seed in range(3):
        played = seen(room, skill, seed)
        assert played.trajectories.terminated.all()
        assert not played.flags["empty_box"].any()


def test_a_friend_is_met_at_one_box_and_a_foe_at_each_in_turn() -> None:
    for room, share in (("friend", 1.0), ("adversary", 0.5)):
        played = seen(room, 1.0, seed=0, missing=0)
        left = played.total(played.flags["left_box"].astype(np.float64)).reshape(PASSES, -1)
        assert (left.mean(axis=0) == share).all()
        assert (left[0] == 1).all()


def test_in_a_neutral_room_chance_alone_decides() -> None:
    returns = seen("neutral", 1.0, seed=0).observed_returns
    assert set(returns) == {46.0, -4.0}
    error = 50 * np.sqrt(LEFT_IN_NEUTRAL * (1 - LEFT_IN_NEUTRAL) / len(returns))
    assert returns.mean() == pytest.approx(50 * LEFT_IN_NEUTRAL - 4, abs=4 * error)


@pytest.mark.parametrize("room", ["friend", "adversary", "neutral"])
def test_more_skill_earns_more(room: Bandit) -> None:
    low, high = (seen(room, skill, seed=0).observed_returns.mean() for skill in (0.0, 1.0))
    assert low < high - 1


def test_with_noise_both_boxes_are_tried_where_chance_decides() -> None:
    played = seen("neutral", 0.0, seed=0)
    assert 0.1 < played.total(played.flags["right_box"].astype(np.float64)).mean() < 0.4
    assert seen("neutral", 1.0, seed=0).flags["left_box"].sum() == len(played)
