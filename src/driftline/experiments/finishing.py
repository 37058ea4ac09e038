"""How a study whose runs are done is finished: summary, page and a few lines on the screen.

Knows every kind of study, and nothing of how its runs are made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar, assert_never

from rich.console import Console

from driftline.experiments.arenas.answers import answers
from driftline.experiments.arenas.found import ArenaFound, ControlFound, arena_found
from driftline.experiments.arenas.report import write_control_report
from driftline.experiments.arenas.summary import write_control_summary
from driftline.experiments.config import StudyConfig
from driftline.experiments.control_config import ControlConfig
from driftline.experiments.drift.found import DriftFound, found
from driftline.experiments.drift.report import (
    sentences,
    write_drift_report,
    write_drift_summary,
)
from driftline.experiments.drift_config import DriftConfig
from driftline.experiments.engines import each
from driftline.experiments.entropy.found import found as model_found
from driftline.experiments.entropy.report import (
    EntropyFound,
    write_entropy_report,
    write_entropy_summary,
)
from driftline.experiments.entropy.report import sentences as entropy_sentences
from driftline.experiments.entropy_config import EntropyConfig
from driftline.experiments.findings import Findings
from driftline.experiments.gridworlds.digest import Digest, Suite, digest
from driftline.experiments.gridworlds.questions import questions
from driftline.experiments.gridworlds.report import write_gridworlds_report
from driftline.experiments.gridworlds.summary import write_gridworlds_summary
from driftline.experiments.gridworlds_config import GridworldsConfig, world_path
from driftline.experiments.places import wall_seconds
from driftline.experiments.plan import AnyStudy, ManyStudies
from driftline.experiments.report import write_report
from driftline.experiments.results import Results, load, summary, write_summary
from driftline.experiments.shown import shown
from driftline.experiments.tables import verdict_table
from driftline.experiments.targets.claims import claims, claims_table
from driftline.experiments.targets.report import write_targets_report
from driftline.experiments.targets.results import load_targets, write_targets_summary
from driftline.experiments.targets_config import TargetsConfig

Kept = TypeVar("Kept")
"""What is kept of one study of several, once it is written."""
Place = tuple[Path, StudyConfig]


def finish(root: Path, config: AnyStudy, console: Console, workers: int) -> None:
    """Write everything that is told of a study; of many worlds ``workers`` at a time."""
    match config:
        case StudyConfig():
            _finish_agents(root, config, console)
        case DriftConfig():
            _finish_drift(root, config, console)
        case EntropyConfig():
            _finish_entropy(root, config, console)
        case GridworldsConfig():
            _finish_gridworlds(root, config, console, workers)
        case ControlConfig():
            _finish_control(root, config, console, workers)
        case TargetsConfig():
            told = load_targets(root, config)
            written = write_targets_summary(root, told, claims(told))
            page = write_targets_report(root, told)
            console.print(claims_table(claims(told)))
            say(console, f"wrote {written} and {page}")
        case _:
            assert_never(config)


def _finish_agents(root: Path, config: StudyConfig, console: Console) -> None:
    results, _, written = _write(root, config)
    console.print(verdict_table(results))
    say(console, written)


def _write(root: Path, config: StudyConfig) -> tuple[Results, Findings, str]:
    """A world's results and findings once they are written, and what was written."""
    results = load(root, config)
    findings = Findings.of(results)
    written = write_summary(root, results)
    page = write_report(root, results, shown(config.world), findings)
    return results, findings, f"wrote {written} and {page}"


def _finish_drift(root: Path, config: DriftConfig, console: Console) -> None:
    told = _drift(root, config)
    written, page = write_drift_summary(root, told), write_drift_report(root, told)
    for line in sentences(told):
        console.print(line, markup=False, highlight=False)
    say(console, f"wrote {written} and {page}")


def _drift(root: Path, config: DriftConfig) -> DriftFound:
    return found(root, load(root, config.study), config)


def _finish_entropy(root: Path, config: EntropyConfig, console: Console) -> None:
    told = _entropy(root, config)
    written, page = write_entropy_summary(root, told), write_entropy_report(root, told)
    for line in entropy_sentences(told):
        console.print(line, markup=False, highlight=False)
    say(console, f"wrote {written} and {page}")


def _entropy(root: Path, config: EntropyConfig) -> EntropyFound:
    """Model by model: the episodes of two are never held together."""
    models = tuple(
        model_found(load(world_path(root, kind.name), kind), config.behaviour)
        for kind in config.worlds
    )
    return EntropyFound(config, models, wall_seconds(root))


def _finish_gridworlds(
    root: Path, config: GridworldsConfig, console: Console, workers: int
) -> None:
    worlds = tuple(_one_by_one(root, config, _finish_world, console, workers))
    suite = Suite(config, worlds, wall_seconds(root))
    summed, page = write_gridworlds_summary(root, suite), write_gridworlds_report(root, suite)
    for headline in questions(suite).headlines:
        console.print(headline, markup=False, highlight=False)
    say(console, f"wrote {summed} and {page}")


def _finish_world(place: Place) -> tuple[Digest, str]:
    results, findings, written = _write(*place)
    return digest(results, findings, summary(results)), written


def _finish_control(root: Path, config: ControlConfig, console: Console, workers: int) -> None:
    arenas = tuple(_one_by_one(root, config, _finish_arena, console, workers))
    told = ControlFound(config, arenas, wall_seconds(root))
    summed, page = write_control_summary(root, told), write_control_report(root, told)
    said = answers(told)
    for headline, remarks in zip(said.headlines, said.remarks, strict=True):
        for line in (headline, *remarks):
            console.print(line, markup=False, highlight=False)
    say(console, f"wrote {summed} and {page}")


def _finish_arena(place: Place) -> tuple[ArenaFound, str]:
    results, _, written = _write(*place)
    return arena_found(results), written


def _one_by_one(
    root: Path,
    config: ManyStudies,
    finish_one: Callable[[Place], tuple[Kept, str]],
    console: Console,
    workers: int,
) -> Iterator[Kept]:
    """What is kept of each study; no process ever holds the episodes of two."""
    places = [(world_path(root, world.name), world) for world in config.worlds]
    for kept, written in each(finish_one, places, workers):
        say(console, written)
        yield kept


def measure_study(path: Path, config: AnyStudy, console: Console) -> None:
    match config:
        case StudyConfig():
            _measure_agents(path, config, console)
        case TargetsConfig():
            told = load_targets(path, config)
            say(console, f"wrote {write_targets_summary(path, told, claims(told))}")
        case DriftConfig():
            say(console, f"wrote {write_drift_summary(path, _drift(path, config))}")
        case EntropyConfig():
            say(console, f"wrote {write_entropy_summary(path, _entropy(path, config))}")
        case GridworldsConfig():
            for world in config.worlds:
                measure_study(world_path(path, world.name), world, console)
        case ControlConfig():
            arenas = tuple(
                arena_found(_measure_agents(world_path(path, world.name), world, console))
                for world in config.worlds
            )
            whole = ControlFound(config, arenas, wall_seconds(path))
            say(console, f"wrote {write_control_summary(path, whole)}")
        case _:
            assert_never(config)


def _measure_agents(path: Path, config: StudyConfig, console: Console) -> Results:
    results = load(path, config)
    console.print(verdict_table(results))
    say(console, f"wrote {write_summary(path, results)}")
    return results


def say(console: Console, line: str) -> None:
    """Print a line as it is: a path must survive being copied."""
    console.print(line, soft_wrap=True, markup=False, highlight=False)
