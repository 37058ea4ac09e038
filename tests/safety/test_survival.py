"""Onset times against the textbook: remissions of Freireich et al. 1963."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from driftline.errors import DataError
from driftline.safety.survival import kaplan_meier, logrank_p_value

TREATED = np.array(
    [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35], float
)
RELAPSED = np.arange(21) < 9
PLACEBO = np.array([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23], float)


def test_survival_is_the_textbooks() -> None:
    curve = kaplan_meier(TREATED, RELAPSED)
    at = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    for time, share in at.items():
        assert curve.share[curve.times == time] == pytest.approx(share, abs=5e-4)
    assert curve.median == 23
    first = curve.times == 6
    assert curve.low[first] == pytest.approx(0.620, abs=1e-3)
    assert curve.high[first] == pytest.approx(0.952, abs=1e-3)


HALVES = (slice(0, 10), slice(10, 20))


def test_the_log_rank_test_is_the_textbooks() -> None:
    value = logrank_p_value(TREATED, RELAPSED, PLACEBO, np.ones(21, np.bool_))
    assert value == pytest.approx(4.17e-5, rel=0.01)


def test_without_censoring_survival_is_the_empirical_share() -> None:
    times = np.array([1.0, 2.0, 2.0, 5.0])
    curve = kaplan_meier(times, np.ones(4, np.bool_))
    assert curve.share.tolist() == pytest.approx([(times > at).mean() for at in curve.times])


def test_a_median_that_was_not_reached_is_not_guessed() -> None:
    assert kaplan_meier(np.full(3, 9.0), np.zeros(3, np.bool_)).median == np.inf
    half = kaplan_meier(np.array([4.0, 9.0]), np.array([True, False]))
    assert half.median == 4
    ten = kaplan_meier(np.append(np.arange(5.0), np.full(5, 9.0)), np.arange(10) < 5)
    assert ten.median == 4


def test_nothing_tells_groups_without_onset_apart() -> None:
    none = np.zeros(4, np.bool_)
    assert logrank_p_value(np.full(4, 9.0), none, np.full(4, 9.0), none) == 1
    same = np.array([1.0, 2.0, 3.0, 4.0])
    assert logrank_p_value(same, ~none, same, ~none) == pytest.approx(1)


def test_times_and_marks_go_together() -> None:
    with pytest.raises(DataError, match="one of each for every seed"):
        kaplan_meier(np.array([1.0]), np.array([True, False]))


def test_few_seeds_cannot_show_more_than_all_ways_to_deal_them_allow() -> None:
    seen = np.ones(5, np.bool_)
    early, late = np.arange(5.0), np.arange(10.0, 15.0)
    assert logrank_p_value(early, seen, late, seen) == pytest.approx(2 / 252)
    assert logrank_p_value(early[:3], seen[:3], late[:3], seen[:3]) == pytest.approx(2 / 20)
    never = np.zeros(5, np.bool_)
    assert logrank_p_value(early, seen, np.full(5, 15.0), never) == pytest.approx(2 / 252)


@pytest.mark.parametrize("censored", [0.0, 0.4])
def test_exact_p_values_are_as_rare_as_they_say(censored: float) -> None:
    draw = np.random.default_rng(0)
    found = []
    for _ in range(600):
        times, seen = draw.integers(0, 12, 12).astype(float), draw.random(12) >= censored
        found.append(logrank_p_value(times[:6], seen[:6], times[6:], seen[6:]))
    for level in (0.05, 0.2, 0.5):
        assert np.mean(np.array(found) <= level) <= level + 3 * (level * (1 - level) / 600) ** 0.5


def test_the_exact_test_nears_the_textbooks_as_seeds_grow() -> None:
    draw = np.random.default_rng(1)
    times, seen = draw.integers(0, 40, 20).astype(float), draw.random(20) < 0.8
    exact = logrank_p_value(times[:10], seen[:10], times[10:], seen[10:])
    marks = [stats.CensoredData.right_censored(times[each], ~seen[each]) for each in HALVES]
    assert exact == pytest.approx(stats.logrank(*marks).pvalue, abs=0.05)
