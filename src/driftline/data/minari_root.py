"""Where Minari datasets lie on the local disk, and what they may be called.

Knows nothing of what is in them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from driftline.errors import DataError

METADATA = "metadata.json"
DATASET_ID = re.compile(r"(?:[-_\w](?:[-_\w/]*)[-_\w]/)?[-_\w]+-v\d+")


def datasets_root(root: Path | None = None) -> Path:
    """``root``, or Minari's own: MINARI_DATASETS_PATH, else ``~/.minari/datasets``; absolute."""
    named = root or os.environ.get("MINARI_DATASETS_PATH")
    # Minari reads a relative path anew from inside the dataset that it writes.
    return Path(named).absolute() if named else Path.home() / ".minari" / "datasets"


def check_id(dataset_id: str) -> str:
    """``dataset_id``, if Minari can store a dataset under it; raises `DataError`.

    >>> check_id("t/expert")
    Traceback (most recent call last):
        ...
    driftline.errors.DataError: dataset id 't/expert' is malformed; it needs a name that ends in \
a version and, before it, an optional namespace of two characters or more: garden/careful-v0
    """
    if DATASET_ID.fullmatch(dataset_id) and "//" not in dataset_id:
        return dataset_id
    raise DataError(
        f"dataset id {dataset_id!r} is malformed; it needs a name that ends in a version and, "
        "before it, an optional namespace of two characters or more: garden/careful-v0"
    )


def free_path(dataset_id: str, root: Path | None = None) -> Path:
    """Where a new dataset will be; raises `DataError` where the id is malformed or taken."""
    target = datasets_root(root) / check_id(dataset_id)
    if target.exists():
        raise DataError(
            f"dataset {dataset_id} exists already under {datasets_root(root)}; nothing was "
            "written: choose another name or version (--id on the command line)"
        )
    return target


def data_path(dataset: str | Path, root: Path | None = None) -> Path:
    """The directory of the dataset's files, given its directory or its id.

    Raises `DataError` where there is none, naming those that are there.
    """
    for place in (Path(dataset), datasets_root(root) / dataset):
        for path in (place / "data", place):
            if (path / METADATA).is_file():
                return path
    known = ", ".join(dataset_ids(root)) or "none"
    raise DataError(
        f"no Minari dataset {str(dataset)!r}: it is neither a dataset's directory nor an id under "
        f"{datasets_root(root)}, where there are: {known}{_fetched(str(dataset), root)}"
    )


def _fetched(dataset_id: str, root: Path | None) -> str:
    """How to get a dataset whose id is as Minari's own are: a family, a task and a name."""
    if not DATASET_ID.fullmatch(dataset_id) or dataset_id.count("/") < 2:
        return ""
    where = "" if root is None else f"MINARI_DATASETS_PATH={datasets_root(root)} "
    return (
        f'; if it is one of Minari\'s, fetch it: pip install "minari[hf]", then '
        f"{where}minari download {dataset_id}"
    )


def dataset_ids(root: Path | None = None) -> list[str]:
    """The ids of all datasets under the root, sorted."""
    base = datasets_root(root)
    found = base.glob(f"**/data/{METADATA}")
    ids = [path.parent.parent.relative_to(base).as_posix() for path in found]
    return sorted(each for each in ids if not each.startswith("."))
