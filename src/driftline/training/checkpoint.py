"""Checkpoints: named tensors and plain values that are stored as a whole.

Know no model. A checkpoint is a directory of one safetensors file and one JSON
file that names it with its hash; replacing the JSON file is the one step that
turns the old checkpoint into the new. Nothing stored can run code on load.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from driftline.errors import CheckpointError
from driftline.records.whole import partial, refused, sync_directory, write_whole

INDEX = "checkpoint.json"
FORMAT = 1
REPAIR = "delete the directory and resume from an earlier state, or run again"


def save_checkpoint(directory: Path, tensors: dict[str, Tensor], meta: dict[str, Any]) -> None:
    """Store ``tensors`` and ``meta`` (values JSON can hold) under ``directory``.

    The previous checkpoint stays loadable until the new one is complete; a kill
    leaves one or the other. Raises `StorageError` when the disk refuses, with
    the previous checkpoint intact.
    """
    # Copies: tied weights share memory, which the format refuses to store twice.
    plain = {name: each.detach().cpu().contiguous().clone() for name, each in tensors.items()}
    data = safetensors.torch.save(plain)
    digest = hashlib.sha256(data).hexdigest()
    name = f"tensors-{digest[:16]}.safetensors"
    index = {"format": FORMAT, "tensors": name, "sha256": digest, "meta": meta}
    files = {name: data, INDEX: json.dumps(index, indent=1).encode()}
    if directory.exists():
        _replace(directory, files)
        return
    # The first time, the directory itself appears whole: where it exists, it can be loaded.
    fresh = partial(directory)
    _replace(fresh, files)
    try:
        os.replace(fresh, directory)
        sync_directory(directory.parent)
    except OSError as error:
        raise refused(directory, error) from error


def _replace(directory: Path, files: dict[str, bytes]) -> None:
    """Write the files in order, the index last, and drop what it no longer names."""
    try:
        for name, data in files.items():
            write_whole(directory / name, data)
    finally:
        _drop_unnamed(directory)


def load_checkpoint(directory: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and values `save_checkpoint` stored, bit for bit.

    Raises `CheckpointError` where a file is missing, cut short or not the one
    the index names.
    """
    index = _read_index(directory)
    path = directory / str(index["tensors"])
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CheckpointError(
            f"checkpoint {directory} lacks its tensors {path.name} ({error.strerror}); {REPAIR}"
        ) from error
    if hashlib.sha256(data).hexdigest() != index["sha256"]:
        raise CheckpointError(
            f"checkpoint {directory} is damaged: the {len(data)} bytes of {path.name} do not have "
            f"the hash in {INDEX}; {REPAIR}"
        )
    try:
        return safetensors.torch.load(data), index["meta"]
    except (safetensors.SafetensorError, ValueError) as error:
        raise CheckpointError(
            f"checkpoint {directory}: {path.name} is no safetensors file ({error}); {REPAIR}"
        ) from error


def _drop_unnamed(directory: Path) -> None:
    """Remove tensors that the index does not name: the previous, or a cut attempt's."""
    with contextlib.suppress(OSError, CheckpointError):
        kept = _read_index(directory)["tensors"] if (directory / INDEX).exists() else None
        for path in [*directory.glob("tensors-*"), *directory.glob(".tensors-*")]:
            if path.name != kept:
                path.unlink()


def _read_index(directory: Path) -> dict[str, Any]:
    path = directory / INDEX
    try:
        index = json.loads(path.read_text())
    except OSError as error:
        raise CheckpointError(
            f"no checkpoint in {directory}: cannot read {INDEX} ({error.strerror}); "
            "give a directory that save_checkpoint wrote"
        ) from error
    except ValueError as error:
        raise CheckpointError(
            f"checkpoint {directory} is damaged: {INDEX} is not JSON ({error}); {REPAIR}"
        ) from error
    needed = {"format", "tensors", "sha256", "meta"}
    if not isinstance(index, dict) or not needed <= index.keys():
        raise CheckpointError(
            f"checkpoint {directory} is damaged: {INDEX} needs {sorted(needed)}; {REPAIR}"
        )
    if index["format"] != FORMAT:
        raise CheckpointError(
            f"checkpoint {directory} has format {index['format']}, this version reads {FORMAT}; "
            "load it with the version of Driftline that wrote it"
        )
    return index


def optimiser_tensors(
    optimiser: torch.optim.Optimizer,
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """An optimiser's state as tensors named ``"INDEX.NAME"`` and plain values.

    `load_optimiser` restores it exactly: a training run that stops here and goes
    on takes the same steps, bit for bit, as one that did not stop.
    """
    state = optimiser.state_dict()
    tensors: dict[str, Tensor] = {}
    values: dict[str, Any] = {}
    for index, entries in state["state"].items():
        for name, entry in entries.items():
            (tensors if isinstance(entry, Tensor) else values)[f"{index}.{name}"] = entry
    return tensors, {"groups": state["param_groups"], "values": values}


def part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose name begins with ``prefix``, without it."""
    return {n.removeprefix(prefix): each for n, each in tensors.items() if n.startswith(prefix)}


def load_optimiser(
    optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor], values: dict[str, Any]
) -> None:
    """Restore what `optimiser_tensors` gave into an optimiser of the same parameters.

    Raises `CheckpointError` where the parameters differ in number or shape.
    """
    own = optimiser.state_dict()
    given = [len(group["params"]) for group in values["groups"]]
    needed = [len(group["params"]) for group in own["param_groups"]]
    if given != needed:
        raise CheckpointError(
            f"the optimiser state is of groups of {given} parameters, this optimiser has {needed}; "
            "build the model from the checkpoint's own configuration"
        )
    parameters = [each for group in optimiser.param_groups for each in group["params"]]
    state: dict[int, dict[str, Any]] = {}
    for key, entry in [*tensors.items(), *values["values"].items()]:
        index, name = key.split(".", 1)
        _check_moment(key, entry, parameters[int(index)])
        state.setdefault(int(index), {})[name] = entry
    groups = [
        _as_written(*pair) for pair in zip(values["groups"], own["param_groups"], strict=True)
    ]
    optimiser.load_state_dict({"state": state, "param_groups": groups})


def _as_written(stored: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """JSON turns a tuple such as betas into a list; give it back its type."""
    return {
        name: tuple(value) if isinstance(own.get(name), tuple) else value
        for name, value in stored.items()
    }


def _check_moment(key: str, entry: Any, parameter: Tensor) -> None:
    if isinstance(entry, Tensor) and entry.ndim > 0 and entry.shape != parameter.shape:
        raise CheckpointError(
            f"optimiser state {key} has shape {tuple(entry.shape)}, its parameter has "
            f"{tuple(parameter.shape)}; build the model from the checkpoint's own configuration"
        )
