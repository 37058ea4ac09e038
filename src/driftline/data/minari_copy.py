"""Minari datasets carried in from elsewhere, and out to elsewhere.

Knows no environment. A dataset is read whole, and so checked, before it is kept;
the copy is the original's files, with nothing dropped.
"""

from __future__ import annotations

import json
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from driftline.data.minari import load_minari
from driftline.data.minari_root import METADATA, data_path
from driftline.data.minari_writing import new_dataset
from driftline.errors import DataError


def import_minari(source: Path, dataset_id: str | None = None, root: Path | None = None) -> str:
    """Keep a copy of the dataset in ``source``; returns the id it got.

    ``source`` is a dataset's directory or a zip or tar file of one. Without
    ``dataset_id`` it keeps its own. Raises `DataError` where it is missing,
    damaged or wrong, or where the id is taken, and then keeps nothing.
    """
    with _directory(source) as directory:
        path = data_path(directory)
        load_minari(path)
        own = json.loads((path / METADATA).read_text())["dataset_id"]
        return _copy(path, dataset_id or own, root)


def export_minari(dataset: str | Path, to: Path, root: Path | None = None) -> Path:
    """Copy a dataset to ``to/ID``, so that ``to`` is a root Minari can read.

    Returns the copy's directory. Raises `DataError` where there is no such
    dataset or the copy exists already.
    """
    path = data_path(dataset, root)
    load_minari(path)
    own = json.loads((path / METADATA).read_text())["dataset_id"]
    return to / _copy(path, own, to)


def _copy(path: Path, dataset_id: str, root: Path | None) -> str:
    with new_dataset(dataset_id, root) as staging:
        shutil.copytree(path, staging / "data")
        metadata = json.loads((path / METADATA).read_text())
        text = json.dumps({**metadata, "dataset_id": dataset_id})
        (staging / "data" / METADATA).write_text(text)
    return dataset_id


@contextmanager
def _directory(source: Path) -> Iterator[Path]:
    """The directory that ``source`` is or, for as long as the block runs, unpacks to."""
    if source.is_dir():
        yield source
        return
    if not source.is_file():
        raise DataError(f"{source} does not exist; give a Minari dataset or a .npz file")
    with tempfile.TemporaryDirectory(prefix="driftline-") as folder:
        _unpack(source, Path(folder))
        found = sorted(path.parent for path in Path(folder).rglob(METADATA))
        if len(found) != 1:
            raise DataError(f"{source} holds {len(found)} Minari datasets; give a file of one")
        yield found[0]


def _unpack(source: Path, folder: Path) -> None:
    """Unpack, with names that lead out of the folder refused or kept inside."""
    try:
        if zipfile.is_zipfile(source):
            with zipfile.ZipFile(source) as packed:
                packed.extractall(folder)
        elif tarfile.is_tarfile(source):
            if not hasattr(tarfile, "data_filter"):
                raise DataError(
                    f"{source} is a tar file, which Python before 3.11.4 cannot unpack safely; "
                    "unpack it yourself and give the directory, or pack it as zip"
                )
            with tarfile.open(source) as packed:
                packed.extractall(folder, filter="data")
        else:
            raise DataError(
                f"{source} is neither a Minari dataset nor an .npz; give a dataset's directory, a "
                "zip or tar file of one, or an .npz of arrays"
            )
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, NotImplementedError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{source} cannot be unpacked ({reason}); pack it again") from error
