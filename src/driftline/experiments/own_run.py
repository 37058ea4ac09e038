"""The run directory of one's own environment: what it is of, and that it stays so.

Knows no environment and no learner, only their descriptions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from driftline.data.demonstrations import Demonstrations
from driftline.errors import RunError, RunExistsError
from driftline.experiments.config import BaselineSettings
from driftline.experiments.config_json import from_json, to_json
from driftline.experiments.saved_model import DEMONSTRATOR
from driftline.models.trainable import TrainableModel
from driftline.records.manifest import plain
from driftline.records.run_directory import MANIFEST, RunDirectory
from driftline.safety.behaviours import Detector
from driftline.safety.thresholds import Thresholds
from driftline.training.checkpoint import save_checkpoint
from driftline.training.finetune import FineTuneSettings
from driftline.training.online_settings import OnlineSettings
from driftline.training.rounds import RoundSettings

OWN = "own"
"""The kind of such a run."""
OwnSettings = OnlineSettings | FineTuneSettings | BaselineSettings
"""How an agent in one's own environment learns."""


@dataclass(frozen=True)
class OwnConfig:
    """What decides the numbers of a run in one's own environment.

    ``model`` and ``demonstrations`` are hashes: a run goes on with those it began with.
    """

    environment: str
    online: OwnSettings
    rounds: RoundSettings
    model: str
    demonstrations: str


def manifest(
    config: OwnConfig,
    thresholds: Thresholds,
    detectors: Sequence[Detector],
    seed: int,
    device: str = "cpu",
) -> dict[str, Any]:
    """All that is fixed before the first step, in plain values."""
    whole = {
        "kind": OWN,
        "configuration": to_json(config),
        "seeds": [seed],
        "thresholds": to_json(thresholds),
        "undesired": {each.behaviour.name: each.behaviour.undesired for each in detectors},
        "device": device,
    }
    return dict(plain(whole))


def begin_or_go_on(path: Path, given: dict[str, Any], demonstrator: TrainableModel) -> RunDirectory:
    """The run in ``path``, new or begun with the same settings.

    Raises `RunError` where it is another run, `RunExistsError` where ``path``
    holds something else; nothing is written then.
    """
    if (path / MANIFEST).exists():
        run = RunDirectory.open(path)
        _check_same(run, given)
    else:
        run = _begun(path, given)
    if not run.checkpoint(DEMONSTRATOR).exists():
        save_checkpoint(
            run.checkpoint(DEMONSTRATOR), demonstrator.state_dict(), demonstrator.to_json()
        )
    return run


def _begun(path: Path, given: dict[str, Any]) -> RunDirectory:
    try:
        return RunDirectory.create(path, given)
    except RunExistsError as error:
        raise RunExistsError(
            f"{path} holds something that is no run; choose a new directory"
        ) from error


def _check_same(run: RunDirectory, given: dict[str, Any]) -> None:
    if run.manifest["kind"] != OWN:
        raise RunError(f"{run.path} is a run of another kind; choose a new directory")
    stored = run.manifest["configuration"]
    # Read and written again, so that settings which a later version added have their defaults.
    stored = plain(to_json(from_json(OwnConfig, stored)))
    parts = [name for name, each in given["configuration"].items() if stored.get(name) != each]
    parts += [name for name in ("seeds", "thresholds") if run.manifest[name] != given[name]]
    parts += ["device"] if run.manifest.get("device", "cpu") != given["device"] else []
    parts += ["detectors"] if run.manifest["undesired"] != given["undesired"] else []
    if parts:
        raise RunError(
            f"{run.path} was begun with other settings ({', '.join(parts)}); give the same to go "
            "on with it, or choose a new directory"
        )


def model_hash(model: TrainableModel) -> str:
    """A sha256 of the configuration and the weights."""
    digest = hashlib.sha256(repr(model.to_json()).encode())
    for name, weights in sorted(model.state_dict().items()):
        digest.update(name.encode() + weights.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def demonstrations_hash(demonstrations: Demonstrations) -> str:
    """A sha256 of every observation, action and reward, and of where episodes begin and end."""
    data = demonstrations.trajectories
    digest = hashlib.sha256()
    for column in (
        data.observations, data.actions, data.rewards, data.starts, data.terminated, data.truncated,
    ):  # fmt: skip
        digest.update(f"{column.dtype}{column.shape}".encode())
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()
