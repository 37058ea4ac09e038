"""Demonstrations as Minari datasets on the local disk, without loss.

Knows no environment. A dataset appears whole under its id or not at all, and
one that exists is never written to.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

import driftline
from driftline.data.demonstrations import Demonstrations
from driftline.data.episodes import Episodes
from driftline.data.gymnasium_spaces import action_space, observation_space
from driftline.data.minari_root import datasets_root, free_path
from driftline.errors import DataError, StorageError


def save_minari(
    demonstrations: Demonstrations,
    dataset_id: str,
    root: Path | None = None,
    episodes: Episodes | None = None,
) -> Path:
    """Store the demonstrations under ``root``; returns the dataset's directory.

    HDF5 with image compression off: boards and vectors are read back bit for
    bit. ``episodes``, the same plays with their hidden rewards and flags, are
    stored beside them as infos. Raises `DataError` for a malformed or taken id,
    `StorageError` where the disk refuses.
    """
    if episodes is not None and not np.array_equal(
        episodes.trajectories.starts, demonstrations.trajectories.starts
    ):
        raise DataError("the episodes to store beside the demonstrations are not the same plays")
    with new_dataset(dataset_id, root) as directory:
        _write(demonstrations, dataset_id, directory / "data", episodes)
    return datasets_root(root) / dataset_id


@contextlib.contextmanager
def new_dataset(dataset_id: str, root: Path | None = None) -> Iterator[Path]:
    """A directory to fill, which becomes the dataset's when the block ends well.

    Raises `DataError` where the id is malformed or taken; whatever goes wrong,
    what was written is removed. A write the disk refuses becomes `StorageError`.
    """
    target = free_path(dataset_id, root)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".", dir=datasets_root(root)))
    except OSError as error:
        raise _refused(target, error) from error
    try:
        yield staging
        _sync(staging)
        staging.chmod(0o755)
        os.rename(staging, target)
    except (OSError, RuntimeError) as error:  # h5py turns some failed writes into RuntimeError
        raise _refused(target, error) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _refused(target: Path, error: Exception) -> StorageError:
    reason = " ".join(str(error).split())
    return StorageError(
        f"cannot write the dataset {target} ({reason}); nothing was kept of it: make room or "
        "change the permissions, then try again"
    )


def _sync(directory: Path) -> None:
    for path in directory.rglob("*"):
        if path.is_file():
            with open(path, "rb") as file:
                os.fsync(file.fileno())


def _write(
    demonstrations: Demonstrations, dataset_id: str, path: Path, episodes: Episodes | None
) -> None:
    # Not create_dataset_from_buffers: it writes in place, under a root that only
    # the process's environment can name, and has to make the environment itself.
    from minari.dataset.minari_storage import MinariStorage

    environment = demonstrations.environment_id
    storage = MinariStorage.new(
        path,
        observation_space=observation_space(
            demonstrations.observation, demonstrations.trajectories.observations.dtype
        ),
        action_space=action_space(demonstrations.action),
        env_spec=gymnasium.registry.get(environment) if environment else None,
        data_format="hdf5",
        jpeg_encoding=False,
    )
    own = {
        "version": driftline.__version__,
        "environment_id": environment,
        "provenance": dict(demonstrations.provenance),
    }
    version = metadata.version("minari")
    storage.update_metadata({"dataset_id": dataset_id, "minari_version": version, "driftline": own})
    storage.update_episodes(_buffers(demonstrations, episodes))


def _buffers(demonstrations: Demonstrations, episodes: Episodes | None) -> Iterator[Any]:
    from minari.data_collector import EpisodeBuffer

    for index, trajectory in enumerate(demonstrations.trajectories):
        steps = len(trajectory)
        ended = np.arange(steps) == steps - 1
        yield EpisodeBuffer(
            id=index,
            observations=trajectory.observations,
            actions=trajectory.actions,
            rewards=trajectory.rewards,
            terminations=ended & trajectory.terminated,
            truncations=ended & trajectory.truncated,
            infos=None if episodes is None else _infos(episodes, index),
        )


def _infos(episodes: Episodes, index: int) -> dict[str, Any]:
    """As the worlds report them: an entry for the reset, then one for each step."""
    episode = episodes.episode(index)
    return {
        "hidden_reward": np.concatenate([[0.0], episode.hidden_rewards]),
        "flags": {name: np.concatenate([[False], each]) for name, each in episode.flags.items()},
        "available": {
            name: np.concatenate([[False], each]) for name, each in episode.available.items()
        },
    }
