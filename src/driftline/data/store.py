"""Episodes as table columns and back, bit for bit.

Knows no file: `records.run_directory` stores the tables. One row is one
episode; what is recorded per step is a list in its row.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt

from driftline.data.episodes import DISTANCES, STEP_COLUMNS, Episodes
from driftline.data.trajectories import Trajectories
from driftline.errors import DataError
from driftline.shapes import Integers

Table = Any
"""A ``pyarrow.Table``; pyarrow is loaded when the first one is made."""

LAYOUT = b"driftline"


def to_table(episodes: Episodes, agent: str, seed: int) -> Table:
    """One row for each episode, as the run directory and pandas read it.

    Columns: agent, seed, round, episode (its number in ``episodes``), source,
    length, terminated, truncated, observed_return, true_return,
    commanded_return; lists with an entry for each step: rewards, hidden_rewards,
    commanded, kl, kl_previous, log_ratio, jensen_shannon, hellinger, actions (a number, or
    a list of d), ``flag_NAME``, ``available_NAME``; and observations as raw bytes, whose
    dtype and shape are in the schema metadata.
    """
    import pyarrow

    data = episodes.trajectories
    if data.actions.ndim > 2:
        raise DataError(
            f"actions of shape {data.actions.shape} cannot be stored as a column; "
            "only one number or vector for each step can"
        )
    offsets = pyarrow.array((data.starts - data.starts[0]).astype(np.int32))
    count = len(episodes)
    columns = {
        "agent": pyarrow.array([agent] * count, pyarrow.string()),
        "seed": pyarrow.array(np.full(count, seed, np.int64)),
        "round": pyarrow.array(episodes.rounds),
        "episode": pyarrow.array(np.arange(count)),
        "source": pyarrow.array(episodes.sources, pyarrow.string()),
        "length": pyarrow.array(data.lengths),
        "terminated": pyarrow.array(data.terminated),
        "truncated": pyarrow.array(data.truncated),
        "observed_return": pyarrow.array(episodes.observed_returns),
        "true_return": pyarrow.array(episodes.true_returns),
        "commanded_return": pyarrow.array(episodes.commanded_returns),
    }
    for name, values in _steps(episodes).items():
        columns[name] = pyarrow.ListArray.from_arrays(offsets, _entries(values))
    columns["observations"] = _observation_bytes(data)
    layout = {
        "observation_dtype": data.observations.dtype.str,
        "observation_shape": data.observations.shape[1:],
        "action_dtype": data.actions.dtype.str,
    }
    return pyarrow.table(columns, metadata={LAYOUT: json.dumps(layout).encode()})


def _steps(episodes: Episodes) -> dict[str, npt.NDArray[Any]]:
    """Every per-step column but the observations, under its name in the table."""
    return {
        "rewards": episodes.trajectories.rewards,
        **{name: getattr(episodes, name) for name in STEP_COLUMNS},
        "actions": episodes.trajectories.actions,
        **{f"flag_{name}": column for name, column in episodes.flags.items()},
        **{f"available_{name}": column for name, column in episodes.available.items()},
    }


def _entries(values: npt.NDArray[Any]) -> Any:
    """An arrow array with an entry for each step: a number, or a list of always as many."""
    import pyarrow

    if values.ndim == 1:
        return pyarrow.array(values)
    flat = pyarrow.array(np.ascontiguousarray(values).reshape(-1))
    return pyarrow.FixedSizeListArray.from_arrays(flat, values.shape[1])


def _observation_bytes(data: Trajectories) -> Any:
    """A binary array over the flat column's own memory: nothing is copied."""
    import pyarrow

    flat = np.ascontiguousarray(data.observations)
    row = flat.nbytes // len(flat)
    origin = data.starts - data.starts[0]
    offsets = (origin + np.arange(len(origin))).astype(np.int64) * row
    buffers = [None, pyarrow.py_buffer(offsets), pyarrow.py_buffer(flat.reshape(-1).view(np.uint8))]
    return pyarrow.LargeBinaryArray.from_buffers(pyarrow.large_binary(), len(data), buffers)


def from_table(table: Table) -> Episodes:
    """The episodes of `to_table`, in the order of the rows.

    Tables of before ``log_ratio`` or the distances were recorded say that these were
    not measured.
    Raises `DataError` where the table is not one that `to_table` made.
    """
    metadata = table.schema.metadata or {}
    if LAYOUT not in metadata:
        raise DataError(
            "this table's schema says nothing of its observations' dtype and shape; "
            "read it with RunDirectory.read_episodes, which keeps the schema"
        )
    layout = json.loads(metadata[LAYOUT])
    lengths = _scalars(table, "length").astype(np.int64)
    trajectories = Trajectories(
        observations=_observations(table, layout),
        actions=_flat(table, "actions", lengths).astype(layout["action_dtype"]),
        rewards=_flat(table, "rewards", lengths),
        starts=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        terminated=_scalars(table, "terminated"),
        truncated=_scalars(table, "truncated"),
    )
    return Episodes(
        trajectories=trajectories,
        **{name: _measured(table, name, lengths) for name in STEP_COLUMNS},
        rounds=_scalars(table, "round"),
        sources=tuple(_column(table, "source").to_pylist()),
        flags=_named(table, "flag_", lengths),
        available=_named(table, "available_", lengths),
    )


def _measured(table: Table, name: str, lengths: Integers) -> npt.NDArray[Any]:
    if name in ("log_ratio", *DISTANCES) and name not in table.column_names:
        return np.full(int(lengths.sum()), np.nan)
    return _flat(table, name, lengths)


def _named(table: Table, prefix: str, lengths: Integers) -> dict[str, npt.NDArray[np.bool_]]:
    names = [name for name in table.column_names if name.startswith(prefix)]
    return {name.removeprefix(prefix): _flat(table, name, lengths) for name in names}


def _column(table: Table, name: str) -> Any:
    if name not in table.column_names:
        raise DataError(
            f"the table of episodes lacks the column {name!r}; "
            "read it with RunDirectory.read_episodes, without choosing columns"
        )
    return table.column(name).combine_chunks()


def _scalars(table: Table, name: str) -> npt.NDArray[Any]:
    return np.array(_column(table, name).to_numpy(zero_copy_only=False))


def _flat(table: Table, name: str, lengths: Integers) -> npt.NDArray[Any]:
    column = _column(table, name)
    given = column.value_lengths().to_numpy(zero_copy_only=False)
    if not np.array_equal(given, lengths):
        row = int(np.flatnonzero(given != lengths)[0])
        raise DataError(
            f"row {row} has length {lengths[row]} but {given[row]} entries in {name!r}; "
            "the lengths disagree: restore the file"
        )
    entries = column.flatten()
    wide = hasattr(entries.type, "list_size")
    numbers = entries.flatten() if wide else entries
    # A copy: memory of the table is read-only, which tensor libraries refuse to share.
    flat = np.array(numbers.to_numpy(zero_copy_only=False))
    return flat.reshape(-1, entries.type.list_size) if wide else flat


def _observations(table: Table, layout: dict[str, Any]) -> npt.NDArray[Any]:
    data = b"".join(_column(table, "observations").to_pylist())
    flat = np.frombuffer(data, dtype=np.dtype(layout["observation_dtype"]))
    return flat.reshape(-1, *layout["observation_shape"]).copy()
