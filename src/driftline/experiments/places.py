"""Where a study and its runs keep what they say: names of files, and the wall time.

Knows no study.
"""

from __future__ import annotations

import json
from pathlib import Path

from driftline.errors import RunError
from driftline.records.whole import write_whole

SUMMARY = "summary.json"
REPORT = "report.html"
FIGURES = "figures"
WALL = "wall.json"
RETURN_HEAD = "return_head.json"
"""In the directory of an offline run: its model held to demonstrations it never saw."""
DEPARTURE = "departure.json"
"""In the directory of an agent's run: how far the last round's agent went."""


def add_seconds(root: Path, seconds: float) -> None:
    """Add a sitting's wall time to the study's."""
    total = {"seconds": wall_seconds(root) + seconds}
    write_whole(root / WALL, json.dumps(total).encode())


def wall_seconds(root: Path) -> float:
    """Wall time of all sittings that were not killed."""
    path = root / WALL
    if not path.exists():
        return 0.0
    try:
        return float(json.loads(path.read_text())["seconds"])
    except (ValueError, KeyError) as error:
        raise RunError(f"{path} is damaged ({error}); delete it, it holds only times") from error
