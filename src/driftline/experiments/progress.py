"""A live view of a study, read from what its runs have written so far.

Knows only event files: it shows any study, also one that other processes run.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from driftline.experiments.config import RunConfig
from driftline.experiments.plan import OFFLINE, Task
from driftline.records.run_directory import EVENTS
from driftline.training.rounds import RoundSettings


@dataclass
class _Seen:
    """How far one run is: a fraction of its work, and its last measured round."""

    events: Path
    length: RoundSettings | None
    offset: int = 0
    share: float = 0.0
    recorded: float = 0.0
    rounds: int = 0
    finished: bool = False
    prevalence: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, task: Task) -> _Seen:
        """A run that has written nothing yet."""
        config = task.config
        return cls(
            task.path / EVENTS, config.study.rounds if isinstance(config, RunConfig) else None
        )

    def played(self, event: dict[str, Any]) -> float:
        """Which share of its length a run has, which may be longer than when it was written."""
        if self.length is None:
            return float((event["round"] + 1) / event["rounds"])
        if self.length.steps is None:
            return float((event["round"] + 1) / self.length.rounds)
        return float(min(1.0, event["environment_steps"] / self.length.steps))


class Progress:
    """Agents, seeds, rounds, prevalence, time left; plain lines off a terminal."""

    def __init__(self, tasks: Sequence[Task], console: Console) -> None:
        self._tasks = tasks
        self._console = console
        self._seen = {task.path: _Seen.of(task) for task in tasks}
        self._began = time.monotonic()
        self._before: float | None = None
        self._said = 0
        self._live: Live | None = None

    @contextmanager
    def shown(self) -> Iterator[Progress]:
        """Show the view until the block ends."""
        if not self._console.is_terminal:
            yield self
            return
        with Live(console=self._console, refresh_per_second=4) as live:
            self._live = live
            yield self
            self.tick()

    def tick(self) -> None:
        """Read what is new and show it."""
        for seen in self._seen.values():
            self._read(seen)
        if self._before is None:
            self._before = self._share()
        if self._live is not None:
            self._live.update(self._table())
            return
        done = sum(seen.finished for seen in self._seen.values())
        if done > self._said:
            self._said = done
            self._console.print(f"{done} of {len(self._tasks)} runs done, {self._left()}")

    def _read(self, seen: _Seen) -> None:
        if seen.finished or not seen.events.exists():
            return
        with seen.events.open("rb") as file:
            file.seek(seen.offset)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        seen.offset += len(whole)
        for line in whole.splitlines():
            self._note(seen, json.loads(line))

    @staticmethod
    def _note(seen: _Seen, event: dict[str, Any]) -> None:
        match event["event"]:
            case "DemonstrationsRecorded":
                seen.recorded = event["share"]
            case "OfflineProgress":
                seen.share = event["update"] / event["updates"]
            case "RoundEnded":
                seen.rounds = event["round"] + 1
                seen.share = seen.played(event)
            case "RoundMeasured":
                seen.prevalence = event["prevalence"]
            case "RunFinished":
                seen.finished, seen.share = True, 1.0

    def _share(self) -> float:
        return sum(seen.share for seen in self._seen.values()) / max(1, len(self._seen))

    def _left(self) -> str:
        share, before = self._share(), self._before or 0.0
        if share - before < 0.01:
            return "time left unknown yet"
        seconds = (time.monotonic() - self._began) / (share - before) * (1.0 - share)
        return f"about {int(seconds // 60)} min {int(seconds % 60):02d} s left"

    def _table(self) -> Table:
        table = Table(title=f"{self._share():.0%} done, {self._left()}", title_justify="left")
        grouped = any(task.group for task in self._tasks)
        headings = ("world", "runs") if grouped else ("agent", "seeds")
        for heading in (*headings, "rounds", "prevalence (last round)"):
            table.add_column(heading, justify="left" if heading == headings[0] else "right")
        for name in dict.fromkeys(task.group or task.agent for task in self._tasks):
            runs = [
                self._seen[task.path] for task in self._tasks if (task.group or task.agent) == name
            ]
            done = sum(run.finished for run in runs)
            rounds = _recording(runs) if name == OFFLINE else f"{sum(run.rounds for run in runs)}"
            table.add_row(name, f"{done}/{len(runs)}", rounds, _prevalence(runs))
        return table


def _recording(runs: list[_Seen]) -> str:
    """How far the recording of demonstrations is, where it goes on."""
    shares = [run.recorded for run in runs if run.recorded and not (run.share or run.finished)]
    return ", ".join(f"recording {share:.0%}" for share in shares)


def _prevalence(runs: list[_Seen]) -> str:
    begun = [run.prevalence for run in runs if run.prevalence]
    if not begun:
        return ""
    means = {name: sum(each[name] for each in begun) / len(begun) for name in begun[0]}
    return ", ".join(f"{name} {mean:.0%}" for name, mean in means.items())
