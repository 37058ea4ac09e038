"""`measure_run`: what recorded runs show, without the agent that made them.

Knows only files; thresholds are those fixed before a run began.
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


def measure_run(path: Path | str, *others: Path | str) -> AgentMeasures:
    """Measure one run again, or several that differ in nothing but their seeds.

    Printing the measures says them in a few lines. Raises `RunError` where a path
    is no single run, has recorded no episodes yet or was measured otherwise.
    """
    for each in (path, *others):
        if not isinstance(each, str | Path):
            raise RunError(
                f"a run is named by its path, got {type(each).__name__}; give several one by one: "
                "measure_run(*runs)"
            )
    runs = [RunDirectory.open(Path(each)) for each in (path, *others)]
    first = runs[0].manifest
    for run in runs:
        if run.manifest["kind"] == "study":
            raise RunError(f"{run.path} is a study of many runs; use: driftline measure {run.path}")
        for name in ("thresholds", "undesired"):
            if run.manifest[name] != first[name]:
                raise RunError(
                    f"{run.path} and {runs[0].path} differ in {name}; measure them one by one"
                )
    return measure_agent(
        [read_episodes(run.path) for run in runs],
        from_json(Thresholds, first["thresholds"]),
        generator(0, "measure", runs[0].path.name),
        first["undesired"],
    )
