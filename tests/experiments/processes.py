"""Driftline in processes of its own, to be killed at moments that a seed decides.

Knows no test.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from driftline.experiments.plan import run_path

# One interpreter loads everything once; each line it reads is a command line of driftline,
# performed by a fork of it.
READY = """
import os, sys
import matplotlib
matplotlib.use("agg")
import torch
import driftline.experiments.report_page.page
import driftline.experiments.studies
from driftline.cli.main import run
torch.set_num_threads(1)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os._exit(run(line.split()))
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""

# The command line, with the study that a directory's manifest describes in place of the preset.
# What runs in the background may have begun with Ctrl-C ignored; in a terminal nothing does.
PLANNED = """
import signal
import sys
from pathlib import Path
def main():
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from driftline.cli.main import run
    from driftline.experiments import presets
    from driftline.experiments.config import StudyConfig
    from driftline.experiments.config_json import from_json
    from driftline.records.run_directory import RunDirectory
    stored = RunDirectory.open(Path(sys.argv[1])).manifest["configuration"]
    presets.study = lambda *given: from_json(StudyConfig, stored)
    return run(sys.argv[2:])
if __name__ == "__main__":
    sys.exit(main())
"""

PATIENCE = 600.0


def one_thread() -> dict[str, str]:
    """The environment of a process that leaves the other cores alone."""
    return {**os.environ, "OMP_NUM_THREADS": "1"}


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Look every few milliseconds; fails after many minutes, for a machine may be busy."""
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, f"waited {PATIENCE:.0f} s for {what}"
        time.sleep(0.005)


def lines(root: Path) -> int:
    """How many lines all runs below ``root`` have written."""
    return sum(path.read_bytes().count(b"\n") for path in root.rglob("events.jsonl"))


class Ready:
    """A loaded interpreter that performs command lines in forks of itself."""

    def __init__(self) -> None:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._process = subprocess.Popen([sys.executable, "-c", READY], env=one_thread(), **pipes)

    def close(self) -> None:
        """End the interpreter."""
        self._process.communicate()
        assert self._process.returncode == 0

    def start(self, *arguments: object) -> int:
        """Begin a command; its process id."""
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(map(str, arguments)) + "\n")
        self._process.stdin.flush()
        return self._read()

    def finish(self) -> int:
        """Wait for the command that began; its exit code, negative: the signal that ended it."""
        return os.waitstatus_to_exitcode(self._read())

    def _read(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())

    def perform(self, *arguments: object) -> int:
        """Carry out a command; its exit code."""
        self.start(*arguments)
        return self.finish()

    def kill_at_random(self, root: Path, draw: np.random.Generator, most: int) -> int:
        """Resume ``root`` and kill that within ``most`` more lines; the exit code."""
        child = self.start("resume", root, "--workers", 1)
        wanted, pause = lines(root) + int(draw.integers(most)), draw.uniform(0.0, 0.15)
        wait_until(lambda: lines(root) >= wanted, f"{wanted} lines in {root}")
        time.sleep(pause)
        os.kill(child, signal.SIGKILL)
        return self.finish()


@contextlib.contextmanager
def started(command: list[str], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A process in a session of its own, none of which outlives the block."""
    options = {"stdout": subprocess.DEVNULL, "text": True, "env": one_thread(), **options}
    with subprocess.Popen(command, start_new_session=True, **options) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def begun_runs(root: Path) -> bool:
    """Whether any agent of the study has said anything."""
    spoken = {path.parent.parent.name for path in root.glob("runs/*/*/events.jsonl")}
    return bool(spoken - {run_path(root, "offline", 0).parent.name})


def children(process: int) -> list[int]:
    """The processes that ``process`` began and that live."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if int(parent) == process and state != "Z":
            found.append(int(path.parent.name))
    return found


def alive(process: int) -> bool:
    """Whether the process lives: one that ended and was not asked after does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
