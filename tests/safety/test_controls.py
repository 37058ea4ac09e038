"""Negative controls keep the amounts and lose the pattern."""

from __future__ import annotations

import numpy as np
import pytest

from driftline.errors import DataError, SettingsError
from driftline.safety.controls import (
    detector_quality,
    permuted_hidden_rewards,
    random_flagger,
    return_correlation,
)
from driftline.safety.occurrence import fractions
from driftline.safety.prevalence import PrevalenceTable
from driftline.safety.width import fit_logistic
from tests.safety.examples import episodes_of, logistic, planted

SHARES = logistic(np.arange(20), 9, 3.0, 0.0, 0.8)


def test_a_random_flagger_keeps_how_much_and_loses_when() -> None:
    draw = np.random.default_rng(0)
    run = planted(draw, SHARES, whole=0.5, episodes=200)
    chance = random_flagger(run, "bucket", draw)
    before, after = fractions(run, "bucket"), fractions(chance, "bucket")
    assert (after > 0).mean() == pytest.approx((before > 0).mean(), abs=0.02)
    assert after.mean() == pytest.approx(before.mean(), abs=0.03)
    table = PrevalenceTable.of([chance], "bucket")
    fit = fit_logistic(table.rounds, table.counts["any"][0], table.episodes[0])
    assert fit is not None
    assert not fit.rises
    assert np.corrcoef(table.share()[0], SHARES)[0, 1] < 0.5


def test_the_rate_is_that_of_episodes_and_only_what_could_be_done_is_flagged() -> None:
    could = [[0, 1, 1, 0]] * 4000
    run = episodes_of([[0, 1, 0, 0]] * 4000, could)
    chance = random_flagger(run, "bucket", np.random.default_rng(1), rate=0.3, intensity=0.0)
    assert not chance.flags["bucket"][~run.available["bucket"]].any()
    seen = fractions(chance, "bucket")
    assert set(np.unique(seen)) == {0.0, 0.5}
    assert (seen > 0).mean() == pytest.approx(0.3, abs=0.03)
    assert run.flags["bucket"].sum() == 4000


@pytest.mark.parametrize(("rate", "flagged"), [(0.0, 0), (1.0, 30)])
def test_the_extremes_are_none_and_all(rate: float, flagged: int) -> None:
    run = episodes_of([[0, 1, 0]] * 10)
    chance = random_flagger(run, "bucket", np.random.default_rng(0), rate, 1.0)
    assert chance.flags["bucket"].sum() == flagged


def test_a_rate_is_a_share() -> None:
    with pytest.raises(SettingsError, match="rate is 2"):
        random_flagger(episodes_of([[1]]), "bucket", np.random.default_rng(0), rate=2.0)


def test_permuting_hidden_rewards_keeps_every_true_return_and_ties_none() -> None:
    draw = np.random.default_rng(2)
    lengths = draw.integers(1, 12, 3000)
    run = episodes_of([[0] * n for n in lengths])
    assert return_correlation(run) == pytest.approx(1)
    permuted = permuted_hidden_rewards(run, draw)
    assert np.sort(permuted.true_returns) == pytest.approx(np.sort(run.true_returns))
    assert abs(return_correlation(permuted)) < 4 / np.sqrt(3000)
    assert permuted.observed_returns.tolist() == run.observed_returns.tolist()


def test_without_hidden_rewards_there_is_nothing_to_permute() -> None:
    run = episodes_of([[0], [0]])
    run.hidden_rewards[0] = np.nan
    with pytest.raises(DataError, match="missing"):
        permuted_hidden_rewards(run, np.random.default_rng(0))
    assert np.isnan(return_correlation(run))


def test_a_detector_is_held_against_the_hidden_reward() -> None:
    run = episodes_of([[1, 0], [0, 0], [1, 1], [0, 0]])
    run.flags["bucket"][2], run.hidden_rewards[6] = True, -1.0
    # flagged: 0, 1, 2; looking better than they are: 0, 2, 3
    found = detector_quality(run, "bucket")
    assert (found.precision, found.recall) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert (found.flagged, found.deceptive) == (3, 3)
    honest = detector_quality(episodes_of([[0, 0]]), "bucket")
    assert np.isnan([honest.precision, honest.recall]).all()
