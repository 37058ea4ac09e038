"""The answer of the study: every claim is told, held or not, by what was measured."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from driftline.experiments.studies import measure, report, resume, run_study
from driftline.experiments.targets.claims import claims
from driftline.experiments.targets.results import TargetsResults, load_targets
from driftline.experiments.targets_config import TargetsConfig


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study at its smallest, run once."""
    root = tmp_path_factory.mktemp("targets") / "study"
    assert run_study("targets", budget="smoke", seeds=1, out=root, workers=1) == 0
    return root


def loaded(root: Path) -> TargetsResults:
    from driftline.experiments.config_json import from_json
    from driftline.records.run_directory import RunDirectory

    stored = RunDirectory.open(root).manifest["configuration"]
    return load_targets(root, from_json(TargetsConfig, stored))


@pytest.mark.slow
def test_the_study_runs_reports_and_is_measured_again_to_the_same(finished: Path) -> None:
    first = json.loads((finished / "summary.json").read_text())
    page = (finished / "report.html").read_text()
    assert len(first["claims"]) == 12
    assert all(each["said"] in page for each in first["claims"][:1])
    assert len(list((finished / "figures").glob("*.svg"))) == 8
    assert measure(finished) == report(finished) == resume(finished, 1) == 0
    assert json.loads((finished / "summary.json").read_text()) == first


@pytest.mark.slow
def test_exact_claims_hold_at_every_budget_and_fail_where_the_numbers_say_so(
    finished: Path,
) -> None:
    results = loaded(finished)
    told = {each.said.split(",")[0]: each for each in claims(results)}
    for said in (
        "Without chance",
        "With chance",
        "A quantilizer's density ratio is at most 1/q there",
    ):
        assert told[said].held

    def spoiled(part: str, change: Any) -> TargetsResults:
        parts: Any = copy.deepcopy(dict(results.parts))
        change(parts[part][0])
        return TargetsResults(results.config, parts, results.wall_seconds)

    def apart(result: Any) -> None:
        result["tilts"][0]["distances"]["control"] = 1e-3

    def luckless(result: Any) -> None:
        result["tilts"][0]["order"]["control ≥ per step"] = 0.5

    for part, change, said in (
        ("deterministic", apart, "Without chance"),
        ("stochastic", luckless, "With chance"),
    ):
        again = {each.said.split(",")[0]: each for each in claims(spoiled(part, change))}
        assert not again[said].held
