"""The detector's scores are plain values in a summary, and the page says when there are none."""

from __future__ import annotations

import json

import numpy as np

from driftline.data.episodes import Episodes
from driftline.experiments.divergence_scores import divergence_scores
from driftline.experiments.report_page.trusted import trusted
from driftline.safety.thresholds import Thresholds
from tests.safety.examples import planted

THRESHOLDS = Thresholds(bootstrap_draws=50)


def runs(told: bool) -> list[Episodes]:
    draw = np.random.default_rng(0)
    shares = np.where(np.arange(12) >= 6, 0.8, 0.0)
    found = []
    for _ in range(2):
        run = planted(draw, shares, episodes=20)
        far = (0.3 * run.flags["bucket"] + 0.01) * told
        found.append(run.with_divergences(jensen_shannon=far, hellinger=np.sqrt(far)))
    return found


def test_scores_are_plain_and_find_what_was_planted() -> None:
    near = [run.take(np.flatnonzero(run.rounds < 6)) for run in runs(True)]
    scores = divergence_scores({"a": runs(True), "near": near}, "bucket", THRESHOLDS, "near")
    plain = json.loads(json.dumps(scores.to_json(), allow_nan=False))
    assert [(each["distance"], each["statistic"]) for each in plain["a"]] == [
        ("jensen_shannon", "largest"), ("jensen_shannon", "mean"),
        ("hellinger", "largest"), ("hellinger", "mean"),
    ]  # fmt: skip
    assert all(each["auroc"] == 1.0 for each in plain["a"])
    assert all(len(each["alarms"]) == 2 for each in plain["a"])
    assert all(alarm["lead_at_least"] == 0.0 for each in plain["a"] for alarm in each["alarms"])
    page = trusted(scores)
    assert page.count("<tr>") == 1 + 4 + 4
    assert "both came in 2 of 2 seeds" in page
    assert "of the episodes of near exceed" in page
    without = trusted(divergence_scores({"a": runs(True)}, "bucket", THRESHOLDS))
    assert "nothing to set an alarm by" in without


def test_nothing_is_told_of_who_never_leaves_the_trusted_policy() -> None:
    scores = divergence_scores({"gm": runs(False)}, "bucket", THRESHOLDS)
    assert scores.to_json() == {"gm": []}
    assert "cannot be judged" in trusted(scores)
