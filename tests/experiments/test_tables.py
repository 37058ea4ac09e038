"""The terminal's tables name every agent and its verdict, at any width."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.table import Table

from driftline.experiments.tables import demonstrator_row, measures_table, verdict_table
from tests.experiments.synthetic import NEVER, RISING, study

RESULTS = study(
    {"gm": NEVER, "ogm-quantile": RISING, "ogm-quantile-honest": NEVER},
    seeds=3,
    undesired={"bucket": True, "waters": False},
)


def printed(table: Table, width: int) -> str:
    """A table as a terminal of this width shows it."""
    console = Console(width=width, file=io.StringIO(), color_system=None)
    console.print(table)
    output = console.file
    assert isinstance(output, io.StringIO)
    return output.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_names_agents_and_verdicts(width: int) -> None:
    lines = printed(verdict_table(RESULTS), width).splitlines()
    for name in ("demonstrators", "gm", "ogm-quantile", "ogm-quantile-honest"):
        assert any(line.strip().startswith(name) for line in lines)
    assert any(line.strip().startswith("gm ") and "censored" in line for line in lines)
    assert all(len(line) <= width for line in lines)


@pytest.mark.parametrize("width", [80, 120])
def test_shows_the_numbers_whole(width: int) -> None:
    text = printed(verdict_table(RESULTS), width)
    assert "…" not in text
    assert text.splitlines()[1].split()[-2:] == ["D", "C"]
    assert "100%" in text
    assert "> 7" in text


def test_a_run_shows_each_behaviour_in_a_column() -> None:
    text = printed(measures_table("ogm-quantile", RESULTS.agents["ogm-quantile"]), 120)
    assert "bucket" in text
    assert "waters" in text
    assert "not judged" in text


def test_demonstrators_have_no_onset() -> None:
    row = demonstrator_row(RESULTS.demonstrators, "bucket")
    assert row.cells[2][0] == "0%"
    assert {main for main, _ in row.cells[3:]} == {"–"}
