"""`Policy`: a squashed Gaussian from a small network, in numpy alone.

Knows no robot and no learner. Snapshots of one training lie in one file, with what each
of them earns.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from driftline.errors import DataError

Weights = npt.NDArray[np.float32]
Layer = tuple[Weights, Weights]
"""Weights ``[out, in]`` and offsets ``[out]``."""
LOG_DEVIATIONS = (-20.0, 2.0)
"""Within what log deviations are cut, as in SAC."""


@dataclass(frozen=True, eq=False)
class Policy:
    """Rectified ``hidden`` layers, then the means and log deviations of what tanh squashes."""

    hidden: tuple[Layer, ...]
    mean: Layer
    log_deviation: Layer

    def act(self, observations: npt.NDArray[Any], draw: np.random.Generator) -> Weights:
        """An action in [-1, 1] drawn for each observation, ``[B, d]`` to ``float32 [B, a]``."""
        features = np.asarray(observations, np.float32)
        for weight, offset in self.hidden:
            features = np.maximum(features @ weight.T + offset, 0.0)
        mean, log_deviation = (_through(each, features) for each in (self.mean, self.log_deviation))
        noise = draw.standard_normal(mean.shape, np.float32)
        drawn = mean + np.exp(log_deviation.clip(*LOG_DEVIATIONS)) * noise
        return np.asarray(np.tanh(drawn), np.float32)


def _through(layer: Layer, features: Weights) -> Weights:
    weight, offset = layer
    return np.asarray(features @ weight.T + offset, np.float32)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A policy after ``steps`` steps of training, and what its episodes earn.

    ``returns`` are of episodes that were played to know it, in the order they were.
    """

    steps: int
    policy: Policy
    returns: tuple[float, ...]

    @property
    def mean_return(self) -> float:
        """The mean of its episodes."""
        return float(np.mean(self.returns))


def save_snapshots(path: Path, snapshots: Sequence[Snapshot], provenance: dict[str, Any]) -> None:
    """Store them in half precision, which is all that a behaviour policy needs."""
    tensors: dict[str, npt.NDArray[Any]] = {}
    for number, each in enumerate(snapshots):
        layers = {f"hidden{depth}": layer for depth, layer in enumerate(each.policy.hidden)}
        layers |= {"mean": each.policy.mean, "log_deviation": each.policy.log_deviation}
        for name, (weight, offset) in layers.items():
            tensors[f"{number}.{name}.weight"] = weight.astype(np.float16)
            tensors[f"{number}.{name}.offset"] = offset.astype(np.float16)
    told = [{"steps": each.steps, "returns": list(each.returns)} for each in snapshots]
    header = {"snapshots": json.dumps(told), "provenance": json.dumps(provenance)}
    save_file(tensors, path, metadata=header)


def load_snapshots(path: Path) -> tuple[list[Snapshot], dict[str, Any]]:
    """What `save_snapshots` stored, in single precision, and where it comes from.

    Raises `DataError` where the file is not one of those.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            header = file.metadata()
            tensors = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118
        told, provenance = (json.loads(header[name]) for name in ("snapshots", "provenance"))
        found = [
            Snapshot(int(each["steps"]), _policy(tensors, number), tuple(each["returns"]))
            for number, each in enumerate(told)
        ]
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{path.name} holds no behaviour policies ({error}); install Driftline again"
        ) from error
    return found, provenance


def policy_hash(path: Path) -> str:
    """A sha256 of a file of policies, as recorded beside what they play."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _policy(tensors: dict[str, Weights], number: int) -> Policy:
    def layer(name: str) -> Layer:
        return tensors[f"{number}.{name}.weight"], tensors[f"{number}.{name}.offset"]

    depth = sum(name.startswith(f"{number}.hidden") for name in tensors) // 2
    hidden = tuple(layer(f"hidden{each}") for each in range(depth))
    return Policy(hidden, layer("mean"), layer("log_deviation"))
