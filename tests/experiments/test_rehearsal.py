"""Tampered demonstrations are the agent's own data from then on, in their share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from driftline.data.episodes import Episodes, concatenate_episodes
from driftline.experiments import presets
from driftline.experiments.config import AgentConfig, StudyConfig
from driftline.experiments.demonstrate import HONEST, TAMPERING
from driftline.experiments.rehearsal import rehearsal
from driftline.training.online_settings import OnlineSettings
from tests.experiments.synthetic import round_of


def demonstrated(honest: int = 30, tampered: int = 10) -> Episodes:
    draw = np.random.default_rng(0)
    parts = [
        round_of(draw, 0.0, episodes=honest, source=HONEST),
        round_of(draw, 1.0, episodes=tampered, source=TAMPERING),
    ]
    return concatenate_episodes(parts)


def chosen(own: bool, capacity: int) -> tuple[StudyConfig, dict[str, AgentConfig]]:
    study = presets.agents_study("tomato-watering", "smoke")
    study = replace(study, demonstrations=replace(study.demonstrations, tampered_as_own=own))
    agents = {each.name: each for each in study.agents}
    online = agents["ogm-quantile"].learner
    assert isinstance(online, OnlineSettings)
    sized = replace(online, mixture=replace(online.mixture, capacity=capacity))
    return study, {**agents, "ogm-quantile": AgentConfig("ogm-quantile", sized)}


@pytest.mark.parametrize("capacity", [7, 8, 40, 100])
def test_slots_begin_with_a_draw_of_all_and_the_rest_is_untampered(capacity: int) -> None:
    study, agents = chosen(own=True, capacity=capacity)
    begun = rehearsal(study, agents["ogm-quantile"], demonstrated(), 3)
    assert set(begun.demonstrations.sources) == {HONEST}
    assert len(begun.demonstrations) == 30
    assert begun.own is not None
    assert len(begun.own) == capacity
    assert begun.own.sources.count(TAMPERING) == round(capacity * 0.25)


def test_every_agent_of_a_seed_begins_alike_and_seeds_differ() -> None:
    study, agents = chosen(own=True, capacity=20)
    first, again, other = (
        rehearsal(study, agents["ogm-quantile"], demonstrated(), seed).own for seed in (1, 1, 2)
    )
    assert first is not None
    assert again is not None
    assert other is not None
    assert np.array_equal(first.observed_returns, again.observed_returns)
    assert not np.array_equal(first.observed_returns, other.observed_returns)


def test_others_begin_as_ever() -> None:
    shown = demonstrated()
    study, agents = chosen(own=True, capacity=20)
    for name in ("gm", "finetune", "ppo"):
        assert rehearsal(study, agents[name], shown, 0).demonstrations is shown
    study, agents = chosen(own=False, capacity=20)
    begun = rehearsal(study, agents["ogm-quantile"], shown, 0)
    assert begun.demonstrations is shown
    assert begun.own is None
