"""How a study whose runs are done is finished: summary, page and a few lines on the screen.

Knows every kind of study, and nothing of how its runs are made.
"""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

from rich.console import Console

from driftline.experiments import build
from driftline.experiments.config import StudyConfig
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
from driftline.experiments.plan import AnyStudy
from driftline.experiments.report import write_report
from driftline.experiments.results import Results, load, summary, write_summary
from driftline.experiments.tables import verdict_table
from driftline.experiments.targets.claims import claims, claims_table
from driftline.experiments.targets.report import write_targets_report
from driftline.experiments.targets.results import load_targets, write_targets_summary
from driftline.experiments.targets_config import TargetsConfig


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
            _finish_worlds(root, config, console, workers)
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
    page = write_report(root, results, build.palette(config.world), findings)
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


def _finish_worlds(root: Path, config: GridworldsConfig, console: Console, workers: int) -> None:
    """World by world: no process ever holds the episodes of two."""
    places = [(world_path(root, world.name), world) for world in config.worlds]
    worlds = []
    for told, written in each(_finish_world, places, workers):
        worlds.append(told)
        say(console, written)
    suite = Suite(config, tuple(worlds), wall_seconds(root))
    summed, page = write_gridworlds_summary(root, suite), write_gridworlds_report(root, suite)
    for headline in questions(suite).headlines:
        console.print(headline, markup=False, highlight=False)
    say(console, f"wrote {summed} and {page}")


def _finish_world(place: tuple[Path, StudyConfig]) -> tuple[Digest, str]:
    results, findings, written = _write(*place)
    return digest(results, findings, summary(results)), written


def measure_study(path: Path, config: AnyStudy, console: Console) -> None:
    match config:
        case StudyConfig():
            results = load(path, config)
            console.print(verdict_table(results))
            say(console, f"wrote {write_summary(path, results)}")
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
        case _:
            assert_never(config)


def say(console: Console, line: str) -> None:
    """Print a line as it is: a path must survive being copied."""
    console.print(line, soft_wrap=True, markup=False, highlight=False)
