"""`RunDirectory`: where one run keeps its manifest, events, episodes and checkpoints.

Knows no agent and no environment: it stores columns (pyarrow tables) that
`driftline.data.store` makes of episodes. Everything is written whole or not at
all, and nothing that exists is overwritten by another run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from driftline.errors import RunError, RunExistsError
from driftline.records.events import Event
from driftline.records.events_log import append_event, read_events
from driftline.records.manifest import sealed, verified
from driftline.records.whole import partial, refused, write_whole

Table = Any
"""A ``pyarrow.Table``; pyarrow is loaded when the first one is read or written."""

MANIFEST = "manifest.json"
EVENTS = "events.jsonl"
EPISODES = "episodes"
CHECKPOINTS = "checkpoints"
ROUND_FILE = re.compile(r"round-(\d+)\.parquet")


@dataclass(frozen=True)
class RunDirectory:
    """A run on disk; ``manifest`` is as it was before the first step."""

    path: Path
    manifest: Mapping[str, Any]

    @classmethod
    def create(cls, path: Path, manifest: Mapping[str, Any]) -> RunDirectory:
        """Begin a run in ``path``, a directory that is new or empty.

        ``manifest`` needs ``configuration``, ``seeds`` and ``thresholds``;
        versions, source revision and hash are added (`manifest.sealed`). Raises
        `RunExistsError`, with nothing written, where ``path`` holds anything.
        """
        refuse_taken(path)
        value = sealed(manifest)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise refused(path, error) from error
        write_whole(path / MANIFEST, json.dumps(value, indent=1).encode())
        return cls(path, value)

    @classmethod
    def open(cls, path: Path) -> RunDirectory:
        """The run in ``path``; raises `RunError` where there is none or it was changed."""
        try:
            text = (path / MANIFEST).read_text()
        except OSError as error:
            raise RunError(
                f"{path} is no run: cannot read {MANIFEST} ({error.strerror}); "
                "give the directory that --out named when the run began"
            ) from error
        return cls(path, verified(text, path / MANIFEST))

    def append(self, event: Event) -> None:
        """Add one line to the events; raises `StorageError`."""
        append_event(self.path / EVENTS, event)

    def events(self) -> list[dict[str, Any]]:
        """The events that stand, oldest first (see `events_log.read_events`)."""
        return read_events(self.path / EVENTS)

    def checkpoint(self, name: str) -> Path:
        """The directory of the checkpoint ``name``, for `training.checkpoint`."""
        return self.path / CHECKPOINTS / name

    def write_episodes(self, round: int, table: Table) -> Path:
        """Store a round's episodes as ``episodes/round-00012.parquet``.

        ``pandas.read_parquet(RUN / "episodes")`` reads all rounds at once.
        Raises `StorageError`.
        """
        path = self.path / EPISODES / f"round-{round:05d}.parquet"
        write_whole(path, _parquet(table))
        return path

    def rounds(self) -> list[int]:
        """The rounds whose episodes are stored, in order."""
        names = (path.name for path in (self.path / EPISODES).glob("round-*.parquet"))
        return sorted(int(each[1]) for each in map(ROUND_FILE.fullmatch, names) if each)

    def read_episodes(self, first: int | None = None, last: int | None = None) -> Table:
        """The episodes of the rounds ``first`` to ``last``, both included, in order.

        Raises `RunError` where none is stored or a file is damaged.
        """
        low = -1 if first is None else first
        rounds = [each for each in self.rounds() if each >= low and (last is None or each <= last)]
        if not rounds:
            raise RunError(
                f"{self.path} holds no episodes of the rounds asked for; "
                "resume the run until a round has ended"
            )
        import pyarrow

        tables = [self._read(self.path / EPISODES / f"round-{each:05d}.parquet") for each in rounds]
        if any(not table.schema.equals(tables[0].schema, check_metadata=True) for table in tables):
            raise RunError(
                f"{self.path / EPISODES} mixes files with different columns; "
                "keep one run's episodes in a directory"
            )
        return pyarrow.concat_tables(tables)

    @staticmethod
    def _read(path: Path) -> Table:
        import pyarrow
        from pyarrow import parquet

        try:
            with open(path, "rb") as file:
                return parquet.read_table(file)
        except (OSError, pyarrow.ArrowInvalid) as error:
            reason = str(error).splitlines()[0]
            raise RunError(
                f"{path} is damaged ({reason}); delete it and resume the run from before its round"
            ) from error


def refuse_taken(path: Path) -> None:
    """Raise `RunExistsError` where ``path`` is not free for a new run."""
    leftover = partial(path / MANIFEST).name  # of a start that was killed: nothing is lost
    if path.is_dir() and all(each.name == leftover for each in path.iterdir()):
        return
    if (path / MANIFEST).exists():
        raise RunExistsError(
            f"{path} is a run already; choose another --out, or go on with: driftline resume {path}"
        )
    if path.exists():
        raise RunExistsError(f"{path} exists already and is not empty; choose another --out")


def _parquet(table: Table) -> bytes:
    import pyarrow
    from pyarrow import parquet

    sink = pyarrow.BufferOutputStream()
    parquet.write_table(table, sink, compression="zstd", write_statistics=False)
    data: bytes = sink.getvalue().to_pybytes()
    return data
