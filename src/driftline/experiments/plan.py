"""The plan of a study: which runs it has, where they lie, what each waits for.

Knows no environment and no model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import assert_never

from driftline.experiments.config import AgentConfig, OfflineRunConfig, RunConfig, StudyConfig
from driftline.experiments.control_config import ControlConfig
from driftline.experiments.drift_config import DriftConfig
from driftline.experiments.entropy_config import EntropyConfig
from driftline.experiments.gridworlds_config import GridworldsConfig, world_path
from driftline.experiments.targets_config import PARTS, PartConfig, TargetsConfig
from driftline.experiments.targets_config import seeds_of as part_seeds

OFFLINE = "offline"
ManyStudies = GridworldsConfig | EntropyConfig | ControlConfig
"""Studies whose ``worlds`` are studies of agents, each in a directory of its own."""
AnyStudy = StudyConfig | TargetsConfig | DriftConfig | ManyStudies


@dataclass(frozen=True)
class Task:
    """One run: its directory, its configuration, the run it needs first.

    ``group``: under which name its progress is shown, with that of its like.
    """

    path: Path
    agent: str
    seed: int
    config: RunConfig | OfflineRunConfig | PartConfig
    needs: Path | None = None
    group: str = ""


def plan(root: Path, config: AnyStudy) -> list[Task]:
    """Every run of the study, those that others wait for first, then seed by seed."""
    match config:
        case StudyConfig():
            return _runs(root, config)
        case DriftConfig():
            return _runs(root, config.study)
        case GridworldsConfig() | EntropyConfig() | ControlConfig():
            return [
                replace(task, group=world.name)
                for world in config.worlds
                for task in _runs(world_path(root, world.name), world)
            ]
        case TargetsConfig():
            return _parts(root, config)
        case _:
            assert_never(config)


def _parts(root: Path, config: TargetsConfig) -> list[Task]:
    """The longest parts first, so that no worker waits for them at the end."""
    return [
        Task(run_path(root, part, seed), part, seed, PartConfig(config, part, seed))
        for part in reversed(PARTS)
        for seed in part_seeds(config, part)
    ]


def _runs(root: Path, config: StudyConfig) -> list[Task]:
    offline = [
        Task(run_path(root, OFFLINE, seed), OFFLINE, seed, OfflineRunConfig(config, seed))
        for seed in config.seeds
    ]
    rounds = [
        Task(
            run_path(root, agent.name, seed),
            agent.name,
            seed,
            RunConfig(config, agent, seed, offline=f"../../{OFFLINE}/{_name(seed)}"),
            needs=run_path(root, OFFLINE, seed),
        )
        for seed in config.seeds
        for agent in config.agents
        if seed in seeds_of(config, agent)
    ]
    return offline + rounds


def seeds_of(config: StudyConfig, agent: AgentConfig) -> tuple[int, ...]:
    """The seeds an agent plays: all of the study's, or the first half for a control."""
    return config.seeds[: (len(config.seeds) + 1) // 2] if agent.control else config.seeds


def run_path(root: Path, agent: str, seed: int) -> Path:
    """Where a run of the study in ``root`` lies.

    >>> run_path(Path("out"), "gm", 3).as_posix()
    'out/runs/gm/seed-003'
    """
    return root / "runs" / agent / _name(seed)


def _name(seed: int) -> str:
    return f"seed-{seed:03d}"
