"""One agent end to end: planted truths come back, JSON is clean, nothing is invented."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from driftline.data.episodes import Episodes
from driftline.errors import DataError, UnknownNameError
from driftline.safety.comparison import compare_onsets
from driftline.safety.measure import AgentMeasures, measure_agent
from driftline.safety.occurrence import occurrence
from driftline.safety.thresholds import Thresholds
from tests.safety.examples import episodes_of, logistic, planted

QUICK = Thresholds(bootstrap_draws=400)


def runs_with(
    midpoints: list[float], width: float, whole: float = 1.0, top: float = 0.95, seed: int = 0
) -> list[Episodes]:
    draw = np.random.default_rng(seed)
    rounds = np.arange(30)
    return [planted(draw, logistic(rounds, middle, width, 0.0, top), whole) for middle in midpoints]


def measured(runs: list[Episodes], undesired: bool = True) -> AgentMeasures:
    return measure_agent(runs, QUICK, np.random.default_rng(1), {"bucket": undesired})


def test_a_slow_indecisive_drift_is_recognised_with_its_numbers() -> None:
    found = measured(runs_with([12.0, 14.0, 15.0, 16.0, 18.0], 12.0, whole=0.2))
    bucket = found.behaviours["bucket"]
    assert bucket.verdict is not None
    assert bucket.verdict.cell == "slow and indecisive"
    assert bucket.width.low < 12 < bucket.width.high
    assert bucket.width.value == pytest.approx(12, rel=0.15)
    assert bucket.decisiveness.value == pytest.approx(0.2, abs=0.1)
    assert [seed.midpoint for seed in bucket.seeds] == pytest.approx([12, 14, 15, 16, 18], abs=1.5)


def test_a_sudden_decisive_flip_is_recognised_with_its_numbers() -> None:
    found = measured(runs_with([6, 9, 12, 15, 18, 21], 0))
    assert "of final episodes; onset in round 12 (6 of 6 seeds); rapid and decisive" in str(found)
    bucket = found.behaviours["bucket"]
    assert bucket.verdict is not None
    assert bucket.verdict.cell == "rapid and decisive"
    assert bucket.width.resolved is False
    assert bucket.onset.round == 12
    assert bucket.final_prevalence.value == pytest.approx(0.95, abs=0.03)
    assert [seed.onset for seed in bucket.seeds] == [6, 9, 12, 15, 18, 21]
    # detected in the first round with it, controlled 3 rounds later
    assert bucket.expected_harm is not None
    assert bucket.expected_harm.value == pytest.approx(4 * 64 * 0.95, rel=0.05)


def test_harmful_episodes_are_counted_until_control() -> None:
    flags = [[1, 1]] * 8 + [[0, 0]] * 8
    run = episodes_of(flags * 10, rounds=np.repeat(np.arange(10), 16).tolist())
    harm = measured([run, run]).behaviours["bucket"].expected_harm
    assert harm is not None
    assert harm.value == 8 * 4  # rounds 0 to 3: detected at once, controlled 3 rounds later


def test_a_behaviour_that_never_came_is_censored_not_absent() -> None:
    bucket = measured(runs_with([99.0] * 10, 0)).to_json()["behaviours"]["bucket"]
    assert bucket["onset"] == {"round": None, "low": None, "high": None, "censored": True}
    assert bucket["final_prevalence"] == {
        "mean": 0.0,
        "low": 0.0,
        "high": pytest.approx(3 / (10 * 6 * 64)),
    }
    assert bucket["verdict"].startswith("censored: not seen by round 29 (at most 0.078% per")


def test_the_summary_has_exactly_the_agreed_keys() -> None:
    found = measured(runs_with([12.0, 14.0, 15.0], 5.0)).to_json()
    assert set(found) == {
        "seeds", "environment_steps", "observed_return", "true_return",
        "kl_to_demonstrator", "behaviours", "rounds",
    }  # fmt: skip
    bucket = found["behaviours"]["bucket"]
    assert set(bucket) == {
        "final_prevalence", "onset", "width", "decisiveness", "catchability",
        "expected_harm", "verdict",
    }  # fmt: skip
    assert set(bucket["onset"]) == {"round", "low", "high", "censored"}
    for name in ("final_prevalence", "width", "decisiveness", "catchability", "expected_harm"):
        assert {"mean", "low", "high"} <= set(bucket[name])
    assert set(found["observed_return"]) == {"mean", "low", "high"}
    assert found["seeds"] == 3
    assert found["environment_steps"] == 3 * 30 * 64 * 10
    assert found["kl_to_demonstrator"] is None
    assert found["rounds"]["commanded_return"] is None
    assert len(found["rounds"]["behaviours"]["bucket"]["any"]["mean"]) == 30


@pytest.mark.parametrize(
    "runs",
    [
        runs_with([12.0, 99.0], 3.0),
        runs_with([5.0], 0),
        runs_with([99.0], 0),
        [episodes_of([[1]])],
        [episodes_of([[0], [1]], rounds=[3, 4]), episodes_of([[0]], rounds=[9])],
    ],
    ids=["half", "one seed", "one censored", "one episode", "ragged rounds"],
)
def test_json_never_holds_what_json_cannot(runs: list[Episodes]) -> None:
    text = json.dumps(measured(runs).to_json(), allow_nan=False)
    assert "bucket" in text
    rows = measured(runs).behaviours["bucket"].seed_table()
    assert len(json.loads(json.dumps(rows, allow_nan=False))) == len(runs)


def test_equal_generators_give_equal_measures() -> None:
    runs = runs_with([10.0, 12.0, 14.0], 6.0)
    assert measured(runs).to_json() == measured(runs).to_json()


def test_the_order_of_seeds_changes_no_value() -> None:
    runs = runs_with([8.0, 12.0, 16.0, 20.0], 6.0)
    one, other = measured(runs), measured(runs[::-1])

    def values(found: AgentMeasures) -> list[Any]:
        bucket = found.behaviours["bucket"]
        return [
            found.observed_return.value, bucket.width.value, bucket.decisiveness.value,
            bucket.final_prevalence.value, bucket.onset.round,
        ]  # fmt: skip

    assert values(one) == pytest.approx(values(other))


def test_returns_are_those_of_the_final_rounds() -> None:
    runs = runs_with([15.0] * 4, 0, top=1.0)
    found = measured(runs)
    assert found.observed_return.value == 10
    assert found.true_return is not None
    assert found.true_return.value == 0
    curve = found.rounds["true_return"]["mean"]
    assert curve[0] == 10
    assert curve[-1] == 0


def test_a_world_without_hidden_rewards_has_no_true_return() -> None:
    runs = [
        replace(run, hidden_rewards=np.full(run.trajectories.steps, np.nan))
        for run in runs_with([15.0] * 2, 0)
    ]
    assert measured(runs).to_json()["true_return"] is None


def test_a_single_seed_is_as_uncertain_as_its_episodes() -> None:
    draw = np.random.default_rng(3)
    run = planted(draw, np.zeros(10), episodes=50)
    run.trajectories.rewards[:] = draw.normal(size=run.trajectories.steps)
    found = measured([run]).observed_return
    half = 1.96 * np.sqrt(10 / 100)  # ten steps of unit variance, a hundred final episodes
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.15)
    assert found.low < 0 < found.high


def test_what_is_wanted_gets_no_verdict() -> None:
    bucket = measured(runs_with([12.0] * 3, 4.0), undesired=False).to_json()["behaviours"]["bucket"]
    assert bucket["verdict"] == "not judged: not undesired"
    assert bucket["catchability"]["mean"] is None
    assert bucket["onset"]["round"] is not None


def test_divergence_and_commands_become_curves() -> None:
    runs = [
        replace(
            run,
            kl=np.full(run.trajectories.steps, 0.4),
            commanded=np.full(run.trajectories.steps, 12.0),
        )
        for run in runs_with([12.0] * 3, 4.0)
    ]
    found = measured(runs)
    assert found.kl_to_demonstrator is not None
    assert found.kl_to_demonstrator.value == pytest.approx(4)
    assert found.rounds["root_kl"][0] == pytest.approx(2)
    assert found.rounds["calibration_error"]["mean"][-1] == pytest.approx(2)
    assert found.rounds["calibration"]["bias"] == pytest.approx(-2)
    assert found.rounds["kl_to_previous"] is None


def test_bouts_are_of_the_episodes_that_show_it() -> None:
    """By hand, of the last round of one seed."""
    run = runs_with([2.0], 0.5)[0]
    found = measured([run]).rounds["behaviours"]["bucket"]
    last = run.take(np.flatnonzero(run.rounds == run.rounds.max()))
    seen = occurrence(last, "bucket")
    shows = seen.bouts > 0
    assert shows.any()
    for name, values in (
        ("first_entry", seen.first_entries),
        ("bouts", seen.bouts),
        ("longest_bout", seen.longest_runs),
    ):
        assert found[name]["mean"][-1] == pytest.approx(values[shows].mean())
    assert found["first_entry"]["mean"][0] is None or found["first_entry"]["mean"][0] >= 0


def test_the_running_totals_end_at_the_whole_budget() -> None:
    runs = runs_with([12.0] * 3, 4.0)
    found = measured(runs)
    assert 3 * found.rounds["environment_steps"][-1] == found.environment_steps
    assert found.rounds["episodes"][-1] == 30 * 64
    assert found.rounds["episodes_reviewed"][-1] == 30 * QUICK.reviewed_per_round


def test_agents_that_differ_in_onset_are_told_apart() -> None:
    early = measured(runs_with([5.0] * 8, 0)).behaviours
    late = measured(runs_with([20.0] * 8, 0, seed=9)).behaviours
    found = compare_onsets(early, late)["bucket"]
    assert found.p_value < 0.01
    assert found.adjusted == found.p_value
    assert found.caution == ""
    assert compare_onsets(early, early)["bucket"].p_value == pytest.approx(1)


def test_runs_must_fit_together() -> None:
    one = episodes_of([[1]])
    with pytest.raises(DataError, match="same detectors"):
        measured([one, replace(one, flags={})])
    with pytest.raises(DataError, match="no runs"):
        measured([])
    with pytest.raises(UnknownNameError, match="unknown behaviour 'pail'"):
        measure_agent([one], QUICK, np.random.default_rng(0), {"pail": True})
