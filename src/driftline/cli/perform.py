"""What each command does: check what was typed, load what it needs, call, print.

Knows no format and no algorithm. Heavy imports stand inside the functions.
"""

from __future__ import annotations

from typing import assert_never

from driftline.cli.commands import (
    Conformance,
    Demos,
    Info,
    Measure,
    Report,
    Resume,
    Study,
)
from driftline.errors import SettingsError
from driftline.experiments.names import (
    check_agents,
    check_arenas,
    check_budget,
    check_level,
    check_of_tasks,
    check_study,
)
from driftline.records.run_directory import RunDirectory, refuse_taken

AnyCommand = Study | Resume | Measure | Report | Demos | Conformance | Info


def perform(command: AnyCommand) -> int:
    """Carry out ``command``; returns the exit code, raises `DriftlineError`."""
    match command:
        case Study():
            return _study(command)
        case Resume():
            return _resume(command)
        case Measure():
            RunDirectory.open(command.path)
            from driftline.experiments.studies import measure

            return measure(command.path)
        case Report():
            RunDirectory.open(command.path)
            from driftline.experiments.studies import report

            return report(command.path)
        case Demos():
            from driftline.cli.demos import perform_demos

            return perform_demos(command.action)
        case Conformance():
            return _conformance(command)
        case Info():
            return _info(command)
        case _:
            assert_never(command)


def _study(command: Study) -> int:
    check_study(command.name)
    check_budget(command.budget)
    agents = check_agents(command.agents)
    if command.agents and not agents:
        raise SettingsError("--agents names no agent; leave it out to run them all")
    arenas = check_arenas(command.arenas)
    if command.arenas and not arenas:
        raise SettingsError("--arenas names no arena; leave it out to play all of them")
    if command.level is not None:
        check_level(command.level)
    check_of_tasks(command.name, command.level, command.steps)
    _at_least_one("--seeds", command.seeds)
    _at_least_one("--steps", command.steps)
    _at_least_one("--workers", command.workers)
    refuse_taken(command.directory)
    if command.extends is not None:
        RunDirectory.open(command.extends)
    from driftline.experiments.studies import run_study

    return run_study(
        command.name,
        budget=command.budget,
        agents=agents or None,
        seeds=command.seeds,
        out=command.directory,
        workers=command.workers,
        extends=command.extends,
        arenas=arenas or None,
        precision=command.precision,
        device=command.device,
        level=command.level,
        steps=command.steps,
    )


def _resume(command: Resume) -> int:
    _at_least_one("--workers", command.workers)
    RunDirectory.open(command.path)
    from driftline.experiments.studies import resume

    return resume(command.path, command.workers)


def _at_least_one(option: str, value: int | None) -> None:
    if value is not None and value < 1:
        raise SettingsError(f"{option} is at least 1, got {value}")


def _conformance(command: Conformance) -> int:
    if not command.files:
        raise SettingsError("conformance needs at least one file, got none; name recorded traces")
    from driftline.cli.screen import print_table
    from driftline.experiments.conformance import conformance

    results = list(conformance(command.files))
    rows = [
        (each.path.name, each.variant, each.episodes, each.frames, each.mismatches)
        for each in results
    ]
    print_table("", ("file", "world", "episodes", "frames", "mismatches"), rows)
    for each in results:
        for example in each.examples:
            print(f"{each.path.name}: {example}")
    return 0 if all(each.passed for each in results) else 1


def _info(command: Info) -> int:
    import os

    from driftline.cli.screen import print_table
    from driftline.records.manifest import revision, versions

    found: dict[str, str] = dict(versions())
    source = revision()
    if source is not None:
        found["source"] = source["commit"] + (" with changes" if source["dirty"] else "")
    found["cores"] = str(os.cpu_count())
    if hasattr(os, "sysconf"):
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        found["memory"] = f"{pages / 2**30:.1f} GiB"
    if command.precision:
        from driftline.training.precision import tried

        found["bfloat16"] = (
            f"{tried(256, 2048).ratio:.2f} times as fast as float32 in training a layer of 256"
        )
    print_table("", ("what", "version or size"), list(found.items()))
    return 0
