"""Tables are drawn for a person and plain for a program."""

from __future__ import annotations

import pytest
from rich.console import Console

from driftline.cli import screen

ROWS = [("moon [red]", 12, 0.123456), ("sun", 3, 1.0)]


def test_off_a_terminal_every_row_is_a_line_of_fields(capsys: pytest.CaptureFixture[str]) -> None:
    screen.print_table("worlds", ("name", "count", "share"), ROWS)
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["worlds", "name\tcount\tshare", "moon [red]\t12\t0.123", "sun\t3\t1"]


def test_in_a_terminal_the_same_text_is_drawn(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        screen, "Console", lambda: Console(force_terminal=True, color_system=None, width=60)
    )
    screen.print_table("worlds", ("name", "count", "share"), ROWS)
    drawn = capsys.readouterr().out
    for text in ("worlds", "moon [red]", "0.123"):
        assert text in drawn
    assert "\t" not in drawn
