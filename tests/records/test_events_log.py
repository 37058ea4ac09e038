"""Lines are only appended, cut lines vanish, voided rounds do not come back."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.errors import RunError, StorageError
from driftline.records.events import Event, OfflineProgress, Resumed, RoundEnded
from driftline.records.events_log import append_event, read_events


def ended(round: int, seconds: float = 0.0) -> RoundEnded:
    return RoundEnded(round, 9, 100, 10, {"loss": 1.0}, 0.5, seconds)


def rounds(path: Path) -> list[tuple[str, int | None]]:
    return [(each["event"], each.get("round")) for each in read_events(path)]


def test_what_is_appended_is_read_in_order(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    assert read_events(path) == []
    append_event(path, OfflineProgress(1, 2, 0.5))
    before = path.read_bytes()
    append_event(path, ended(0))
    assert path.read_bytes().startswith(before)
    assert rounds(path) == [("OfflineProgress", None), ("RoundEnded", 0)]


def test_numbers_that_are_not_finite_become_null(tmp_path: Path) -> None:
    append_event(tmp_path / "e", OfflineProgress(1, 2, float("nan"), {"bound": float("inf")}))
    assert "NaN" not in (tmp_path / "e").read_text()
    assert read_events(tmp_path / "e")[0]["parts"] == {"bound": None}


@given(st.data())
def test_a_line_cut_anywhere_is_dropped_and_the_next_append_is_whole(data: st.DataObject) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        append_event(path, ended(0))
        whole = path.stat().st_size
        append_event(path, ended(1))
        cut = data.draw(st.integers(whole, path.stat().st_size - 1))
        os.truncate(path, cut)
        assert rounds(path) == [("RoundEnded", 0)]
        append_event(path, ended(2))
        assert rounds(path) == [("RoundEnded", 0), ("RoundEnded", 2)]


def test_rounds_from_the_resumed_one_on_are_void_and_earlier_ones_stand(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    events: list[Event] = [OfflineProgress(2, 2, 0.1), *(ended(each) for each in range(4))]
    events += [Resumed(2), ended(2, 7.0), ended(3, 7.0), Resumed(3), ended(3, 8.0)]
    for event in events:
        append_event(path, event)
    stand = read_events(path)
    kept = [(each["round"], each["seconds"]) for each in stand if each["event"] == "RoundEnded"]
    assert kept == [(0, 0.0), (1, 0.0), (2, 7.0), (3, 8.0)]
    assert stand[0]["event"] == "OfflineProgress"


def test_resuming_from_before_round_0_voids_the_offline_phase_too(tmp_path: Path) -> None:
    for event in (OfflineProgress(1, 2, 0.1), Resumed(-1), OfflineProgress(1, 2, 0.2)):
        append_event(tmp_path / "e", event)
    assert [each.get("loss") for each in read_events(tmp_path / "e")] == [None, 0.2]


def test_a_damaged_line_in_the_middle_is_named(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    append_event(path, ended(0))
    path.write_bytes(b"{]\n" + path.read_bytes())
    with pytest.raises(RunError, match=r"line 1 of .*events\.jsonl is damaged"):
        read_events(path)


def test_a_write_that_stops_half_way_leaves_the_lines_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "events.jsonl"
    append_event(path, ended(0))
    before, write = path.read_bytes(), os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda handle, data: write(handle, data[:5]))
        with pytest.raises(StorageError, match="No space left"):
            append_event(path, ended(1))
    assert path.read_bytes() == before


def test_a_refused_file_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(StorageError, match=r"cannot write .*Permission denied"):
        append_event(tmp_path / "events.jsonl", ended(0))
