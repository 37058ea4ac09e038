"""`Results`: a study's recorded runs, measured; what summary and report are made of.

Knows only files: it never sees an agent, so an old study can be measured again.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

import driftline
from driftline.conditioning.quantile import Quantile
from driftline.conditioning.target import Unconditioned
from driftline.data.episodes import Episodes
from driftline.data.store import from_table
from driftline.errors import RunError
from driftline.experiments.certificates import Certificates, Measured, certificates
from driftline.experiments.config import UNASKED, AgentConfig, FrozenSettings, StudyConfig
from driftline.experiments.control.scores import Judgements, Scores, scores
from driftline.experiments.divergence_scores import DivergenceScores, divergence_scores
from driftline.experiments.heads import Heads, heads
from driftline.experiments.how_far import HowFar, how_far
from driftline.experiments.over_seeds import Recorded
from driftline.experiments.places import DEPARTURE, RETURN_HEAD, SUMMARY, wall_seconds
from driftline.experiments.plan import OFFLINE, run_path, seeds_of
from driftline.records.events import Judged
from driftline.records.run_directory import RunDirectory
from driftline.records.whole import refused, write_whole
from driftline.safety.measure import AgentMeasures, measure_agent
from driftline.safety.statistics import Bootstrap
from driftline.seeding import generator


@dataclass(frozen=True, eq=False)
class Results:
    """Measures by agent; ``episodes`` by agent hold one `Episodes` for each seed.

    ``head_records`` and ``departures`` are what the runs wrote of themselves, one for
    each seed; None: a run of a version that did not. ``judged`` is how they were judged.
    """

    config: StudyConfig
    undesired: Mapping[str, bool]
    demonstrators: AgentMeasures
    agents: Mapping[str, AgentMeasures]
    controls: Mapping[str, AgentMeasures]
    episodes: Mapping[str, tuple[Episodes, ...]]
    demonstrations: tuple[Episodes, ...]
    wall_seconds: float
    head_records: tuple[Recorded | None, ...] = ()
    departures: Mapping[str, tuple[Recorded | None, ...]] = field(default_factory=dict)
    judged: Mapping[str, tuple[Judgements, ...]] = field(default_factory=dict)

    @cached_property
    def scores(self) -> Mapping[str, Scores]:
        """Of the agents and controls that were judged in an arena."""
        return scores(self.config, {name: self.judged.get(name, ()) for name in self.episodes})

    @cached_property
    def heads(self) -> Heads | None:
        """The return heads over seeds; None where not recorded."""
        agents = [each.name for each in self.config.agents]
        return heads(self.head_records, self._bootstrap(OFFLINE), agents)

    @cached_property
    def how_far(self) -> Mapping[str, HowFar | None]:
        """How far every agent and control went; None where not recorded."""
        return {
            name: how_far(self.departures.get(name, ()), self._bootstrap(name))
            for name in self.episodes
        }

    @cached_property
    def divergence_scores(self) -> Mapping[str, DivergenceScores]:
        """How well the distance from the demonstrator model tells each undesired behaviour."""
        runs = {name: self.episodes[name] for name in self.agents}
        asked = [
            each.name
            for each in self.config.agents
            if isinstance(each.learner, FrozenSettings) and not _imitates(each)
        ]
        trusted = next((name for name in asked if name in runs), None)
        return {
            name: divergence_scores(runs, name, self.config.thresholds, trusted)
            for name, undesired in self.undesired.items()
            if undesired
        }

    @cached_property
    def certificates(self) -> Certificates:
        """Of the demonstrations' quantilizers and of the agents that ask for a quantile."""
        plain = [each for each in self.config.agents if not each.control]
        asking = [each.name for each in plain if _asks_for_a_quantile(each)]
        imitators = [each.name for each in plain if _imitates(each)]
        model = [run for name in imitators[:1] for run in self.episodes[name]]
        return certificates(
            self.demonstrations, model, {name: self._measured(name) for name in asking}
        )

    def _measured(self, name: str) -> Measured:
        """The last round's observed returns: what its divergence was measured in."""
        last = [run.observed_returns[run.rounds == run.rounds.max()] for run in self.episodes[name]]
        went = self.how_far[name]
        return Measured(np.concatenate(last), None if went is None else went.chi_squared_limit)

    def _bootstrap(self, name: str) -> Bootstrap:
        thresholds, seeds = self.config.thresholds, len(self.config.seeds)
        draw = generator(0, "over seeds", name)
        return Bootstrap.drawn(draw, thresholds.bootstrap_draws, seeds, thresholds.confidence)


def _asks_for_a_quantile(agent: AgentConfig) -> bool:
    learner = agent.learner
    return not isinstance(learner, UNASKED) and isinstance(learner.target, Quantile)


def _imitates(agent: AgentConfig) -> bool:
    learner = agent.learner
    return isinstance(learner, FrozenSettings) and isinstance(learner.target, Unconditioned)


def load(root: Path, config: StudyConfig) -> Results:
    """Read and measure every run of the study in ``root``.

    Which behaviours are undesired is what the runs were begun with, whatever the world
    watches for by now.
    """
    undesired = _manifest(root, config)["undesired"]
    episodes = {
        agent.name: tuple(_recorded(root, agent.name, seed) for seed in seeds_of(config, agent))
        for agent in config.agents
    }
    demonstrations = tuple(_recorded(root, OFFLINE, seed) for seed in config.seeds)
    measures = {
        agent.name: _with_updates(
            measure_agent(
                episodes[agent.name],
                config.thresholds,
                generator(0, "measure", agent.name),
                undesired,
            ),
            [run_path(root, agent.name, seed) for seed in seeds_of(config, agent)],
        )
        for agent in config.agents
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
        head_records=tuple(_said(root, OFFLINE, seed, RETURN_HEAD) for seed in config.seeds),
        departures={
            agent.name: tuple(
                _said(root, agent.name, seed, DEPARTURE) for seed in seeds_of(config, agent)
            )
            for agent in config.agents
        },
        judged={
            agent.name: tuple(_judged(root, agent.name, seed) for seed in seeds_of(config, agent))
            for agent in config.agents
        },
    )


def _judged(root: Path, agent: str, seed: int) -> Judgements:
    events = RunDirectory.open(run_path(root, agent, seed)).events()
    return [event for event in events if event["event"] == Judged.__name__]


def _manifest(root: Path, config: StudyConfig) -> Mapping[str, Any]:
    """Of the first offline run."""
    return RunDirectory.open(run_path(root, OFFLINE, config.seeds[0])).manifest


def _with_updates(measures: AgentMeasures, runs: Sequence[Path]) -> AgentMeasures:
    """The curves with one more x-axis: gradient steps before each round, mean over seeds."""
    taken = [
        [
            event["gradient_updates"]
            for event in RunDirectory.open(run).events()
            if event["event"] == "RoundCollected"
        ]
        for run in runs
    ]
    if not all(len(each) == len(measures.rounds["round"]) for each in taken):
        return measures
    mean = [float(each) for each in np.mean(taken, axis=0)]
    return replace(measures, rounds={**measures.rounds, "gradient_updates": mean})


def _said(root: Path, agent: str, seed: int, name: str) -> Recorded | None:
    """What a run wrote of itself under ``name``; None where it did not."""
    path = run_path(root, agent, seed) / name
    if not path.exists():
        return None
    try:
        found: Recorded = json.loads(path.read_text())
    except ValueError as error:
        raise RunError(f"{path} is damaged ({error}); delete it to report without it") from error
    return found


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
            "return_head": None if results.heads is None else results.heads.to_json(),
            "certificate": results.certificates.to_json(),
        },
        "agents": {name: _agent(results, name, each) for name, each in results.agents.items()},
        "divergence_detector": {
            name: each.to_json() for name, each in results.divergence_scores.items()
        },
        **_scores(results),
        "controls": {name: _agent(results, name, each) for name, each in results.controls.items()},
    }


def _scores(results: Results) -> dict[str, Any]:
    """Only where there are any: a gridworld has none."""
    if not results.scores:
        return {}
    return {"scores": {name: each.to_json() for name, each in results.scores.items()}}


def _agent(results: Results, name: str, measures: AgentMeasures) -> dict[str, Any]:
    went = results.how_far[name]
    return {**measures.to_json(), "departure": None if went is None else went.to_json()}


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
