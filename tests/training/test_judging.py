"""Judging plays apart: by the likeliest actions, without a trace in what is learnt or drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from driftline.conditioning.fixed import FixedReturn
from driftline.errors import SettingsError
from driftline.records.events import Judged, RoundEnded
from driftline.training.judging import Judging, judge
from driftline.training.rounds import RoundSettings, run_rounds
from tests.training.learners import COPIES, ONLINE, online, timeless, world

SETTINGS = RoundSettings(5, COPIES, judging=Judging(steps=100, episodes=4))


def played(settings: RoundSettings) -> list[Any]:
    return list(run_rounds(online(), world(), settings, 7))


def test_an_agent_is_judged_at_first_every_so_many_steps_and_at_last() -> None:
    events = played(SETTINGS)
    judged = [each for each in events if isinstance(each, Judged)]
    steps = [each.environment_steps for each in events if isinstance(each, RoundEnded)]
    before = [0, *steps[:-1]]
    due = [
        number
        for number, (one, other) in enumerate(zip(before, steps, strict=True))
        if one // 100 < other // 100 or number == 4
    ]
    assert 1 < len(due) < 5  # or nothing is told apart
    assert [each.environment_steps for each in judged] == [0, *(steps[each] for each in due)]
    assert [each.round for each in judged] == [0, *due]
    assert {len(each.returns) for each in judged} == {4}
    place = [type(each).__name__ for each in events[:2]]
    assert place == ["RoundCollected", "Judged"]
    assert isinstance(events[-1], RoundEnded)  # the learner is stored once it is over


def test_the_last_judgement_is_of_what_was_learnt_last() -> None:
    learner = online()
    events = list(run_rounds(learner, world(), SETTINGS, 7))
    (*_, last) = (each for each in events if isinstance(each, Judged))
    again = judge(learner, world(), Judging(steps=100, episodes=4), 7, 4, last.environment_steps)
    assert again.returns == last.returns


def test_nothing_else_is_changed_by_it() -> None:
    others = [each for each in played(SETTINGS) if not isinstance(each, Judged)]
    assert timeless(others) == timeless(played(replace(SETTINGS, judging=None)))


def test_the_likeliest_actions_are_taken_and_the_return_is_what_it_is_judged_by() -> None:
    # Within what was ever trained on, whatever the target itself refers to.
    learner = online(replace(ONLINE, judged_by=FixedReturn(1.0)))
    agent: Any = learner.judged()
    environment = world()
    seen, _ = environment.reset(seed=0)
    agent.begin(COPIES, 0)
    for _ in range(3):
        actions = agent.act(seen)
        assert np.array_equal(actions, agent.distributions.argmax(1))
        seen, rewards, *_ = environment.step(actions)
        agent.receive(rewards)
    assert agent.target == FixedReturn(1.0)


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(SettingsError, match="every 1 step or more"):
        Judging(steps=0)
