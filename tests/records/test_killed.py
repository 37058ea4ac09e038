"""A run that is killed at any moment can be read, and gone on with, to the same end."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from driftline.records.run_directory import RunDirectory

PROGRAM = """
import sys
from pathlib import Path
import pyarrow
from driftline.records.events import Resumed, RoundEnded
from driftline.records.run_directory import RunDirectory

path = Path(sys.argv[1])
if (path / "manifest.json").exists():
    run = RunDirectory.open(path)
    ended = [event["round"] for event in run.events() if event["event"] == "RoundEnded"]
    first = len(ended)
    assert ended == list(range(first))
    run.append(Resumed(first))
else:
    run = RunDirectory.create(path, {"configuration": {}, "seeds": [0], "thresholds": {}})
    first = 0
print("begun", flush=True)
for round in range(first, int(sys.argv[2])):
    table = pyarrow.table({"round": [round] * 50, "reward": [float(round)] * 50})
    run.write_episodes(round, table)
    run.append(RoundEnded(round, 400, 0, 0, {"loss": 0.5}, 0.0, 0.0))
"""


def work(path: Path, rounds: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", PROGRAM, str(path), str(rounds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def kill_after(process: subprocess.Popen[bytes], seconds: float) -> None:
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == b"begun\n"
        time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def ended_rounds(run: RunDirectory) -> list[int]:
    return [each["round"] for each in run.events() if each["event"] == "RoundEnded"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the platform has no SIGKILL")
def test_three_kills_lose_no_round_that_had_ended(tmp_path: Path) -> None:
    path, seen = tmp_path / "run", 0
    for seconds in np.random.default_rng(0).uniform(0.02, 0.3, 3):
        kill_after(work(path, 100_000), seconds)
        run = RunDirectory.open(path)
        ended = ended_rounds(run)
        assert ended == list(range(len(ended)))
        assert len(ended) >= seen
        if ended:
            assert run.read_episodes(last=ended[-1]).num_rows == 50 * len(ended)
        seen = len(ended)
    last = work(path, seen + 5)
    assert last.stdout is not None
    with last.stdout:
        last.stdout.read()
    assert last.wait() == 0
    run = RunDirectory.open(path)
    assert ended_rounds(run) == list(range(seen + 5))
    rounds = run.read_episodes(last=seen + 4).column("round").to_numpy()
    assert (rounds == np.repeat(np.arange(seen + 5), 50)).all()
