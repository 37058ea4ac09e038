"""Engines: everything once, nothing too early, the first failure ends it, no worker outlives it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from driftline.errors import RunError, SettingsError
from driftline.experiments import engines
from driftline.experiments.engines import run_in_pool, run_serially
from driftline.experiments.plan import Task, plan
from driftline.experiments.run import finished
from tests.experiments.tiny import begun, runs_in, same_run, tiny

Engine = Callable[[list[Task], set[Path]], None]
TASKS = plan(Path("root"), tiny(seeds=2))


class Work:
    """Stands in for what a task does, and remembers who was at work when."""

    def __init__(self, failing: Path | None = None) -> None:
        self.failing = failing
        self.begun: list[Path] = []
        self.done: list[Path] = []
        self.most = 0
        self._lock = threading.Lock()

    def __call__(self, task: Task) -> Path:
        with self._lock:
            assert task.needs is None or task.needs in self.done, "begun too early"
            self.begun.append(task.path)
            self.most = max(self.most, len(self.begun) - len(self.done))
        time.sleep(0.005)
        if task.path == self.failing:
            raise SettingsError("this one cannot be done")
        with self._lock:
            self.done.append(task.path)
        return task.path


@contextlib.contextmanager
def threads(workers: int) -> Iterator[ThreadPoolExecutor]:
    """Stands in for the pool of processes."""
    with ThreadPoolExecutor(workers) as pool:
        yield pool


def serial(tasks: list[Task], done: set[Path]) -> None:
    run_serially(tasks, done, lambda: None)


def pooled(tasks: list[Task], done: set[Path]) -> None:
    run_in_pool(tasks, done, 3, lambda: None)


@pytest.fixture(params=[serial, pooled])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setattr(engines, "_pool", threads)
    return request.param


def working(monkeypatch: pytest.MonkeyPatch, failing: Path | None = None) -> Work:
    work = Work(failing)
    monkeypatch.setattr(engines, "do", work)
    return work


def test_every_task_is_done_once_and_after_what_it_needs(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = working(monkeypatch)
    engine(TASKS, set())
    assert sorted(work.done) == sorted(task.path for task in TASKS)
    assert work.most == (1 if engine is serial else 3)


def test_what_is_done_already_is_not_done_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = working(monkeypatch)
    done = {TASKS[0].path, TASKS[3].path}
    work.done = list(done)
    engine(TASKS, done)
    assert sorted(work.begun) == sorted(task.path for task in TASKS if task.path not in done)


def test_a_plan_that_is_done_needs_nobody(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    work = working(monkeypatch)
    engine(TASKS, {task.path for task in TASKS})
    assert work.begun == []


def test_the_first_failure_is_raised_and_nothing_more_begins(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = working(monkeypatch, failing=TASKS[0].path)
    with pytest.raises(SettingsError, match="this one cannot be done"):
        engine(TASKS, set())
    assert len(work.begun) <= 3 < len(TASKS)
    assert not [task for task in TASKS if task.needs == TASKS[0].path and task.path in work.begun]


def test_progress_is_shown_while_tasks_run(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    working(monkeypatch)
    ticks: list[int] = []
    if engine is serial:
        run_serially(TASKS, set(), lambda: ticks.append(1))
    else:
        run_in_pool(TASKS, set(), 3, lambda: ticks.append(1))
    assert 0 < len(ticks) <= len(TASKS)


def workers() -> list[Any]:
    return multiprocessing.active_children()


def test_a_pool_ends_where_one_process_does_also_after_a_worker_was_killed(
    studied: Path, tmp_path: Path
) -> None:
    """The one test of real workers here: they import everything, which takes seconds."""
    root = begun(tmp_path / "pooled", tiny())
    tasks = plan(root, tiny())
    before = dict(os.environ)

    def kill_one() -> None:
        if any((task.path / "events.jsonl").exists() for task in tasks[1:]):
            with contextlib.suppress(IndexError):
                os.kill(workers()[0].pid, signal.SIGKILL)

    with pytest.raises(RunError, match=r"a worker process was killed.*resume"):
        run_in_pool(tasks, set(), 2, kill_one)
    assert workers() == []
    assert not all(finished(task.path) for task in tasks)

    done = {task.path for task in tasks if finished(task.path)}
    assert done, "the offline phase was done before the worker was killed"
    run_in_pool(tasks, done, 2, lambda: None)
    assert workers() == []
    assert dict(os.environ) == before
    assert runs_in(root) == runs_in(studied)
    for run in runs_in(root):
        assert same_run(root / run, studied / run)


@pytest.mark.parametrize("workers", [1, 2])
def test_each_gives_everything_in_the_order_it_was_given(
    workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow_at_first(number: int) -> int:
        time.sleep(0.02 / (1 + number))
        return -number

    monkeypatch.setattr(engines, "_pool", threads)
    assert list(engines.each(slow_at_first, range(5), workers)) == [0, -1, -2, -3, -4]
