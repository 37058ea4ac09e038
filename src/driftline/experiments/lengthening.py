"""Going on with finished runs: those that a longer study would have begun in the same way.

Knows configurations as JSON and run directories, no learner. A run ends at its steps; what it
did up to there does not depend on how many they are, unless something is scheduled over all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from driftline.baselines.dqn_settings import DQNSettings
from driftline.baselines.ppo_settings import PPOSettings
from driftline.experiments.config import RunConfig
from driftline.experiments.config_json import to_json
from driftline.records.manifest import sealed
from driftline.records.run_directory import EVENTS, MANIFEST, RunDirectory
from driftline.records.whole import write_whole

LENGTHENED = "lengthened_from"
"""In the manifest of a run that goes on with a shorter one: its steps and source revision."""


def shorter(stored: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether ``stored`` is the configuration ``wanted`` but for fewer steps of its rounds."""
    then, now = stored["study"].get("rounds"), wanted["study"].get("rounds")
    if not (then and now and then.get("steps") and now.get("steps")):
        return False
    same = {**then, "steps": now["steps"]} == now
    others = {**stored, "study": {**stored["study"], "rounds": now}} == wanted
    return bool(same and others and then["steps"] < now["steps"])


def scheduled(config: RunConfig) -> bool:
    """Whether what the agent does at a step depends on how many there will be."""
    match config.agent.learner:
        case DQNSettings():
            return True
        case PPOSettings() as settings:
            return settings.first_entropy != settings.last_entropy
        case _:
            return False


def reopen(path: Path, config: RunConfig) -> None:
    """Make the finished run in ``path`` one of ``config``, which has more steps to go.

    Its judgement at the end stays, one more than a run that was never shorter has.
    """
    earlier = RunDirectory.open(path).manifest
    before = {
        "steps": earlier["configuration"]["study"]["rounds"]["steps"],
        "revision": earlier["revision"],
    }
    manifest = sealed({**earlier, "configuration": to_json(config), LENGTHENED: before})
    events = path / EVENTS
    kept = events.read_text().splitlines(keepends=True)[:-1]  # without that of its end
    write_whole(events, "".join(kept).encode())
    write_whole(path / MANIFEST, json.dumps(manifest, indent=1).encode())
