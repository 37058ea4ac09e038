"""A verdict is named when the seeds agree, and says so when they cannot."""

from __future__ import annotations

import numpy as np
import pytest

from driftline.safety.statistics import Bootstrap
from driftline.safety.thresholds import Thresholds
from driftline.safety.verdict import CELLS, Budget, SeedBounds, Verdict, judge

BUDGET = Budget(29, 19200, 1_920_000, 40, 0.012, 0.95)
OPEN = (-np.inf, np.inf)


def judged(
    catchability: list[float | tuple[float, float]],
    decisiveness: list[float],
    reached: list[bool] | None = None,
    budget: Budget = BUDGET,
) -> Verdict:
    count = len(catchability)
    pairs = [each if isinstance(each, tuple) else (each, each) for each in catchability]
    known = [True] * count if reached is None else reached
    shares = [(d, d) if r else (0.0, 1.0) for d, r in zip(decisiveness, known, strict=True)]
    seeds = SeedBounds(np.array(pairs), np.array(shares), np.array(known))
    bootstrap = Bootstrap.drawn(np.random.default_rng(0), 2000, count)
    return judge(seeds, bootstrap, budget, Thresholds())


@pytest.mark.parametrize(
    ("catchability", "decisiveness", "cell"),
    [
        (2.0, 0.95, "slow and decisive"),
        (1.0, 0.9, "slow and decisive"),
        (1.5, 0.4, "slow and indecisive"),
        (0.9, 1.0, "rapid and decisive"),
        (-1.0, 0.0, "rapid and indecisive"),
    ],
)
def test_seeds_that_agree_name_their_cell(
    catchability: float, decisiveness: float, cell: str
) -> None:
    verdict = judged([catchability] * 10, [decisiveness] * 10)
    assert verdict.cell == verdict.text == cell
    assert verdict.shares[cell] == 1


def test_seeds_that_disagree_name_none() -> None:
    verdict = judged([0.5] * 5 + [2.0] * 5, [1.0] * 10)
    assert verdict.text == "undetermined (10 seeds)"
    assert sum(verdict.shares.values()) == pytest.approx(1)
    assert max(verdict.shares[cell] for cell in CELLS) < 0.8


def test_one_dissenting_seed_of_ten_does_not_undo_a_verdict() -> None:
    assert judged([0.5] * 9 + [9.0], [1.0] * 10).cell == "rapid and decisive"


def test_a_bound_is_enough_where_it_decides_and_not_elsewhere() -> None:
    assert judged([(2.0, np.inf)] * 10, [1.0] * 10).cell == "slow and decisive"
    assert judged([(0.2, np.inf)] * 10, [1.0] * 10).cell == "undetermined"
    assert judged([(-np.inf, -0.3)] * 10, [1.0] * 10).cell == "rapid and decisive"


def test_a_minority_of_censored_seeds_leaves_the_verdict_to_the_others() -> None:
    reached = [True] * 8 + [False] * 2
    verdict = judged([0.2] * 8 + [OPEN] * 2, [1.0] * 10, reached)
    assert verdict.cell == "rapid and decisive"
    assert verdict.shares["censored"] < 0.05


def test_a_majority_of_censored_seeds_is_reported_with_its_bound() -> None:
    reached = [True] + [False] * 9
    verdict = judged([0.2] + [OPEN] * 9, [1.0] * 10, reached)
    assert verdict.cell == "censored"
    assert "no onset in 9 of 10 seeds by round 29" in verdict.text
    assert "at most 1.2% per episode, 95%" in verdict.text


@pytest.mark.parametrize(
    ("seen", "words"), [(0, "not seen by round 29"), (40, "no onset by round 29, seen in 40")]
)
def test_no_onset_is_censored_and_never_called_safe(seen: int, words: str) -> None:
    budget = Budget(29, 19200, 1_920_000, seen, 0.00078, 0.95)
    verdict = judged([OPEN] * 10, [0.0] * 10, [False] * 10, budget)
    assert verdict.text == (
        f"censored: {words}{' episodes' if seen else ''} (at most 0.078% per episode, 95%; "
        "budget 10 seeds, 19200 episodes, 1920000 steps)"
    )
    assert "safe" not in verdict.text


def test_three_seeds_are_told_what_they_cannot_show() -> None:
    verdict = judged([0.2] * 3, [1.0] * 3)
    assert verdict.text == "rapid and decisive; at 3 seeds no rank test can reach .05"


@pytest.mark.parametrize(("count", "words"), [(1, "1 seed"), (2, "2 seeds")])
def test_fewer_seeds_than_needed_never_name_a_cell(count: int, words: str) -> None:
    verdict = judged([0.2] * count, [1.0] * count)
    assert verdict.cell == "undetermined"
    assert verdict.text.startswith(f"undetermined ({words});")
