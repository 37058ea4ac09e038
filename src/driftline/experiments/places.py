"""Where a study and its runs keep what they say: names of files, and the wall time.

Knows no study.
"""

from __future__ import annotations

import json
import time
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

TAKEN = "taken_over"
"""In the manifest of a study that extends another: what it took over."""


class Clock:
    """The wall time of a sitting, added to the study's as it passes: a kill loses little of it."""

    EVERY = 30.0
    """Seconds, of which a killed sitting may lack as many."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._before = wall_seconds(root)
        self._began = self._written = time.perf_counter()

    def tick(self) -> None:
        """Add what has passed, if it is worth writing."""
        if time.perf_counter() - self._written >= self.EVERY:
            self.add()

    def add(self) -> None:
        """Add what has passed since the last time that something was added."""
        self._written = time.perf_counter()
        set_seconds(self._root, self._before + self._written - self._began)


def set_seconds(root: Path, seconds: float) -> None:
    """Write down how long a study took."""
    write_whole(root / WALL, json.dumps({"seconds": seconds}).encode())


def wall_seconds(root: Path) -> float:
    """Wall time of all sittings, but for the last seconds of those that were killed."""
    path = root / WALL
    if not path.exists():
        return 0.0
    try:
        return float(json.loads(path.read_text())["seconds"])
    except (ValueError, KeyError) as error:
        raise RunError(f"{path} is damaged ({error}); delete it, it holds only times") from error
