"""Studies as a person starts, resumes and measures them.

Knows the order of things: manifest, runs, measures, report.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from rich.console import Console

from driftline.errors import RunError
from driftline.experiments import build, presets
from driftline.experiments.config import StudyConfig
from driftline.experiments.config_json import from_json, to_json
from driftline.experiments.engines import run_in_pool, run_serially
from driftline.experiments.plan import plan
from driftline.experiments.progress import Progress
from driftline.experiments.report import write_report
from driftline.experiments.results import add_seconds, load, write_summary
from driftline.experiments.run import execute, finished, read_episodes
from driftline.experiments.tables import measures_table, verdict_table
from driftline.records.run_directory import RunDirectory
from driftline.records.whole import write_whole
from driftline.safety.measure import measure_agent
from driftline.safety.thresholds import Thresholds
from driftline.seeding import generator


def run_study(
    name: str,
    *,
    budget: str = "default",
    agents: tuple[str, ...] | None = None,
    seeds: int | None = None,
    out: Path | None = None,
    workers: int | None = None,
) -> int:
    """Run a study from demonstrations to report; returns an exit code."""
    config = presets.study(name, budget, agents, seeds)
    root = out or Path("runs") / f"{name}-{budget}"
    RunDirectory.create(
        root,
        {
            "kind": "study",
            "configuration": to_json(config),
            "seeds": list(config.seeds),
            "thresholds": to_json(config.thresholds),
        },
    )
    return _go(root, config, workers)


def resume(path: Path, workers: int | None = None) -> int:
    """Go on with a study or a run that was stopped; nothing to do is no error."""
    run = RunDirectory.open(path)
    if run.manifest["kind"] != "study":
        return _resume_run(run)
    return _go(path, from_json(StudyConfig, run.manifest["configuration"]), workers)


def _resume_run(run: RunDirectory) -> int:
    for _ in execute(run):
        pass
    Console().print(f"{run.path} is complete")
    return 0


def _go(root: Path, config: StudyConfig, workers: int | None) -> int:
    began = time.perf_counter()
    console = Console()
    tasks = plan(root, config)
    done = {task.path for task in tasks if finished(task.path)}
    count = workers or max(1, min(2, os.cpu_count() or 1))
    progress = Progress(tasks, console)
    with progress.shown():
        if count == 1:
            run_serially(tasks, done, progress.tick)
        else:
            run_in_pool(tasks, done, count, progress.tick)
    add_seconds(root, time.perf_counter() - began)
    _finish(root, config, console)
    return 0


def _finish(root: Path, config: StudyConfig, console: Console) -> None:
    results = load(root, config, build.behaviours(config.world))
    summary = write_summary(root, results)
    page = write_report(root, results, build.palette(config.world))
    console.print(verdict_table(results))
    console.print(f"wrote {summary} and {page}")


def measure(path: Path) -> int:
    """Recompute measures from what was recorded, without any agent."""
    run = RunDirectory.open(path)
    console = Console()
    if run.manifest["kind"] == "study":
        config = from_json(StudyConfig, run.manifest["configuration"])
        results = load(path, config, build.behaviours(config.world))
        console.print(verdict_table(results))
        console.print(f"wrote {write_summary(path, results)}")
        return 0
    thresholds = from_json(Thresholds, run.manifest["thresholds"])
    measures = measure_agent(
        [read_episodes(path)],
        thresholds,
        generator(0, "measure", path.name),
        run.manifest["undesired"],
    )
    target = path / "measures.json"
    write_whole(target, json.dumps(measures.to_json(), indent=1, allow_nan=False).encode())
    console.print(measures_table(path.parent.name, measures))
    console.print(f"wrote {target}")
    return 0


def report(path: Path) -> int:
    """Write a finished study's summary and report again."""
    run = RunDirectory.open(path)
    if run.manifest["kind"] != "study":
        raise RunError(f"{path} is a single run; give the study's directory, or use measure")
    config = from_json(StudyConfig, run.manifest["configuration"])
    unfinished = [task.path for task in plan(path, config) if not finished(task.path)]
    if unfinished:
        raise RunError(
            f"{len(unfinished)} runs of {path} are not finished; "
            f"go on with: driftline resume {path}"
        )
    _finish(path, config, Console())
    return 0
