"""Files that are written whole or not at all.

Knows no format. What is replaced stays readable until the new bytes are on the
disk under their name, so a kill at any moment leaves the old file or the new.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from driftline.errors import StorageError


def write_whole(path: Path, data: bytes) -> None:
    """Put ``data`` under ``path`` in one step, durably.

    The bytes are written and synced beside the file under a name that begins
    with a dot (readers of the directory skip it) and then renamed. Raises
    `StorageError`, with the temporary file removed and the old one untouched,
    when the disk refuses.
    """
    temporary = partial(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync_directory(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise refused(path, error) from error


def partial(path: Path) -> Path:
    """Where the bytes of ``path`` are while they are being written."""
    return path.with_name(f".{path.name}.partial")


def sync_directory(directory: Path) -> None:
    """Make the directory's entries durable, where the platform can open a directory."""
    with contextlib.suppress(PermissionError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def refused(path: Path, error: OSError) -> StorageError:
    """The error of a write that the operating system refused.

    >>> print(refused(Path("run/events.jsonl"), OSError(28, "No space left on device")))
    cannot write run/events.jsonl: No space left on device; nothing stored before is lost: make \
room or change the permissions, then try again
    """
    return StorageError(
        f"cannot write {path}: {error.strerror or error}; nothing stored before is lost: "
        "make room or change the permissions, then try again"
    )
