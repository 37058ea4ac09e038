"""Fitted models on disk: safetensors and JSON, nothing that runs code on load.

Knows checkpoints and run directories, no environment.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor

from driftline.errors import CheckpointError, RunExistsError
from driftline.models.flow_policy import FlowPolicy
from driftline.models.trainable import TrainableModel, placed
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.records.run_directory import MANIFEST, RunDirectory
from driftline.training.checkpoint import INDEX, load_checkpoint, part, save_checkpoint

DEMONSTRATOR = "demonstrator"
LAST = "last"


def save_model(model: TrainableModel, path: Path | str) -> Path:
    """Store the model in the directory ``path``; a model that is there is replaced.

    Raises `RunExistsError`, with nothing written, where ``path`` holds anything else.
    """
    directory = Path(path)
    if directory.exists() and not (directory / INDEX).exists():
        if not directory.is_dir() or any(directory.iterdir()):
            raise RunExistsError(
                f"{directory} exists already and holds no model; choose another directory"
            )
        directory.rmdir()
    save_checkpoint(directory, model.state_dict(), model.to_json())
    return directory


def load_model(path: Path | str, device: str = "cpu") -> TrainableModel:
    """The model `save_model` stored in ``path``, or that of a run as its last round left it.

    Its weights are put on ``device``, wherever they were when it was stored. Raises
    `CheckpointError` where there is none or it is damaged, `SettingsError` where there is
    no such device.
    """
    directory = Path(path)
    if (directory / MANIFEST).exists():
        return placed(_of_run(RunDirectory.open(directory)), device)
    tensors, settings = load_checkpoint(directory)
    return placed(_built(settings, tensors, directory), device)


def _of_run(run: RunDirectory) -> TrainableModel:
    """The demonstrator model's configuration with the weights of the last whole round."""
    tensors, settings = load_checkpoint(run.checkpoint(DEMONSTRATOR))
    last = run.checkpoint(LAST)
    if last.exists():
        tensors = part(load_checkpoint(last)[0], "model.")
    return _built(settings, tensors, run.path)


def _built(settings: dict[str, Any], tensors: dict[str, Tensor], path: Path) -> TrainableModel:
    try:
        model = _untrained(settings)
        model.load_state_dict(tensors)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise CheckpointError(
            f"{path} holds no model of this version ({reason[:200]}); fit it again"
        ) from error
    return model.eval()


def _untrained(settings: dict[str, Any]) -> TrainableModel:
    match settings["kind"]:
        case "trajectory_transformer":
            return TrajectoryTransformer.from_json(settings)
        case "flow_policy":
            return FlowPolicy.from_json(settings)
        case kind:
            raise ValueError(f"a model of kind {kind!r} is unknown")
