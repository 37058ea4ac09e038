"""Extending a study: finished runs of an earlier one that are runs of the new one too.

Knows no kind of run: two are the same where all that decides their numbers is.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from driftline.errors import RunError
from driftline.experiments.config_json import to_json
from driftline.experiments.places import wall_seconds
from driftline.experiments.plan import Task
from driftline.experiments.run import finished
from driftline.records.run_directory import RunDirectory
from driftline.records.whole import refused


@dataclass(frozen=True)
class Shared:
    """The runs of an earlier study that a new one has too: where they lie, and for which task.

    ``seconds``: of the earlier study's wall time, the part that went into them.
    """

    runs: tuple[tuple[Path, Task], ...]
    planned: int
    seconds: float
    revision: Mapping[str, Any] | None

    def to_json(self) -> dict[str, Any]:
        """What the manifest says of them: no path, which would mean nothing elsewhere."""
        return {
            "runs": len(self.runs),
            "of": self.planned,
            "seconds": self.seconds,
            "revision": self.revision,
        }


def shared_runs(earlier: Path, root: Path, tasks: Sequence[Task]) -> Shared:
    """The finished runs in ``earlier`` that are those of ``tasks``, planned in ``root``.

    The same, but for how many seeds their study has and what its budget is called.
    Raises `RunError` where there is none.
    """
    run = RunDirectory.open(earlier)
    if run.manifest["kind"] != "study":
        raise RunError(f"{earlier} is a single run; give the directory of a whole study")
    taken: set[Path] = set()
    pairs = []
    for task in tasks:
        place = earlier / task.path.relative_to(root)
        if (task.needs is None or task.needs in taken) and _same(place, task):
            taken.add(task.path)
            pairs.append((place, task))
    if not pairs:
        raise RunError(
            f"no finished run of {earlier} is one of this study, settings and all; leave "
            "--extends out, or give a study of the same version, name, agents and settings, "
            "which may differ in how many seeds it has"
        )
    everything = sum(_seconds(path) for path in _all_finished(earlier))
    share = sum(_seconds(place) for place, _ in pairs) / max(everything, 1e-9)
    seconds = wall_seconds(earlier) * share
    return Shared(tuple(pairs), len(tasks), seconds, run.manifest.get("revision"))


def take_over(shared: Shared) -> None:
    """Put the runs where their tasks want them, each whole or not at all.

    Files are linked, not copied, where the file system can: nothing writes in a
    finished run again. Raises `StorageError`.
    """
    for place, task in shared.runs:
        try:
            _put(place, task.path)
        except OSError as error:
            raise refused(task.path, error) from error


def _same(place: Path, task: Task) -> bool:
    if not finished(place):
        return False
    return _decisive(RunDirectory.open(place).manifest["configuration"]) == _decisive(
        to_json(task.config)
    )


def _decisive(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """All that decides a run's numbers; a part of a study is measured with all its seeds."""
    study = dict(configuration["study"])
    del study["budget"]
    if configuration["kind"] != "PartConfig":
        del study["seeds"]
    return {**configuration, "study": study}


def _all_finished(root: Path) -> Iterator[Path]:
    for events in root.rglob("events.jsonl"):
        if finished(events.parent):
            yield events.parent


def _seconds(path: Path) -> float:
    return float(RunDirectory.open(path).events()[-1]["seconds"])


def _put(place: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    passing = Path(tempfile.mkdtemp(prefix=".taking-", dir=target.parent))
    try:
        _link_all(place, passing / "run")
        (passing / "run").rename(target)
    finally:
        shutil.rmtree(passing, ignore_errors=True)


def _link_all(place: Path, target: Path) -> None:
    target.mkdir()
    for each in sorted(place.rglob("*")):
        if each.is_dir():
            (target / each.relative_to(place)).mkdir()
        elif each.name != ".lock":
            _link(each, target / each.relative_to(place))


def _link(source: Path, target: Path) -> None:
    with contextlib.suppress(OSError):
        os.link(source, target)
        return
    shutil.copy2(source, target)
