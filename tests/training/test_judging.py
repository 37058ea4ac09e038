"""Judging plays apart: by the likeliest actions, without a trace in what is learnt or drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from driftline.conditioning.fixed import FixedReturn
from driftline.errors import SettingsError
from driftline.records.events import Judged, RoundEnded
from driftline.training.judging import Judging
from driftline.training.rounds import RoundSettings, run_rounds
from tests.training.learners import COPIES, ONLINE, online, timeless, world

SETTINGS = RoundSettings(5, COPIES, judging=Judging(every=3, episodes=4))


def played(settings: RoundSettings) -> list[Any]:
    return list(run_rounds(online(), world(), settings, 7))


def test_an_agent_is_judged_before_it_learns_every_so_many_rounds_and_in_the_last() -> None:
    events = played(SETTINGS)
    judged = [each for each in events if isinstance(each, Judged)]
    assert [each.round for each in judged] == [0, 3, 4]
    assert [len(each.returns) for each in judged] == [4, 4, 4]
    steps = [each.environment_steps for each in events if isinstance(each, RoundEnded)]
    assert [each.environment_steps for each in judged] == [0, steps[2], steps[3]]
    place = [type(each).__name__ for each in events[:3]]
    assert place == ["RoundCollected", "Judged", "RoundEnded"]


def test_nothing_else_is_changed_by_it() -> None:
    others = [each for each in played(SETTINGS) if not isinstance(each, Judged)]
    assert timeless(others) == timeless(played(replace(SETTINGS, judging=None)))


def test_the_likeliest_actions_are_taken_and_the_return_is_what_it_is_judged_by() -> None:
    learner = online(replace(ONLINE, judged_by=FixedReturn(1.0, extrapolate=True)))
    agent: Any = learner.judged()
    environment = world()
    seen, _ = environment.reset(seed=0)
    agent.begin(COPIES, 0)
    for _ in range(3):
        actions = agent.act(seen)
        assert np.array_equal(actions, agent.distributions.argmax(1))
        seen, rewards, *_ = environment.step(actions)
        agent.receive(rewards)
    assert agent.target == FixedReturn(1.0, extrapolate=True)


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(SettingsError, match="every 1 round or more"):
        Judging(every=0)
