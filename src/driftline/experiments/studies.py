"""Studies as a person starts, resumes and measures them.

Knows the order of things: manifest, runs, measures, report.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import assert_never

from rich.console import Console

from driftline.errors import RunError, SettingsError
from driftline.experiments import build, presets
from driftline.experiments.behaviour_policy import check_policies
from driftline.experiments.config import StudyConfig
from driftline.experiments.config_json import from_json, to_json
from driftline.experiments.control_config import ControlConfig
from driftline.experiments.drift_config import DriftConfig
from driftline.experiments.engines import go_on, run_in_pool, run_serially
from driftline.experiments.entropy_config import EntropyConfig
from driftline.experiments.extending import Shared, shared_runs, take_over
from driftline.experiments.finishing import finish, measure_study, say
from driftline.experiments.gridworlds_config import GridworldsConfig, world_path
from driftline.experiments.names import study_directory
from driftline.experiments.places import TAKEN, WALL, Clock, set_seconds
from driftline.experiments.plan import AnyStudy, ManyStudies, Task, plan
from driftline.experiments.progress import Progress
from driftline.experiments.reckoning import Wanted, chosen, heaviest, reckoned_in, reckoned_on
from driftline.experiments.run import finished, seconds_of
from driftline.experiments.run_measures import measure_run
from driftline.experiments.tables import measures_table
from driftline.experiments.targets_config import TargetsConfig
from driftline.models.trainable import check_device
from driftline.records.run_directory import MANIFEST, RunDirectory, refuse_taken
from driftline.records.whole import refused, write_whole


def run_study(
    name: str,
    *,
    budget: str = "default",
    agents: tuple[str, ...] | None = None,
    seeds: int | None = None,
    out: Path | None = None,
    workers: int | None = None,
    extends: Path | None = None,
    arenas: tuple[str, ...] | None = None,
    precision: Wanted | None = None,
    device: str | None = None,
    level: str | None = None,
    steps: int | None = None,
) -> int:
    """Run a study from demonstrations to report; returns an exit code.

    ``precision``: of what numbers products are where models learn; ``device``: where they are.
    ``level``: of the demonstrations; ``steps``: of the online phase. None: as the study has it.
    ``arenas``: of the study of several arenas, which; None: all that have demonstrators.
    ``extends``: an earlier study's directory; what it finished of this one's runs is
    taken over. Raises `RunError` where it has none of them.
    """
    config: AnyStudy
    if arenas is None:
        config = presets.study(name, budget, agents, seeds, level, steps)
    else:
        config = presets.study_in(arenas, name, budget, agents, seeds, level, steps)
    if device is not None:
        config = _on(config, device)
    if precision is not None:
        choice = chosen(precision, heaviest(config), device or "cpu")
        config = reckoned_in(config, choice.precision)
        if choice.why is not None:
            say(Console(), choice.why)
    for each in _of_agents(config):
        build.check(each)
    root = out or study_directory(name, budget, level, steps)
    if extends is None:
        _begin(root, config)
    else:
        _extend(extends, root, config)
    return _go(root, config, workers)


def _on(config: AnyStudy, device: str) -> AnyStudy:
    if isinstance(config, TargetsConfig):
        raise SettingsError(
            f"the study {config.name} trains models of several kinds on the processor; leave "
            "device out"
        )
    check_device(device)
    return reckoned_on(config, device)


def _extend(earlier: Path, root: Path, config: AnyStudy) -> None:
    """Begin a study with what is finished of it in ``earlier``: all of that or nothing."""
    refuse_taken(root)
    shared = shared_runs(earlier, root, plan(root, config))
    beside = root.parent / f".{root.name}-{os.getpid()}"
    try:
        _begin(beside, config, shared)
        if isinstance(config, ManyStudies):
            _begin_worlds(beside, config, shared)
        take_over(shared, root, beside)
        _rename(beside, root)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    told = shared.to_json()
    on = f", of which {told['longer']} go on" if told["longer"] else ""
    say(
        Console(),
        f"took over {len(shared.runs)} of {shared.planned} runs from {earlier}{on} (made by "
        f"revision {'; '.join(told['revisions'])})",
    )


def _rename(beside: Path, root: Path) -> None:
    try:
        beside.replace(root)
    except OSError as error:
        raise refused(root, error) from error


def _of_agents(config: AnyStudy) -> tuple[StudyConfig, ...]:
    """The studies of agents that a study consists of."""
    match config:
        case StudyConfig():
            return (config,)
        case DriftConfig():
            return (config.study,)
        case GridworldsConfig() | EntropyConfig() | ControlConfig():
            return config.worlds
        case TargetsConfig():
            return ()
        case _:
            assert_never(config)


def _begin(root: Path, config: AnyStudy, shared: Shared | None = None) -> None:
    RunDirectory.create(
        root,
        {
            **({} if shared is None else {TAKEN: shared.to_json()}),
            "kind": "study",
            "configuration": to_json(config),
            "seeds": list(config.seeds),
            "thresholds": {} if isinstance(config, TargetsConfig) else to_json(config.thresholds),
        },
    )


def resume(path: Path, workers: int | None = None) -> int:
    """Go on with a study or a run that was stopped; nothing to do is no error."""
    run = RunDirectory.open(path)
    if run.manifest["kind"] != "study":
        return _resume_run(run)
    return _go(path, _configuration(run), workers)


def _resume_run(run: RunDirectory) -> int:
    told = run.manifest["configuration"].get("study")
    if isinstance(told, dict) and not finished(run.path):
        _check_devices({told.get("device", "cpu")})
    go_on(run)
    say(Console(), f"{run.path} is complete")
    return 0


def _check_devices(begun_on: set[str]) -> None:
    """Raise `RunError` where what was begun cannot go on, before anything is done."""
    for device in sorted(begun_on):
        try:
            check_device(device)
        except SettingsError as error:
            raise RunError(
                f"this was begun on {device}, and {error}; resume it on a machine that has one, or "
                "begin another without --device"
            ) from error


def _go(root: Path, config: AnyStudy, workers: int | None) -> int:
    console, clock = Console(), Clock(root)
    if isinstance(config, ManyStudies):
        _begin_worlds(root, config)
    tasks = plan(root, config)
    done = {task.path for task in tasks if finished(task.path)}
    count = workers or os.cpu_count() or 1
    if len(done) < len(tasks):
        _check_devices({each.device for each in _of_agents(config)})
        check_policies(tasks)
    if len(done) < len(tasks) or not (root / WALL).exists():
        _do(tasks, done, count, Progress(tasks, console), clock)
        _time_worlds(root, config, tasks, count)
    finish(root, config, console, count)
    return 0


def _do(
    tasks: Sequence[Task], done: set[Path], workers: int, progress: Progress, clock: Clock
) -> None:
    def tick() -> None:
        progress.tick()
        clock.tick()

    try:
        with progress.shown():
            if workers == 1:
                run_serially(tasks, done, tick)
            else:
                run_in_pool(tasks, done, workers, tick)
    finally:
        clock.add()


def _begin_worlds(root: Path, config: ManyStudies, shared: Shared | None = None) -> None:
    """Make each world's directory a study of its own, where it is none yet."""
    for world in config.worlds:
        path = world_path(root, world.name)
        if not (path / MANIFEST).exists():
            own = None if shared is None else shared.of(world.name)
            _begin(path, world, own if own is not None and own.runs else None)


def _time_worlds(root: Path, config: AnyStudy, tasks: Sequence[Task], workers: int) -> None:
    """Each world's own time: what its runs took, shared among the workers."""
    if isinstance(config, ManyStudies):
        for world in config.worlds:
            took = (seconds_of(task.path) for task in tasks if task.group == world.name)
            set_seconds(world_path(root, world.name), sum(took) / workers)


def measure(path: Path) -> int:
    """Recompute measures from what was recorded, without any agent."""
    run = RunDirectory.open(path)
    console = Console()
    if run.manifest["kind"] == "study":
        measure_study(path, _finished_study(run), console)
        return 0
    measures = measure_run(path)
    target = path / "measures.json"
    write_whole(target, json.dumps(measures.to_json(), indent=1, allow_nan=False).encode())
    if measures.behaviours:
        name = path.resolve().name if run.manifest["kind"] == "own" else path.parent.name
        console.print(measures_table(name, measures))
    else:
        print(measures)
    say(console, f"wrote {target}")
    return 0


def report(path: Path, workers: int | None = None) -> int:
    """Write a finished study's summary and report again, of many worlds ``workers`` at a time."""
    run = RunDirectory.open(path)
    if run.manifest["kind"] != "study":
        raise RunError(f"{path} is a single run; give the study's directory, or use measure")
    config = _finished_study(run)
    finish(path, config, Console(), workers or os.cpu_count() or 1)
    return 0


def _configuration(run: RunDirectory) -> AnyStudy:
    stored = run.manifest["configuration"]
    kinds: tuple[type[AnyStudy], ...] = (
        TargetsConfig,
        GridworldsConfig,
        DriftConfig,
        EntropyConfig,
        ControlConfig,
    )
    named = {kind.__name__: kind for kind in kinds}
    return from_json(named.get(stored.get("kind"), StudyConfig), stored)


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
