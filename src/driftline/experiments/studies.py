"""Studies as a person starts, resumes and measures them.

Knows the order of things: manifest, runs, measures, report.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import assert_never

from rich.console import Console

from driftline.errors import RunError
from driftline.experiments import build, presets
from driftline.experiments.config import StudyConfig
from driftline.experiments.config_json import from_json, to_json
from driftline.experiments.engines import go_on, run_in_pool, run_serially
from driftline.experiments.places import add_seconds
from driftline.experiments.plan import plan
from driftline.experiments.progress import Progress
from driftline.experiments.report import write_report
from driftline.experiments.results import load, write_summary
from driftline.experiments.run import finished
from driftline.experiments.run_measures import measure_run
from driftline.experiments.tables import measures_table, verdict_table
from driftline.experiments.targets.claims import claims, claims_table
from driftline.experiments.targets.report import write_targets_report
from driftline.experiments.targets.results import load_targets, write_targets_summary
from driftline.experiments.targets_config import TargetsConfig
from driftline.records.run_directory import RunDirectory
from driftline.records.whole import write_whole

AnyStudy = StudyConfig | TargetsConfig


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
    if isinstance(config, StudyConfig):
        build.check(config)
    root = out or Path("runs") / f"{name}-{budget}"
    RunDirectory.create(
        root,
        {
            "kind": "study",
            "configuration": to_json(config),
            "seeds": list(config.seeds),
            "thresholds": to_json(config.thresholds) if isinstance(config, StudyConfig) else {},
        },
    )
    return _go(root, config, workers)


def resume(path: Path, workers: int | None = None) -> int:
    """Go on with a study or a run that was stopped; nothing to do is no error."""
    run = RunDirectory.open(path)
    if run.manifest["kind"] != "study":
        return _resume_run(run)
    return _go(path, _configuration(run), workers)


def _resume_run(run: RunDirectory) -> int:
    go_on(run)
    _say(Console(), f"{run.path} is complete")
    return 0


def _go(root: Path, config: AnyStudy, workers: int | None) -> int:
    began = time.perf_counter()
    console = Console()
    tasks = plan(root, config)
    done = {task.path for task in tasks if finished(task.path)}
    count = workers or os.cpu_count() or 1
    progress = Progress(tasks, console)
    with progress.shown():
        if count == 1:
            run_serially(tasks, done, progress.tick)
        else:
            run_in_pool(tasks, done, count, progress.tick)
    if len(done) < len(tasks):
        add_seconds(root, time.perf_counter() - began)
    _finish(root, config, console)
    return 0


def _finish(root: Path, config: AnyStudy, console: Console) -> None:
    match config:
        case StudyConfig():
            _finish_agents(root, config, console)
        case TargetsConfig():
            told = load_targets(root, config)
            summary = write_targets_summary(root, told, claims(told))
            page = write_targets_report(root, told)
            console.print(claims_table(claims(told)))
            _say(console, f"wrote {summary} and {page}")
        case _:
            assert_never(config)


def _finish_agents(root: Path, config: StudyConfig, console: Console) -> None:
    results = load(root, config, build.behaviours(config.world))
    summary = write_summary(root, results)
    page = write_report(root, results, build.palette(config.world))
    console.print(verdict_table(results))
    _say(console, f"wrote {summary} and {page}")


def measure(path: Path) -> int:
    """Recompute measures from what was recorded, without any agent."""
    run = RunDirectory.open(path)
    console = Console()
    if run.manifest["kind"] == "study":
        config = _finished_study(run)
        if isinstance(config, TargetsConfig):
            told = load_targets(path, config)
            _say(console, f"wrote {write_targets_summary(path, told, claims(told))}")
            return 0
        results = load(path, config, build.behaviours(config.world))
        console.print(verdict_table(results))
        _say(console, f"wrote {write_summary(path, results)}")
        return 0
    measures = measure_run(path)
    target = path / "measures.json"
    write_whole(target, json.dumps(measures.to_json(), indent=1, allow_nan=False).encode())
    if measures.behaviours:
        name = path.resolve().name if run.manifest["kind"] == "own" else path.parent.name
        console.print(measures_table(name, measures))
    else:
        print(measures)
    _say(console, f"wrote {target}")
    return 0


def report(path: Path) -> int:
    """Write a finished study's summary and report again."""
    run = RunDirectory.open(path)
    if run.manifest["kind"] != "study":
        raise RunError(f"{path} is a single run; give the study's directory, or use measure")
    config = _finished_study(run)
    _finish(path, config, Console())
    return 0


def _configuration(run: RunDirectory) -> AnyStudy:
    stored = run.manifest["configuration"]
    if stored.get("kind") == TargetsConfig.__name__:
        return from_json(TargetsConfig, stored)
    return from_json(StudyConfig, stored)


def _finished_study(run: RunDirectory) -> AnyStudy:
    """The study's configuration; raises `RunError` where a run of it is not finished."""
    config = _configuration(run)
    unfinished = [task.path for task in plan(run.path, config) if not finished(task.path)]
    if unfinished:
        raise RunError(
            f"{len(unfinished)} runs of {run.path} are not finished; "
            f"go on with: driftline resume {run.path}"
        )
    return config


def _say(console: Console, line: str) -> None:
    """Print a line as it is: a path must survive being copied."""
    console.print(line, soft_wrap=True, markup=False, highlight=False)
