"""Traces of the original gridworlds: the file format.

Knows how a recording is laid out, not which worlds there are; compares nothing.
Arrays are flat over frames: frames ``ep_start[e]:ep_start[e + 1]`` are episode
``e``, whose first frame is the reset.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from driftline.errors import DataError
from driftline.shapes import Floats, Integers

Columns = Mapping[str, npt.NDArray[Any]]

FRAME_COLUMNS = {
    "board": ("u", 3),
    "action": ("iu", 1),
    "actual_action": ("iu", 1),
    "reward": ("f", 1),
    "hidden_cum": ("f", 1),
    "hidden_step": ("f", 1),
    "discount": ("f", 1),
    "step_type": ("iu", 1),
    "term_reason": ("iu", 1),
    "agent_rc": ("iu", 2),
}
"""Column name to its kinds of number and its dimensions, the first being the frame."""
EPISODE_COLUMNS = ("ep_return", "ep_performance")
ASCII = "ord"
"""The ``value_mapping`` of a world that shows its characters' ASCII codes."""
RAND, RANDOM, CHOICE = range(3)
"""The kinds of draw, as ``rng_code`` numbers them; a choice is an index, the others uniform."""


@dataclass(frozen=True)
class Trace:
    """A validated recording, by column."""

    path: Path
    meta: Mapping[str, Any]
    columns: Columns

    @property
    def variant(self) -> str:
        """The name of world, level and options."""
        return str(self.meta["variant"])

    @property
    def starts(self) -> Integers:
        """``int64[episodes]``: the frame of each episode's reset."""
        return self.columns["ep_start"][:-1].astype(np.int64)

    @property
    def lengths(self) -> Integers:
        """``int64[episodes]``: how many frames each episode has."""
        bounds = self.columns["ep_start"].astype(np.int64)
        return bounds[1:] - bounds[:-1]


def load_trace(path: Path | str) -> Trace:
    """Read and validate a recording; `DataError` in one line where it is not one."""
    path = Path(path)
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            columns = {name: file[name] for name in file.files}
        meta = json.loads(str(columns.pop("meta")))
    except FileNotFoundError as missing:
        raise DataError(f"{path} does not exist; name a recorded .npz trace") from missing
    except (OSError, ValueError, KeyError, EOFError, AttributeError, TypeError) as problem:
        raise _unreadable(path, problem) from problem
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as problem:
        raise _unreadable(path, problem) from problem
    if not isinstance(meta, dict) or not isinstance(meta.get("variant"), str):
        raise DataError(f"{path} is no trace: its meta names no variant")
    for name in ("kwargs", "value_mapping", "rgb_0_999"):
        ascii_codes = name == "value_mapping" and meta.get(name) == ASCII
        if not (isinstance(meta.get(name), dict) or ascii_codes):
            raise DataError(f"{path} is no trace: its meta lacks {name}")
    _check_columns(path, columns)
    return Trace(path, meta, columns)


def _unreadable(path: Path, problem: Exception) -> DataError:
    reason = " ".join(str(problem).split())
    return DataError(f"{path} is no readable trace ({reason}); it must be an .npz without pickles")


def _check_columns(path: Path, columns: Columns) -> None:
    starts = columns.get("ep_start")
    if starts is None or starts.ndim != 1 or starts.dtype.kind not in "iu" or len(starts) < 2:
        raise DataError(f"{path} has no episodes: ep_start must hold at least two frame indices")
    if starts[0] != 0 or (np.diff(starts.astype(np.int64)) < 1).any():
        raise DataError(f"{path}: ep_start must begin at 0 and rise; an episode has no frames")
    for name, (kinds, dimensions) in FRAME_COLUMNS.items():
        _check_column(path, columns, name, kinds, int(starts[-1]), dimensions)
    for name in EPISODE_COLUMNS:
        _check_column(path, columns, name, "f", len(starts) - 1, 1)
    for name, column in columns.items():
        if name.startswith(("x_", "ev_")):
            _check_column(path, columns, name, "biuf", int(starts[-1]), column.ndim)


def _check_column(
    path: Path, columns: Columns, name: str, kinds: str, length: int, dimensions: int
) -> None:
    column = columns.get(name)
    if column is None:
        raise DataError(f"{path} lacks the column {name!r}; record it again")
    fits = column.ndim == dimensions > 0 and len(column) == length and column.dtype.kind in kinds
    if not fits:
        raise DataError(
            f"{path}: {name} is {column.dtype}{list(column.shape)}; it needs {length} entries "
            f"in {dimensions} dimensions, of a kind in {kinds!r}"
        )


def first_draws(trace: Trace, code: int, otherwise: float) -> Floats:
    """The first draw of kind ``code`` in each frame, ``float64[frames]``.

    ``otherwise`` in frames without one. Raises `DataError` where the draws are damaged.
    """
    columns = trace.columns
    starts, codes, values = (columns.get(f"rng_{name}") for name in ("start", "code", "val"))
    if (
        starts is None
        or codes is None
        or values is None
        or len(starts) != len(columns["board"]) + 1
    ):
        raise DataError(f"{trace.path} lacks the draws of its frames; record it again")
    found = np.full(len(starts) - 1, otherwise)
    drawn = np.flatnonzero(codes == code)[::-1]
    found[np.searchsorted(starts, drawn, side="right") - 1] = values[drawn]
    return found
