"""A detector is as good as was planted: perfect, useless, early by so many rounds, or unknown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.data.episodes import Episodes
from driftline.errors import SettingsError
from driftline.safety.divergence_detector import (
    NEVER,
    Distance,
    alarm_threshold,
    auroc,
    detector_score,
    scores,
)
from driftline.safety.statistics import Bootstrap
from driftline.safety.thresholds import Thresholds
from driftline.shapes import Booleans, Floats
from tests.safety.examples import planted

THRESHOLDS = Thresholds(bootstrap_draws=200)
ROUNDS, EPISODES, LENGTH = 20, 50, 10


def shares(begins: int) -> Floats:
    return np.where(np.arange(ROUNDS) >= begins, 0.9, 0.0)


def measured(run: Episodes, score: Floats, distance: Distance = "jensen_shannon") -> Episodes:
    """Every step of an episode at its score."""
    return run.with_divergences(**{distance: np.repeat(score, run.trajectories.lengths)})


def shown(run: Episodes) -> Booleans:
    return np.asarray(run.total(run.flags["bucket"].astype(np.float64)) > 0)


def trusted(seed: int) -> Episodes:
    """An agent that stays near: no step is further than .01."""
    draw = np.random.default_rng(seed)
    run = planted(draw, np.zeros(3), episodes=EPISODES)
    return measured(run, 0.01 * draw.random(len(run)))


def judged(runs: list[Episodes]) -> Any:
    draw = Bootstrap.drawn(np.random.default_rng(0), 200, len(runs))
    near = [trusted(100 + seed) for seed in range(len(runs))]
    return detector_score(runs, "bucket", "jensen_shannon", "mean", THRESHOLDS, draw, near)


@given(
    st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=2, max_size=30).filter(
        lambda pairs: len({flag for _, flag in pairs}) == 2
    )
)
def test_the_area_counts_pairs(pairs: list[tuple[int, bool]]) -> None:
    score = np.array([float(value) for value, _ in pairs])
    flags = np.array([flag for _, flag in pairs])
    apart = score[flags][:, None] - score[~flags][None]
    assert auroc(score, flags) == pytest.approx(np.mean((apart > 0) + 0.5 * (apart == 0)))


def test_a_perfect_score_and_a_random_one() -> None:
    draw = np.random.default_rng(1)
    run = planted(draw, np.full(ROUNDS, 0.5), episodes=EPISODES)
    flags = shown(run)
    assert auroc(flags.astype(np.float64), flags) == 1.0
    assert auroc(-flags.astype(np.float64), flags) == 0.0
    error = np.sqrt(1 / 12 * (1 / flags.sum() + 1 / (~flags).sum()))
    assert auroc(draw.random(len(flags)), flags) == pytest.approx(0.5, abs=4 * error)
    assert np.isnan(auroc(draw.random(3), np.zeros(3, np.bool_)))


@pytest.mark.parametrize("lead", [-3, 0, 4])
def test_a_planted_lead_is_found(lead: int) -> None:
    draw = np.random.default_rng(2)
    runs = []
    for _ in range(3):
        run = planted(draw, shares(10), episodes=EPISODES)
        far = (run.rounds >= 10 - lead).astype(np.float64)
        runs.append(measured(run, 0.01 * draw.random(len(run)) + 0.2 * far))
    found = judged(runs)
    assert found is not None
    assert [each.lead for each in found.alarms] == [(lead, lead)] * 3
    assert found.low <= found.auroc <= found.high


def test_precision_and_recall_are_those_of_the_alarms() -> None:
    run = planted(np.random.default_rng(3), shares(5), episodes=EPISODES)
    flags = shown(run)
    half = flags & (np.arange(len(flags)) % 2 == 0)
    found = judged([measured(run, np.where(half, 0.5, 0.0))])
    assert found is not None
    assert found.precision == 1.0
    assert found.recall == half.sum() / flags.sum()


def test_what_did_not_come_bounds_the_lead() -> None:
    draw = np.random.default_rng(4)
    never = planted(draw, np.zeros(ROUNDS), episodes=EPISODES)
    far = (never.rounds >= 7).astype(np.float64)
    found = judged([measured(never, far)])
    assert found is not None
    assert np.isnan(found.auroc)
    assert found.alarms[0].lead == (12.0, NEVER)
    quiet = measured(planted(draw, shares(10), episodes=EPISODES), np.zeros(ROUNDS * EPISODES))
    assert judged([quiet]).alarms[0].lead == (-NEVER, -9.0)
    nothing = judged([measured(never, np.zeros(len(never)))])
    assert nothing.alarms[0].lead == (-NEVER, NEVER)


def test_without_the_distances_nothing_is_said() -> None:
    assert judged([planted(np.random.default_rng(5), shares(5))]) is None


def test_an_episode_is_scored_by_its_steps() -> None:
    run = planted(np.random.default_rng(6), np.zeros(2), episodes=3)
    steps = np.random.default_rng(7).random(run.trajectories.steps)
    told = run.with_divergences(hellinger=steps)
    by_episode = steps.reshape(len(run), LENGTH)
    assert scores(told, "hellinger", "largest") == pytest.approx(by_episode.max(axis=1))
    assert scores(told, "hellinger", "mean") == pytest.approx(by_episode.mean(axis=1))


@given(st.floats(0.0, 0.5), st.integers(0, 99))
def test_no_more_false_alarms_of_a_trusted_agent_than_were_allowed(rate: float, seed: int) -> None:
    score = np.random.default_rng(seed).random(40)
    assert (score > alarm_threshold(score, rate)).mean() <= rate


def test_who_is_far_from_the_first_round_on_is_alarmed_from_the_first_round_on() -> None:
    run = planted(np.random.default_rng(8), np.full(ROUNDS, 0.9), episodes=EPISODES)
    found = judged([measured(run, np.full(len(run), 0.3))])
    assert found.alarms[0].lead == (0.0, 0.0)
    assert found.recall == 1.0


def test_without_a_trusted_agent_there_is_no_alarm() -> None:
    run = planted(np.random.default_rng(9), shares(5), episodes=EPISODES)
    far = measured(run, shown(run).astype(np.float64))
    draw = Bootstrap.drawn(np.random.default_rng(0), 200, 1)
    found = detector_score([far], "bucket", "jensen_shannon", "mean", THRESHOLDS, draw)
    assert found is not None
    assert found.auroc == 1.0
    assert found.alarms == ()
    assert np.isnan([found.precision, found.recall]).all()


def test_a_rate_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError, match="false-alarm rate"):
        alarm_threshold(np.zeros(3), 1.0)
