"""One loop for every learner: its events, its totals, what it hands over and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from driftline.errors import SettingsError
from driftline.records.events import RoundCollected, RoundEnded
from driftline.training.learner import Experience
from driftline.training.rounds import RoundSettings, run_rounds
from tests.training.learners import (
    COPIES,
    ONLINE,
    episodes_of,
    frozen,
    online,
    play,
    same_episodes,
    timeless,
    world,
)


def test_every_round_is_collected_and_then_ended() -> None:
    events = play(online(), 3)
    assert [type(each) for each in events] == [RoundCollected, RoundEnded] * 3
    assert [each.round for each in events] == [0, 0, 1, 1, 2, 2]
    assert {each.rounds for each in events} == {3}
    assert [(each.rounds == number).all() for number, each in enumerate(episodes_of(events))]


def test_totals_count_what_was_played_and_learnt() -> None:
    events = play(online(), 3)
    steps = np.cumsum([each.trajectories.steps for each in episodes_of(events)])
    assert [each.environment_steps for each in events] == np.repeat(steps, 2).tolist()
    updates = ONLINE.updates_per_round
    assert [each.gradient_updates for each in events[::2]] == [0, updates, 2 * updates]
    assert [each.gradient_updates for each in events[1::2]] == [
        updates, 2 * updates, 3 * updates,
    ]  # fmt: skip


def test_what_is_said_of_a_round_is_what_its_episodes_say() -> None:
    for event in play(online(), 2)[::2]:
        assert event.episode_count == len(event.episodes) == COPIES
        assert event.observed_return == event.episodes.observed_returns.mean()
        assert event.commanded_return == event.episodes.commanded_returns.mean()
        assert np.isfinite(event.episodes.kl).all()
        assert np.isfinite(event.episodes.kl_previous).all()


def test_a_later_start_plays_the_rounds_that_are_left_as_they_would_have_been() -> None:
    whole = play(frozen(), 3)
    rest = play(frozen(), 3, start=2, steps_before=whole[2].environment_steps)
    assert timeless(rest) == timeless(whole[4:])
    assert same_episodes(episodes_of(rest)[0], episodes_of(whole)[2])


def test_stopping_is_to_ask_for_no_more() -> None:
    learner = online()
    events: Iterator[Any] = run_rounds(learner, world(), RoundSettings(5, COPIES), 7)
    next(events)
    assert learner.gradient_updates == 0
    assert isinstance(next(events), RoundEnded)
    assert learner.gradient_updates == ONLINE.updates_per_round


def test_a_learner_is_handed_no_hidden_reward_and_no_flag() -> None:
    assert set(Experience.__dataclass_fields__) == {
        "trajectories", "commanded", "distributions",
    }  # fmt: skip


def test_divergences_of_an_agent_without_distributions_are_not_measured() -> None:
    class Silent:
        def __init__(self) -> None:
            self._agent = frozen().agent()

        def __getattr__(self, name: str) -> Any:
            return None if name == "distributions" else getattr(self._agent, name)

    learner = frozen()
    learner.agent = Silent  # type: ignore[assignment, method-assign]
    (seen,) = episodes_of(play(learner, 1))
    assert np.isnan(seen.kl).all()
    assert np.isnan(seen.log_ratio).all()
    assert (seen.kl_previous == 0.0).all(), "a policy that never changes is where it was"


@pytest.mark.parametrize("bad", [(0, 1), (1, 0), (-3, 4)])
def test_no_rounds_and_no_episodes_are_refused(bad: tuple[int, int]) -> None:
    with pytest.raises(SettingsError, match="at least 1"):
        RoundSettings(*bad)


def test_a_round_plays_on_until_it_has_its_steps() -> None:
    plain = list(run_rounds(frozen(), world(), RoundSettings(2, COPIES), 7))
    once = plain[0].episodes.trajectories.steps  # type: ignore[union-attr]
    twice = RoundSettings(2, COPIES, steps_per_round=once + 1)
    events = list(run_rounds(frozen(), world(), twice, 7))
    for event in events[::2]:
        assert isinstance(event, RoundCollected)
        assert event.episode_count in (COPIES, 2 * COPIES)
        assert event.episodes.trajectories.steps >= once + 1
    assert events[0].episode_count == 2 * COPIES  # type: ignore[union-attr]
    first = events[0].episodes.take(np.arange(COPIES))  # type: ignore[union-attr]
    assert same_episodes(first, plain[0].episodes)  # type: ignore[union-attr]


def test_a_run_is_over_once_it_has_its_steps() -> None:
    longer = list(run_rounds(frozen(), world(), RoundSettings(6, COPIES), 7))
    steps = [each.environment_steps for each in longer[::2]]  # type: ignore[union-attr]
    settings = RoundSettings(6, COPIES, steps=steps[2] + 1)
    events = list(run_rounds(frozen(), world(), settings, 7))
    assert [each.environment_steps for each in events[::2]] == steps[:4]  # type: ignore[union-attr]
    last = events[-1]
    assert isinstance(last, RoundEnded)
    assert last.rounds == last.round + 1 == 4
    assert all(each.rounds > each.round + 1 for each in events[:-2])  # type: ignore[union-attr]
    begun = run_rounds(frozen(), world(), settings, 7, start=4, steps_before=steps[3])
    assert list(begun) == []


@pytest.mark.parametrize("bad", [{"steps": 0}, {"steps_per_round": -1}])
def test_steps_out_of_range_are_refused(bad: dict[str, int]) -> None:
    with pytest.raises(SettingsError, match="steps_per_round is at least 0"):
        RoundSettings(**bad)  # type: ignore[arg-type]
