"""The central law: killed at any moments and resumed, a study ends with the same numbers."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from driftline.experiments.plan import OFFLINE, run_path
from tests.experiments.processes import (
    PLANNED,
    Ready,
    alive,
    begun_runs,
    children,
    lines,
    started,
    wait_until,
)
from tests.experiments.tiny import begun, same_run, same_study, tiny

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    interpreter = Ready()
    yield interpreter
    interpreter.close()


@pytest.mark.parametrize(
    "agent", ["ogm-quantile", pytest.param("finetune-kl", marks=pytest.mark.slow)]
)
def test_a_run_killed_at_random_moments_ends_as_one_that_was_not(
    studied: Path, tmp_path: Path, ready: Ready, agent: str
) -> None:
    shutil.copytree(run_path(studied, OFFLINE, 0), run_path(tmp_path, OFFLINE, 0))
    run, whole = run_path(tmp_path, agent, 0), run_path(studied, agent, 0)
    run.mkdir(parents=True)
    shutil.copy(whole / "manifest.json", run)
    draw = np.random.default_rng(len(agent))
    ends = [ready.kill_at_random(run, draw, 4) for _ in range(3)]
    assert ends.count(-signal.SIGKILL) >= 2
    assert ready.perform("resume", run) == 0
    assert same_run(run, whole)


def resuming(root: Path) -> list[str]:
    return [sys.executable, "-m", "driftline", "resume", str(root), "--workers", "2"]


def kill_with_its_workers(root: Path, draw: np.random.Generator, most: int) -> int:
    """Resume, kill the parent at a random moment; how many workers it had. None survives."""
    wanted = lines(root) + 1 + int(draw.integers(most))
    with started(resuming(root)) as process:
        wait_until(lambda: lines(root) >= wanted or process.poll() is not None, f"line {wanted}")
        time.sleep(draw.uniform(0.0, 0.3))
        born = children(process.pid)
        process.kill()
        process.wait()
        wait_until(lambda: not any(alive(each) for each in born), "the workers to end")
        still = lines(root)
        time.sleep(0.2)
        assert lines(root) == still, "an orphan goes on writing"
        return len(born)


@pytest.mark.slow
def test_a_study_killed_at_random_moments_ends_as_one_that_was_not(
    studied: Path, tmp_path: Path, ready: Ready
) -> None:
    root, draw = begun(tmp_path / "study", tiny()), np.random.default_rng(1)
    assert kill_with_its_workers(root, draw, 8) >= 2
    ends = [ready.kill_at_random(root, draw, 10) for _ in range(3)]
    assert ends == [-signal.SIGKILL] * 3
    assert not (root / "summary.json").exists()
    assert ready.perform("resume", root, "--workers", 1) == 0
    assert same_study(root, studied)
    assert (root / "report.html").exists()


def interrupted(
    root: Path, whole: Path, ready: Callable[[int], bool], what: str
) -> tuple[int, str]:
    """Start a study as a person does and press Ctrl-C once it is ``ready``."""
    command = [sys.executable, "-c", PLANNED, str(whole), "study", "tomato-watering"]
    command += ["--out", str(root), "--workers", "2"]
    with started(command, stderr=subprocess.PIPE) as process:
        wait_until(lambda: ready(process.pid) or process.poll() is not None, what)
        os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to all of them
        _, said = process.communicate()
        return process.returncode, said


@pytest.mark.slow
def test_ctrl_c_is_one_line_that_says_how_to_go_on_and_going_on_completes(
    studied: Path, tmp_path: Path, ready: Ready
) -> None:
    root = tmp_path / "study"
    code, said = interrupted(root, studied, lambda _: begun_runs(root), "an agent's first line")
    assert said == f"driftline: interrupted; go on with: driftline resume {root}\n"
    assert code == 130
    assert not (root / "summary.json").exists()
    assert ready.perform("resume", root, "--workers", 1) == 0
    assert same_study(root, studied)


def test_ctrl_c_is_one_line_also_while_workers_are_starting(studied: Path, tmp_path: Path) -> None:
    root = tmp_path / "study"
    code, said = interrupted(root, studied, lambda study: len(children(study)) > 1, "a worker")
    assert said == f"driftline: interrupted; go on with: driftline resume {root}\n"
    assert code == 130


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tomato-watering", "side-effects-sokoban"])
def test_a_study_of_all_agents_killed_with_its_workers_ends_as_one_that_was_not(
    tmp_path: Path, ready: Ready, name: str
) -> None:
    config = tiny(name, agents=None, seeds=2)
    whole, root = begun(tmp_path / "whole", config), begun(tmp_path / "killed", config)
    assert ready.perform("resume", whole, "--workers", 1) == 0
    draw = np.random.default_rng(3)
    for _ in range(4):
        kill_with_its_workers(root, draw, 30)
    with started(resuming(root)) as last:
        assert last.wait() == 0
    assert same_study(root, whole)
