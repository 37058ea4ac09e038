"""A file is written whole or not at all, whatever the disk says."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from driftline.errors import StorageError
from driftline.records.whole import write_whole


def test_bytes_come_back_and_nothing_else_is_left(tmp_path: Path) -> None:
    write_whole(tmp_path / "new" / "file", b"first")
    write_whole(tmp_path / "new" / "file", b"second")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["file"]
    assert (tmp_path / "new" / "file").read_bytes() == b"second"


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_keeps_the_old_file_and_leaves_no_temporary_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    write_whole(tmp_path / "file", b"old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, call, full)
    with pytest.raises(StorageError, match="No space left") as caught:
        write_whole(tmp_path / "file", b"new")
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


def test_a_leftover_of_a_kill_is_written_over(tmp_path: Path) -> None:
    (tmp_path / ".file.partial").write_bytes(b"half of a longer earlier attempt")
    write_whole(tmp_path / "file", b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"whole"
