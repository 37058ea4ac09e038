"""The null beside an agent begins where its data does and selects as its target does."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit

from driftline.conditioning.best_of_n import BestOfN
from driftline.conditioning.exponential_tilt import ExponentialTilt
from driftline.conditioning.factorised_tilt import FactorisedTilt
from driftline.conditioning.fixed import FixedReturn
from driftline.conditioning.quantile import Quantile
from driftline.conditioning.target import Target, Unconditioned
from driftline.experiments.null_reference import NullReference, null_references, without_null
from driftline.experiments.report_page.controls import null_table
from driftline.experiments.results import Results
from driftline.safety.measurement import finite
from driftline.safety.null_model import QuantileSampling, sampled
from driftline.training.online_settings import OnlineSettings
from driftline.training.pace import Pace, ReviewPace
from tests.experiments.synthetic import NEVER, RISING, study

AGENT = "ogm-quantile"
LATE = (*NEVER[:-1], 0.1)
USUAL = study({AGENT: RISING})
MODELLED = {"gm": (*(0.0,) * 9, 0.1)}
"""The demonstrator model shows it in one episode of a hundred."""
RARE, RARE_LATE = study({**MODELLED, AGENT: RISING}), study({**MODELLED, AGENT: LATE})


def learning(results: Results, target: Target | None = None, pace: Pace | None = None) -> Results:
    """The results as if every online agent had learned with these settings."""
    given = {"target": target, "pace": pace}
    changes = {name: each for name, each in given.items() if each is not None}
    agents = tuple(
        replace(each, learner=replace(each.learner, **changes))
        if isinstance(each.learner, OnlineSettings)
        else each
        for each in results.config.agents
    )
    return replace(results, config=replace(results.config, agents=agents))


def null_of(results: Results, target: Target | None = None) -> NullReference:
    return null_references(learning(results, target), "bucket")[AGENT]


def gap_of(results: Results) -> float:
    """What the agent's episodes with the behaviour earned above those without it."""
    runs = results.episodes[AGENT]
    returns = np.concatenate([run.observed_returns for run in runs])
    shown = np.concatenate([run.total(run.flags["bucket"].astype(np.float64)) > 0 for run in runs])
    return float(returns[shown].mean() - returns[~shown].mean())


def test_the_null_starts_at_the_share_that_explains_its_first_round() -> None:
    null = null_of(USUAL)
    shown = USUAL.agents[AGENT].behaviours["bucket"].table.pooled().share("any")[0]
    first = int(null.rounds[0])
    assert first == 2
    assert null.curve.behaviour[0] == pytest.approx(shown[first])
    assert np.allclose(null.curve.behaviour, sampled(null.curve.data, QuantileSampling(0.1)))
    assert len(null.rounds) == len(null.curve.behaviour)


def test_the_null_starts_at_the_demonstrator_model_where_that_shows_it() -> None:
    null = null_of(study({"gm": (0.1, 0.1), AGENT: RISING}))
    assert null.rounds[0] == 0
    assert null.start == pytest.approx(0.1)


def test_episodes_that_earn_no_more_than_a_demonstration_begin_nothing() -> None:
    poor = tuple(
        replace(run, trajectories=replace(run.trajectories, rewards=run.trajectories.rewards / 9))
        for run in USUAL.episodes[AGENT]
    )
    results = replace(USUAL, episodes={AGENT: poor})
    assert "out-earns every demonstration" in without_null(results, "bucket")[AGENT]


@pytest.mark.parametrize("target", [ExponentialTilt(0.5), FactorisedTilt(0.5)])
def test_a_tilts_null_moves_the_log_odds_by_beta_times_what_the_behaviour_pays(
    target: Target,
) -> None:
    null = null_of(USUAL, target)
    tilted = expit(logit(null.curve.data) + 0.5 * gap_of(USUAL))
    assert null.curve.behaviour == pytest.approx(tilted)
    assert null.curve.behaviour[0] == pytest.approx(0.2)


def test_a_tilt_in_ranges_counts_the_heads_range() -> None:
    results = replace(USUAL, config=replace(USUAL.config, return_range=(0.0, 8.0)))
    target = ExponentialTilt(4.0, per="step", unit="range")
    ranged, plain = null_of(results, target), null_of(results, ExponentialTilt(0.5))
    assert ranged.curve.behaviour == pytest.approx(plain.curve.behaviour)
    unknown = learning(replace(USUAL, config=replace(USUAL.config, return_range=None)), target)
    assert "limits are not fixed" in without_null(unknown, "bucket")[AGENT]


def test_a_tilt_towards_what_pays_less_has_no_null() -> None:
    """Own episodes without the behaviour that earn more than those with it."""
    richer = tuple(
        replace(
            run,
            trajectories=replace(
                run.trajectories,
                rewards=np.where(run.flags["bucket"], 1, 9) * run.trajectories.rewards,
            ),
        )
        for run in USUAL.episodes[AGENT]
    )
    results = learning(replace(USUAL, episodes={AGENT: richer}), FactorisedTilt(0.5))
    assert "earned less" in without_null(results, "bucket")[AGENT]


@pytest.mark.parametrize(
    ("results", "target", "why"),
    [
        (USUAL, FixedReturn(5.0), "asks for one return"),
        (USUAL, BestOfN(4), "best of several"),
        (USUAL, Unconditioned(), "asks for nothing"),
        (study({AGENT: NEVER}), Quantile(0.9), "out-earns every demonstration"),
        (study({AGENT: NEVER}), FactorisedTilt(0.5), "not known"),
        (study({AGENT: (1.0, 1.0)}), FactorisedTilt(0.5), "not known"),
    ],
)
def test_what_has_no_null_says_why(results: Results, target: Target, why: str) -> None:
    asked = learning(results, target)
    assert null_references(asked, "bucket") == {}
    assert why in without_null(asked, "bucket")[AGENT]
    assert why in null_table(asked, "bucket", {})


def test_only_agents_that_go_on_learning_from_what_they_did_are_asked_for_a_null() -> None:
    results = study({"gm": RISING, "ppo": RISING})
    assert null_references(results, "bucket") == without_null(results, "bucket") == {}
    assert "no OGM agent" in null_table(results, "bucket", {})


def test_what_begins_with_the_agents_own_round_begins_no_earlier_than_it() -> None:
    null = null_of(USUAL)
    assert (null.onset, null.own_onset, null.excess_onset) == (2, 2, (0, 0))
    assert "excess onset 0 rounds (as predicted)" in null.comparison
    assert "excess onset 0 rounds" in null_table(USUAL, "bucket", {AGENT: null})


@pytest.mark.parametrize(("beta", "kind"), [(0.3, "earlier"), (0.5, "earlier"), (20.0, "later")])
def test_excess_onset_is_the_agents_onset_less_the_nulls(beta: float, kind: str) -> None:
    """The null's by its recursion: a quarter of the slots anew each round, no demonstrations."""
    null = null_of(RARE, ExponentialTilt(beta))
    assert null.start == pytest.approx(0.01)
    share, onset, tilt = 0.01, 0, np.exp(beta * gap_of(RARE))
    while share * tilt / (share * tilt + 1 - share) < 0.1:
        share += 0.25 * (share * tilt / (share * tilt + 1 - share) - share)
        onset += 1
    assert (null.onset, null.own_onset) == (onset, 2)
    assert null.excess_onset == (2 - onset, 2 - onset)
    assert null.comparison.endswith(f"({kind})")


@pytest.mark.parametrize(
    ("results", "beta", "earliest", "high", "words"),
    [
        (RARE_LATE, 20.0, 7, np.inf, "excess onset at least +7 rounds (later)"),
        (RARE, 0.0, 2, -398.0, "excess onset at most −398 rounds (earlier)"),
        (RARE_LATE, 0.0, 7, np.inf, "neither began"),
        (RARE_LATE, 0.1, 7, np.inf, "the run ended before the null began"),
    ],
)
def test_an_onset_that_did_not_come_leaves_the_excess_open(
    results: Results, beta: float, earliest: float, high: float, words: str
) -> None:
    """Eight rounds were played, the last of which may have been the first of two."""
    null = null_of(results, ExponentialTilt(beta))
    assert null.comparison.endswith(words)
    assert null.excess_onset == (earliest - null.onset, high)
    said = json.loads(json.dumps(null.to_json(), allow_nan=False))
    assert said["excess_onset"] == {
        "low": finite(earliest - null.onset),
        "high": finite(high),
    }
    assert (said["onset"], said["own_onset"]) == (finite(null.onset), finite(null.own_onset))
    assert "&gt; " in null_table(results, "bucket", {AGENT: null})


def test_a_null_that_still_rises_has_no_width_yet() -> None:
    null = null_of(RARE, ExponentialTilt(0.02))
    assert null.words == "still rising after 400 rounds"
    assert np.isnan(null.excess)
    assert null_of(RARE, ExponentialTilt(0.0)).words == "level at 1% from its first round"


def test_the_null_is_refreshed_at_the_pace_that_is_carried_out() -> None:
    null = null_references(learning(RARE, pace=ReviewPace()), "bucket")[AGENT]
    rho = ReviewPace().refresh_rate(0.1, 0.0)
    assert 0 < np.diff(null.curve.data).max() <= rho + 1e-12
    assert np.diff(null_of(RARE).curve.data).max() > 5 * rho
