"""The live view says how far a study is from what its runs wrote, and only that."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from driftline.experiments.plan import Task, plan
from driftline.experiments.progress import Progress
from driftline.records.events import (
    DemonstrationsRecorded,
    Event,
    OfflineProgress,
    Resumed,
    RoundEnded,
    RoundMeasured,
    RunFinished,
)
from driftline.records.events_log import append_event
from tests.experiments.tiny import tiny


@pytest.fixture
def tasks(tmp_path: Path) -> list[Task]:
    four = replace(tiny().rounds, rounds=4)
    return plan(tmp_path, replace(tiny(), rounds=four))


def say(task: Task, *events: Event) -> None:
    task.path.mkdir(parents=True, exist_ok=True)
    for event in events:
        append_event(task.path / "events.jsonl", event)


def of(tasks: list[Task], agent: str) -> Task:
    return next(task for task in tasks if task.agent == agent)


def ended(round: int, rounds: int = 4) -> RoundEnded:
    return RoundEnded(round, rounds, 0, 0, {}, 0.0, 0.0)


def screen(terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=100)


def text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_off_a_terminal_a_line_is_said_for_every_run_that_is_done(tasks: list[Task]) -> None:
    console = screen(terminal=False)
    progress = Progress(tasks, console)
    with progress.shown():
        progress.tick()
        assert text(console) == ""
        for number, task in enumerate(tasks, start=1):
            say(task, RunFinished(0.1))
            progress.tick()
            progress.tick()
            assert text(console).count("\n") == number
            assert f"{number} of {len(tasks)} runs done" in text(console).splitlines()[-1]


def test_on_a_terminal_agents_rounds_and_prevalence_are_shown(tasks: list[Task]) -> None:
    console = screen(terminal=True)
    progress = Progress(tasks, console)
    say(of(tasks, "offline"), OfflineProgress(5, 10, 1.0), RunFinished(0.1))
    say(of(tasks, "gm"), ended(0), RoundMeasured(1, {"bucket": 0.25}, 1.0, 0.0), ended(1))
    with progress.shown():
        progress.tick()
    last = text(console)
    for said in ("offline", "1/1", "gm", "0/1", "bucket 25%"):
        assert said in last
    # One of five runs is done and half of another.
    assert "30% done" in last


def test_recorded_demonstrations_are_told_until_they_are_learnt_from(tasks: list[Task]) -> None:
    first = of(tasks, "offline")
    for event, row in (
        (DemonstrationsRecorded(0.25), ["offline", "0/1", "recording", "25%"]),
        (DemonstrationsRecorded(1.0), ["offline", "0/1", "recording", "100%"]),
        (OfflineProgress(1, 10, 1.0), ["offline", "0/1"]),
    ):
        say(first, event)
        console = screen(terminal=True)
        progress = Progress(tasks, console)
        with progress.shown():
            progress.tick()
        shown = [line for line in text(console).splitlines() if "offline" in line]
        assert shown[-1].replace("│", " ").split() == row


def test_a_line_that_is_still_being_written_is_left_for_later(tasks: list[Task]) -> None:
    console, task = screen(terminal=False), tasks[0]
    progress = Progress(tasks, console)
    say(task, OfflineProgress(1, 2, 1.0))
    log = task.path / "events.jsonl"
    whole = log.read_bytes()
    say(task, RunFinished(0.1))
    rest = log.read_bytes()[len(whole) :]
    log.write_bytes(whole + rest[:9])
    progress.tick()
    assert text(console) == ""
    log.write_bytes(whole + rest)
    progress.tick()
    assert f"1 of {len(tasks)} runs done" in text(console)


def test_a_run_that_went_back_is_shown_where_it_is(tasks: list[Task]) -> None:
    console = screen(terminal=True)
    say(of(tasks, "gm"), ended(0), ended(1), ended(2), Resumed(1), ended(1))
    progress = Progress(tasks, console)
    with progress.shown():
        progress.tick()
    row = next(line for line in text(console).splitlines() if " gm " in line)
    assert row.replace("│", " ").split() == ["gm", "0/1", "2"]


def test_time_left_is_of_what_this_sitting_has_to_do(
    tasks: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr("driftline.experiments.progress.time.monotonic", lambda: now[0])
    console = screen(terminal=False)
    say(tasks[0], RunFinished(0.1))
    progress = Progress(tasks, console)
    progress.tick()
    assert "time left unknown yet" in text(console)
    now[0] += 60.0
    say(tasks[1], RunFinished(0.1))
    progress.tick()
    # A minute for one of the four runs that were left: three more minutes.
    assert "about 3 min 00 s left" in text(console)


def test_a_run_that_was_taken_over_to_be_longer_has_that_far_to_go(tmp_path: Path) -> None:
    short = tiny()
    longer = replace(short, rounds=replace(short.rounds, steps=100))
    console, tasks = screen(terminal=True), plan(tmp_path, longer)
    say(of(tasks, "gm"), RoundEnded(0, 1, 40, 0, {}, 0.0, 0.0))  # it was to be 40 steps long
    progress = Progress(tasks, console)
    with progress.shown():
        progress.tick()
    assert f"{0.4 / len(tasks):.0%} done" in text(console)
