"""`alone`: a run is written by one process at a time.

Knows no run. The lock is the operating system's and goes with the process that
holds it, however that ends.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from driftline.errors import RunError
from driftline.records.whole import refused


@contextmanager
def alone(path: Path, patience: float = 5.0) -> Iterator[None]:
    """Hold the run in ``path``; raises `RunError` if another process keeps it.

    Waits ``patience`` seconds first: a process that was killed a moment ago may
    still be going.
    """
    try:
        handle = os.open(path / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise refused(path, error) from error
    try:
        _acquire(handle, path, time.monotonic() + patience)
        yield
    finally:
        os.close(handle)


def _acquire(handle: int, path: Path, until: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > until:
                raise RunError(
                    f"{path} is in use by another process; wait for it to end or stop it"
                ) from None
            time.sleep(0.05)
