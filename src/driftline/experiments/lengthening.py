"""Going on with finished runs: those that a longer study would have begun in the same way.

Knows configurations as JSON and run directories, no learner. A run ends at its steps; what it
did up to there does not depend on how many they are, unless something is scheduled over all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from driftline.baselines.dqn_settings import DQNSettings
from driftline.baselines.ppo_settings import PPOSettings
from driftline.experiments.config import RunConfig
from driftline.experiments.config_json import to_json
from driftline.experiments.places import DEPARTURE
from driftline.records.manifest import sealed
from driftline.records.run_directory import EVENTS, MANIFEST, RunDirectory
from driftline.records.whole import write_whole
from driftline.training.judging import Judging

LENGTHENED = "lengthened_from"
"""In the manifest of a run that goes on with a shorter one: its steps and source revision, and
those of the one that it had gone on with."""
MEASURES = "measures.json"
"""What ``driftline measure`` writes of a single run."""


def shorter(stored: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether ``stored`` is the configuration ``wanted`` but for fewer steps of its rounds.

    The most rounds that it may play do not matter: it has ended by its steps.
    """
    then, now = stored["study"].get("rounds"), wanted["study"].get("rounds")
    if not (then and now and then.get("steps") and now.get("steps")):
        return False
    same = {**then, "steps": now["steps"], "rounds": now["rounds"]} == now
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

    What only its end brought goes: the judgement then, if none was due, and what was measured of
    the last round's agent. One whose last round took it past the new end as well is whole.
    """
    earlier = RunDirectory.open(path).manifest
    before = {
        "steps": earlier["configuration"]["study"]["rounds"]["steps"],
        "revision": earlier["revision"],
    }
    told = [*earlier.get(LENGTHENED, []), before]
    manifest = sealed({**earlier, "configuration": to_json(config), LENGTHENED: told})
    lines = (path / EVENTS).read_text().splitlines(keepends=True)[:-1]  # without its end
    events = [json.loads(each) for each in lines]
    rounds = config.study.rounds
    if rounds.steps is None or _steps(events)[-1] < rounds.steps:
        if rounds.judging is not None and _beyond_plan(events, rounds.judging):
            lines.pop(_last_judged(lines))
        for name in (DEPARTURE, MEASURES):
            (path / name).unlink(missing_ok=True)
        write_whole(path / EVENTS, "".join(lines).encode())
    write_whole(path / MANIFEST, json.dumps(manifest, indent=1).encode())


def _beyond_plan(events: Sequence[Mapping[str, Any]], judging: Judging) -> bool:
    """Whether the judgement after the last round was made only because that was the last."""
    ended = _steps(events)
    before = ended[-2] if len(ended) > 1 else 0
    return not judging.due(before, ended[-1], last=False)


def _steps(events: Sequence[Mapping[str, Any]]) -> list[int]:
    """How many there were after each round."""
    return [each["environment_steps"] for each in events if each["event"] == "RoundEnded"]


def _last_judged(lines: Sequence[str]) -> int:
    return max(n for n, each in enumerate(lines) if json.loads(each)["event"] == "Judged")
