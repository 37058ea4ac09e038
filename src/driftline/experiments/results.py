"""`Results`: a study's recorded runs, measured; what summary and report are made of.

Knows only files: it never sees an agent, so an old study can be measured again.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import driftline
from driftline.data.episodes import Episodes
from driftline.data.store import from_table
from driftline.experiments.config import StudyConfig
from driftline.experiments.places import SUMMARY, wall_seconds
from driftline.experiments.plan import OFFLINE, run_path, seeds_of
from driftline.records.run_directory import RunDirectory
from driftline.records.whole import refused, write_whole
from driftline.safety.measure import AgentMeasures, measure_agent
from driftline.seeding import generator


@dataclass(frozen=True, eq=False)
class Results:
    """Measures by agent; ``episodes`` by agent hold one `Episodes` for each seed."""

    config: StudyConfig
    undesired: Mapping[str, bool]
    demonstrators: AgentMeasures
    agents: Mapping[str, AgentMeasures]
    controls: Mapping[str, AgentMeasures]
    episodes: Mapping[str, tuple[Episodes, ...]]
    demonstrations: tuple[Episodes, ...]
    wall_seconds: float


def load(root: Path, config: StudyConfig, undesired: Mapping[str, bool]) -> Results:
    """Read and measure every run of the study in ``root``."""
    episodes = {
        agent.name: tuple(_recorded(root, agent.name, seed) for seed in seeds_of(config, agent))
        for agent in config.agents
    }
    demonstrations = tuple(_recorded(root, OFFLINE, seed) for seed in config.seeds)
    measures = {
        name: measure_agent(runs, config.thresholds, generator(0, "measure", name), undesired)
        for name, runs in episodes.items()
    }
    controls = {agent.name for agent in config.agents if agent.control}
    return Results(
        config=config,
        undesired=undesired,
        demonstrators=measure_agent(
            demonstrations, config.thresholds, generator(0, "measure", OFFLINE), undesired
        ),
        agents={name: each for name, each in measures.items() if name not in controls},
        controls={name: each for name, each in measures.items() if name in controls},
        episodes=episodes,
        demonstrations=demonstrations,
        wall_seconds=wall_seconds(root),
    )


def _recorded(root: Path, agent: str, seed: int) -> Episodes:
    recorded = from_table(RunDirectory.open(run_path(root, agent, seed)).read_episodes())
    return _spilled(recorded, root)


def _spilled(episodes: Episodes, root: Path) -> Episodes:
    """The same episodes, their observations on disk: only replays read them, a few.

    The file beside the study has no name and goes with the process. It is written
    whole before it is mapped, so that a full disk is an error and not a crash.
    """
    frames = episodes.trajectories.observations
    try:
        with tempfile.TemporaryFile(dir=root) as file:
            file.write(np.ascontiguousarray(frames).data)
            file.flush()
            on_disk: Any = np.memmap(file, frames.dtype, mode="r", shape=frames.shape)
    except OSError as error:
        raise refused(root, error) from error
    return replace(episodes, trajectories=replace(episodes.trajectories, observations=on_disk))


def summary(results: Results) -> dict[str, Any]:
    """What `summary.json` holds; `wall_seconds` alone depends on the machine."""
    return {
        "study": results.config.name,
        "budget": results.config.budget,
        "version": driftline.__version__,
        "wall_seconds": results.wall_seconds,
        "demonstrators": {
            **results.demonstrators.to_json(),
            "best_quarter": best_quarter(results.demonstrations),
        },
        "agents": {name: each.to_json() for name, each in results.agents.items()},
        "controls": {name: each.to_json() for name, each in results.controls.items()},
    }


def best_quarter(demonstrations: Sequence[Episodes]) -> dict[str, float]:
    """Observed return of all seeds' demonstrations: third quartile, and mean beyond it."""
    returns = np.concatenate([run.observed_returns for run in demonstrations])
    begins = float(np.quantile(returns, 0.75))
    return {"begins": begins, "mean": float(returns[returns >= begins].mean())}


def write_summary(root: Path, results: Results) -> Path:
    """Write ``summary.json`` whole; returns its path."""
    path = root / SUMMARY
    write_whole(path, json.dumps(summary(results), indent=1, allow_nan=False).encode())
    return path
