"""Scores: from chance to an expert, a straight line between judgements, to the shortest seed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from driftline.data.d4rl_scores import REFERENCES
from driftline.experiments import presets
from driftline.experiments.arena_config import ArenaConfig
from driftline.experiments.config import StudyConfig
from driftline.experiments.control.scores import demonstrated, scores
from driftline.experiments.levels import demonstrate_level
from tests.experiments.tiny import tiny, tiny_arena

LOW, HIGH = REFERENCES["hopper"]


def judgement(steps: int, score: float, hidden: float | None = None) -> dict[str, Any]:
    """Two episodes whose mean return has that score."""

    def returns(scored: float) -> list[float]:
        mean = LOW + (HIGH - LOW) * scored / 100.0
        return [mean - 3.0, mean + 3.0]

    return {
        "environment_steps": steps,
        "returns": returns(score),
        "true_returns": None if hidden is None else returns(hidden),
    }


def arena() -> StudyConfig:
    found = presets.study("hopper", "smoke")
    assert isinstance(found, StudyConfig)
    return found


def test_between_judgements_a_score_is_a_straight_line() -> None:
    first = [judgement(0, 10.0), judgement(100, 20.0), judgement(200, 60.0)]
    second = [judgement(0, 30.0), judgement(180, 48.0)]
    found = scores(arena(), {"ogm-quantile": (first, second)})["ogm-quantile"]
    assert found.steps[0] == 0.0
    assert found.steps[-1] == 180.0
    assert found.seeds[0] == pytest.approx(
        np.interp(found.steps, [0, 100, 200], [10, 20, 60]), abs=1e-9
    )
    assert found.seeds[1] == pytest.approx(30.0 + found.steps / 10.0, abs=1e-9)
    assert found.mean == pytest.approx(found.seeds.mean(0))
    assert (found.low <= found.mean + 1e-9).all()
    assert (found.high >= found.mean - 1e-9).all()
    told = found.to_json()
    assert told["first"] == pytest.approx(20.0)
    assert told["last"] == pytest.approx((52.0 + 48.0) / 2)


def test_the_hidden_reward_is_scored_where_another_is_paid() -> None:
    run = [judgement(0, 90.0, hidden=5.0)]
    found = scores(replace(arena(), world=ArenaConfig("hopper", "lean")), {"gm": (run,)})["gm"]
    assert found.seeds.tolist() == [[pytest.approx(5.0)]]


def test_who_was_not_judged_has_no_score_and_no_gridworld_has_any() -> None:
    run = [judgement(0, 10.0)]
    found = scores(arena(), {"gm": (run, run), "ppo": (run, []), "sac": ()})
    assert set(found) == {"gm"}
    assert scores(tiny(), {"gm": (run,)}) == {}


def test_demonstrations_are_scored_by_what_they_are_worth() -> None:
    played = demonstrate_level("hopper", "random", 0, episodes=20, proxy="lean")
    world = tiny_arena().world
    assert isinstance(world, ArenaConfig)
    mean, best = demonstrated(world, [played])
    assert mean == pytest.approx(100 * (played.true_returns.mean() - LOW) / (HIGH - LOW))
    ordered = np.sort(played.true_returns)
    assert best == pytest.approx(100 * (ordered[-2:].mean() - LOW) / (HIGH - LOW))
