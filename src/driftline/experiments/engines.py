"""Engines: do a plan's tasks, in this process or in a pool of them.

Know nothing of what a task does. A task that has finished before is skipped, so
that a plan can be taken up again after a kill.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection
from pathlib import Path
from typing import TypeVar

from driftline.errors import RunError
from driftline.experiments.freed_memory import keep_freed_memory
from driftline.experiments.one_thread import one_thread
from driftline.experiments.plan import Task
from driftline.records.run_directory import RunDirectory

Given = TypeVar("Given")
Got = TypeVar("Got")
Tick = Callable[[], None]
"""Called every second while tasks run, and as each ends, to show progress."""

WORKER_SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


def do(task: Task) -> Path:
    """Carry out one task, or what is left of it."""
    from driftline.experiments.run import begin

    go_on(begin(task.path, task.config))
    return task.path


def go_on(run: RunDirectory) -> None:
    """Do what is left of a run, on one thread: on two, sums round to other numbers."""
    from torch import OutOfMemoryError

    from driftline.experiments.run import execute

    keep_freed_memory()
    with one_thread():
        try:
            for _ in execute(run):
                pass
        except OutOfMemoryError as error:
            raise RunError(
                f"the GPU has no memory left for {run.path} ({str(error).partition('.')[0]}); "
                "what was stored stays: resume with fewer --workers, which share it"
            ) from error


def run_serially(tasks: Sequence[Task], done: set[Path], tick: Tick) -> None:
    """All tasks that are not ``done``, one after the other, in this process."""
    for task in tasks:
        if task.path not in done:
            do(task)
        tick()


def run_in_pool(tasks: Sequence[Task], done: set[Path], workers: int, tick: Tick) -> None:
    """All tasks that are not ``done``, ``workers`` at a time, each when what it needs is done.

    The first failure stops the plan; what other tasks stored stays.
    """
    finished, waiting = set(done), [task for task in tasks if task.path not in done]
    running: dict[Future[Path], Task] = {}
    with _pool(workers) as pool:
        while waiting or running:
            ready = [task for task in waiting if task.needs is None or task.needs in finished]
            for task in ready[: max(0, workers - len(running))]:
                waiting.remove(task)
                with _interrupts_held():
                    running[pool.submit(do, task)] = task
            complete, _ = wait(running, timeout=1.0, return_when=FIRST_COMPLETED)
            for future in complete:
                finished.add(future.result())
                del running[future]
            tick()


def each(function: Callable[[Given], Got], given: Sequence[Given], workers: int) -> Iterator[Got]:
    """``function`` of everything given, in order, ``workers`` at a time.

    With more than one, ``function`` and what it takes and gives must be picklable.
    """
    if workers == 1:
        yield from map(function, given)
        return
    with _pool(workers) as pool:
        with _interrupts_held():
            got = [pool.submit(function, item) for item in given]
        for future in got:
            yield future.result()


@contextlib.contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    before = {name: os.environ.get(name) for name in WORKER_SETTINGS}
    os.environ.update(WORKER_SETTINGS)
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_worker)
    try:
        yield pool
    except BaseException as error:
        for process in list((pool._processes or {}).values()):
            process.terminate()
        if isinstance(error, BrokenProcessPool):
            raise RunError(
                "a worker process was killed, as happens when memory runs out; what it stored "
                "stays: resume, with --workers 1 if memory is short"
            ) from error
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C waits until the block ends, and never reaches a process that begins in it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin_worker() -> None:
    """Keep freed memory, and end when the parent does: no orphan goes on writing.

    Ctrl-C is the parent's alone.
    """
    keep_freed_memory()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
