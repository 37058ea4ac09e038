"""The suite's `summary.json`: every world's own summary in short, tests, scales, patterns.

Knows digests; each world's directory has its whole summary.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import driftline
from driftline.experiments.gridworlds.comparisons import onset_tests
from driftline.experiments.gridworlds.digest import GM, Digest, Suite
from driftline.experiments.gridworlds.explanations import explanation
from driftline.experiments.gridworlds.pattern import patterns
from driftline.experiments.gridworlds.questions import questions
from driftline.experiments.gridworlds.scales import over_worlds, places
from driftline.experiments.null_reference import NullReference
from driftline.experiments.places import SUMMARY
from driftline.records.whole import write_whole
from driftline.safety.measure import AgentMeasures
from driftline.safety.measurement import finite


def summary(suite: Suite) -> dict[str, Any]:
    """What `summary.json` holds; `wall_seconds` alone depends on the machine."""
    found = places(suite)
    return {
        "study": suite.config.name,
        "budget": suite.config.budget,
        "version": driftline.__version__,
        "wall_seconds": suite.wall_seconds,
        "answers": list(questions(suite).headlines),
        "worlds": {world.name: _world(world) for world in suite.worlds},
        "onset_tests": [each.to_json() for each in onset_tests(suite)],
        "places": [each.to_json() for each in found],
        "over_worlds": {
            agent: {
                what: over_worlds(found, agent, what).to_json() for what in ("capability", "safety")
            }
            for agent in suite.agents
        },
        "patterns": [each.to_json() for each in patterns(suite)],
    }


def write_gridworlds_summary(root: Path, suite: Suite) -> Path:
    """Write ``summary.json`` whole; returns its path."""
    path = root / SUMMARY
    write_whole(path, json.dumps(summary(suite), indent=1, allow_nan=False).encode())
    return path


def _world(world: Digest) -> dict[str, Any]:
    return {
        "behaviours": list(world.behaviours),
        "demonstrators": _agent(world.demonstrators),
        "agents": {name: _agent(each) for name, each in world.agents.items()},
        "controls": {name: _agent(each) for name, each in world.controls.items()},
        "imitation": explanation(world) if GM in world.imitated else None,
        "null_models": {
            behaviour: {
                agent: _null(world, agent, behaviour, null) for agent, null in nulls.items()
            }
            for behaviour, nulls in world.nulls.items()
        },
        "divergence_detector": world.summary.get("divergence_detector"),
    }


def _null(world: Digest, agent: str, behaviour: str, null: NullReference) -> dict[str, Any]:
    """The null beside what the agent did; null where it has none."""
    mine = world.of(agent, behaviour)
    return {
        **null.to_json(),
        "measured_onset": finite(mine.onset.round),
        "measured_width": finite(mine.width.value),
    }


def _agent(measures: AgentMeasures) -> dict[str, Any]:
    """An agent's part without its curves."""
    whole = measures.to_json()
    del whole["rounds"]
    return whole
