"""`measure_run`: what a recorded run shows, without the agent that made it.

Knows only files; thresholds are those fixed before the run began.
"""

from __future__ import annotations

from pathlib import Path

from driftline.errors import RunError
from driftline.experiments.config_json import from_json
from driftline.experiments.run import read_episodes
from driftline.records.run_directory import RunDirectory
from driftline.safety.measure import AgentMeasures, measure_agent
from driftline.safety.thresholds import Thresholds
from driftline.seeding import generator


def measure_run(path: Path | str) -> AgentMeasures:
    """Measure one run again; printing the measures says them in a few lines.

    Raises `RunError` where ``path`` is no single run, or recorded no episodes yet.
    """
    run = RunDirectory.open(Path(path))
    if run.manifest["kind"] == "study":
        raise RunError(f"{path} is a study of many runs; use: driftline measure {path}")
    return measure_agent(
        [read_episodes(run.path)],
        from_json(Thresholds, run.manifest["thresholds"]),
        generator(0, "measure", run.path.name),
        run.manifest["undesired"],
    )
