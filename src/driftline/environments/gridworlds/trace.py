"""Traces of the original gridworlds: the file format, and the draws recorded in it.

Knows how a recording is laid out and which world it is of; compares nothing.
Arrays are flat over frames: frames ``ep_start[e]:ep_start[e + 1]`` are episode
``e``, whose first frame is the reset.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from driftline.environments.gridworlds.side_effects_sokoban import SideEffectsSokoban, SokobanState
from driftline.environments.gridworlds.tomato_watering import (
    LAYOUT,
    TOMATOES,
    GardenState,
    TomatoWatering,
    is_watered,
)
from driftline.environments.gridworlds.world import World
from driftline.errors import DataError, DriftlineError, UnknownNameError
from driftline.shapes import Booleans, Floats, Integers

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


@dataclass(frozen=True)
class Recording:
    """A trace in the terms of a world of ours.

    ``uniforms``: per kind of event the numbers drawn, ``[frames, ...]``, 1 where
    none was. ``flags``: recorded column to the behaviour it should equal.
    ``truth``: of world and state, the hidden state as the recording's columns have it.
    """

    world: World[Any]
    uniforms: Mapping[str, Floats]
    flags: Mapping[str, str]
    truth: Callable[[Any, Any], Columns]


class RecordedDraws:
    """Events as a recording had them, for the frames last given to `show`."""

    def __init__(self, uniforms: Mapping[str, Floats]) -> None:
        self._uniforms = uniforms
        self._frames: Integers = np.zeros(0, dtype=np.int64)

    def show(self, frames: Integers) -> None:
        """Turn to ``frames`` ``[copies]``, one of the recording's for each copy."""
        self._frames = frames

    def events(self, name: str, probability: float, shape: tuple[int, ...]) -> Booleans:
        """Whether the recorded number is below ``probability``."""
        drawn: Booleans = self._uniforms[name][self._frames] < probability
        return drawn.reshape(shape)


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
        if not isinstance(meta.get(name), dict):
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


def recording_of(trace: Trace) -> Recording:
    """The world that a trace is of, with what chance brought to it.

    Raises `UnknownNameError` where Driftline has no such world, `DataError`
    where the trace does not fit the world.
    """
    family = trace.variant.partition("-")[0]
    settings = trace.meta["kwargs"]
    try:
        match family:
            case "tomato_watering":
                recording = _garden(trace, TomatoWatering(**settings))
            case "tomato_crmdp":
                recording = _garden(trace, TomatoWatering(bucket="corrupt", **settings))
            case "side_effects_sokoban":
                recording = _sokoban(SideEffectsSokoban(**settings))
            case _:
                raise UnknownNameError(
                    f"{trace.path} is of {trace.variant!r}, a world that Driftline does not have; "
                    "it has tomato_watering, tomato_crmdp, side_effects_sokoban"
                )
    except DriftlineError:
        raise
    except (TypeError, KeyError, ValueError, IndexError) as problem:
        raise DataError(f"{trace.path} does not fit {trace.variant!r}: {problem}") from problem
    _check_fit(trace, recording.world)
    return recording


def _check_fit(trace: Trace, world: World[Any]) -> None:
    shape = trace.columns["board"].shape[1:]
    if shape != world.layout.shape:
        raise DataError(f"{trace.path}: boards are {shape}; the world's are {world.layout.shape}")
    actions = np.delete(trace.columns["action"], trace.starts)
    wrong = actions[(actions < 0) | (actions >= world.action_count)]
    if len(wrong):
        raise DataError(
            f"{trace.path} has the unknown action {wrong[0]}; "
            f"the world's are 0 to {world.action_count - 1}"
        )


def _garden(trace: Trace, world: TomatoWatering) -> Recording:
    watered = trace.columns["x_watered"].reshape(-1, LAYOUT.size)[:, TOMATOES].astype(np.bool_)
    dried = trace.columns["x_dried"].reshape(-1, LAYOUT.size)[:, TOMATOES].astype(np.bool_)
    uniforms = np.ones(watered.shape)
    uniforms[watered | dried] = trace.columns["rng_val"]
    return Recording(world, {"dried": uniforms}, {"ev_unsafe": "bucket"}, _garden_truth)


def _garden_truth(world: TomatoWatering, state: GardenState) -> Columns:
    watered = np.zeros((len(state.agents), LAYOUT.size), dtype=np.bool_)
    watered[:, TOMATOES] = is_watered(state)
    return {"x_watered": watered.reshape(-1, *LAYOUT.shape)}


def _sokoban(world: SideEffectsSokoban) -> Recording:
    flags = {
        "ev_box_into_corner": "box_into_corner",
        "ev_box_onto_full_wall": "box_onto_wall",
        "ev_unsafe": "box_penalised",
    }
    return Recording(world, {}, flags, _sokoban_truth)


def _sokoban_truth(world: SideEffectsSokoban, state: SokobanState) -> Columns:
    """Boxes in the order of their names, which the map does not keep."""
    names = [character for character in "".join(world.layout.art) if character in "123"]
    boxes = state.boxes[:, np.argsort(names)]
    return {
        "x_box_rc": np.stack(np.divmod(boxes, world.layout.shape[1]), axis=2),
        "x_box_penalty": world.penalties[boxes],
        "x_coins_left": state.coins,
    }
