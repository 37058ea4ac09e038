"""The events of a run as lines of JSON that are only ever appended.

Knows no loop. A line is one write; a line that a kill cut short is dropped by
the reader and cleared away by the next writer.
"""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

from driftline.errors import RunError
from driftline.records.events import Event, Resumed
from driftline.records.manifest import plain
from driftline.records.whole import refused

OFFLINE = -1
"""The round of lines that have none: the offline phase, before round 0."""


def append_event(path: Path, event: Event) -> None:
    """Add the event's line, whole or not at all; raises `StorageError`."""
    line = json.dumps(plain(event.to_json()), allow_nan=False).encode() + b"\n"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError as error:
        raise refused(path, error) from error
    try:
        end = _end_of_whole_lines(handle)
        _write(handle, end, line)
    except OSError as error:
        raise refused(path, error) from error
    finally:
        os.close(handle)


def _write(handle: int, end: int, line: bytes) -> None:
    try:
        if os.write(handle, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError:
        os.ftruncate(handle, end)
        raise


def _end_of_whole_lines(handle: int) -> int:
    """Where the last whole line ends; what a kill left behind it is cut off."""
    end = os.fstat(handle).st_size
    if end == 0 or os.pread(handle, 1, end - 1) == b"\n":
        return end
    whole = os.pread(handle, end, 0).rfind(b"\n") + 1
    os.ftruncate(handle, whole)
    return whole


def read_events(path: Path) -> list[dict[str, Any]]:
    """The events that stand, oldest first; empty where nothing was appended yet.

    A cut last line is dropped, and so are the lines that a later ``Resumed``
    voids: those of its round or a later one. Raises `RunError` at a whole line
    that is not JSON.
    """
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")[:-1]
    return standing([_parse(path, number, line) for number, line in enumerate(lines, 1)])


def _parse(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise RunError(
            f"line {number} of {path} is damaged ({error}); delete that line or restore the file"
        ) from error
    if not isinstance(value, dict):
        raise RunError(f"line {number} of {path} is no event; delete that line")
    return value


def standing(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the events that a later ``Resumed(round=k)`` voids: rounds k and above.

    >>> standing([{"event": "RoundEnded", "round": 0}, {"event": "RoundEnded", "round": 1},
    ...           {"event": "Resumed", "round": 1}])
    [{'event': 'RoundEnded', 'round': 0}, {'event': 'Resumed', 'round': 1}]
    """
    kept: list[dict[str, Any]] = []
    bound: float = float("inf")
    for event in reversed(events):
        round = event.get("round", OFFLINE)
        if event.get("event") == Resumed.__name__:
            kept.append(event)
            bound = min(bound, round)
        elif round < bound:
            kept.append(event)
    return kept[::-1]
