"""Minari datasets as demonstrations, whoever recorded them.

Knows no environment. Hidden rewards and behaviour flags lie beside the
trajectories, as infos, and are read only by those who measure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from driftline.data.demonstrations import Demonstrations
from driftline.data.episodes import Episodes
from driftline.data.gymnasium_spaces import action_spec, end_to_end, observation_spec
from driftline.data.minari_root import data_path
from driftline.data.recorded_environment import RECORDED_IN, RecordedEnvironment
from driftline.data.returns import RETURNS
from driftline.data.trajectories import Trajectories
from driftline.errors import DataError, SpaceError
from driftline.shapes import Booleans

DatasetName = Any
"""A ``minari.MinariDataset``, a path to a dataset's directory, or a dataset id."""

UNREADABLE = (OSError, KeyError, ValueError, TypeError, AssertionError, RuntimeError)


def load_minari(dataset: DatasetName, root: Path | None = None) -> Demonstrations:
    """The demonstrations in a Minari dataset, whoever recorded it.

    An id is looked up under ``root``, by default Minari's own (the environment
    variable MINARI_DATASETS_PATH, or ``~/.minari/datasets``). Raises `DataError`
    where the data is missing, damaged or wrong, `SpaceError` where its spaces
    are not supported.
    """
    opened = _open(dataset, root)
    with _naming(opened):
        observation = observation_spec(opened.observation_space)
        action = action_spec(opened.action_space)
        trajectories = _trajectories(_episodes(opened))
        environment, provenance = _origin(opened)
        return Demonstrations(trajectories, observation, action, environment, provenance)


def load_minari_episodes(dataset: DatasetName, root: Path | None = None) -> Episodes:
    """The same episodes with what was recorded for measuring.

    Hidden rewards are NaN and flags are missing where the dataset has none: they
    are the infos ``hidden_reward``, ``flags`` and ``available`` of the worlds
    that report them, of length T, or T + 1 with the reset first.
    """
    opened = _open(dataset, root)
    with _naming(opened):
        observation_spec(opened.observation_space)
        played = list(_episodes(opened))
        trajectories = _trajectories(iter(played))
        blank = np.full(trajectories.steps, np.nan)
        return Episodes(
            trajectories=trajectories,
            hidden_rewards=_hidden_rewards(played),
            commanded=blank,
            kl=blank,
            kl_previous=blank,
            log_ratio=blank,
            rounds=np.zeros(len(played), np.int64),
            sources=("demonstration",) * len(played),
            flags=_columns(played, "flags"),
            available=_columns(played, "available"),
        )


@contextmanager
def _naming(dataset: Any) -> Iterator[None]:
    """Put the dataset's id before what is wrong with it."""
    try:
        yield
    except DataError as error:
        raise DataError(f"dataset {dataset.id}: {error}") from error
    except SpaceError as error:
        raise SpaceError(f"dataset {dataset.id}: {error}, and record it again") from error
    except UNREADABLE as error:
        reason = " ".join(str(error).split())
        raise DataError(
            f"dataset {dataset.id} cannot be read ({reason}); record or download it again"
        ) from error


def _open(dataset: DatasetName, root: Path | None) -> Any:
    import minari

    if isinstance(dataset, minari.MinariDataset):
        return dataset
    path = data_path(dataset, root)
    try:
        return minari.MinariDataset(path)
    except (*UNREADABLE, NotImplementedError) as error:
        reason = " ".join(str(error).split())
        raise DataError(
            f"the Minari dataset in {path} cannot be opened ({reason}); record or download it again"
        ) from error


def _episodes(dataset: Any) -> Iterator[Mapping[str, Any]]:
    """Each episode's columns, after a check that their lengths agree."""
    space = dataset.observation_space
    for number, stored in enumerate(dataset.storage.get_episodes(dataset.episode_indices)):
        episode = {**stored, "observations": end_to_end(space, stored["observations"])}
        steps = len(episode["rewards"])
        given = {
            name: len(episode[name])
            for name in ("observations", "actions", "terminations", "truncations")
        }
        needed = {**dict.fromkeys(given, steps), "observations": steps + 1}
        if steps == 0:
            raise DataError(f"episode {number} has no steps; drop empty episodes")
        if given != needed:
            wrong = next(name for name in given if given[name] != needed[name])
            raise DataError(
                f"episode {number} has {steps} rewards and {given[wrong]} {wrong}, it needs "
                f"{needed[wrong]}; the lengths disagree: record it again"
            )
        early = np.flatnonzero((episode["terminations"] | episode["truncations"])[:-1])
        if len(early):
            raise DataError(
                f"episode {number} goes on after it ended at step {early[0]}; "
                "cut it there or reset the environment when an episode ends"
            )
        yield episode


def _trajectories(episodes: Iterator[Mapping[str, Any]]) -> Trajectories:
    played = list(episodes)
    if not played:
        raise DataError("there are no episodes; at least 1 is needed: record some first")
    lengths = [len(each["rewards"]) for each in played]
    return Trajectories(
        observations=np.concatenate([each["observations"] for each in played]),
        actions=np.concatenate([each["actions"] for each in played]),
        rewards=np.concatenate([each["rewards"] for each in played]).astype(np.float64),
        starts=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        terminated=np.array([bool(each["terminations"][-1]) for each in played]),
        truncated=np.array([bool(each["truncations"][-1]) for each in played]),
    )


def _origin(dataset: Any) -> tuple[str | None, dict[str, Any]]:
    """The environment's id and who recorded the dataset, as far as it says."""
    metadata = dataset.storage.read_raw_metadata(dataset.storage.data_path)
    own = metadata.get("driftline")
    if own is not None:
        return own["environment_id"], own["provenance"]
    names = ("dataset_id", "minari_version", "algorithm_name", "author", "code_permalink")
    provenance = {name: metadata[name] for name in names if name in metadata}
    provenance["returns"] = RETURNS
    spec = dataset.env_spec
    if spec is None:
        return None, provenance
    return spec.id, {**provenance, RECORDED_IN: RecordedEnvironment.of(spec).to_json()}


def _infos(episode: Mapping[str, Any]) -> Mapping[str, Any]:
    infos = episode["infos"]
    return infos if isinstance(infos, Mapping) else {}


def _hidden_rewards(played: list[Mapping[str, Any]]) -> npt.NDArray[np.float64]:
    parts = []
    for episode in played:
        steps = len(episode["rewards"])
        column = _infos(episode).get("hidden_reward", np.full(steps, np.nan))
        parts.append(_per_step(column, steps, "hidden_reward").astype(np.float64))
    return np.concatenate(parts)


def _columns(played: list[Mapping[str, Any]], group: str) -> dict[str, Booleans]:
    """The boolean columns under infos/``group``, of behaviours that all episodes report."""
    reported = [_infos(each).get(group) for each in played]
    groups = [each if isinstance(each, Mapping) else {} for each in reported]
    names = [name for name in groups[0] if all(name in each for each in groups)]
    lengths = [len(each["rewards"]) for each in played]
    return {
        name: np.concatenate(
            [
                _per_step(columns[name], steps, f"{group}/{name}").astype(np.bool_)
                for columns, steps in zip(groups, lengths, strict=True)
            ]
        )
        for name in names
    }


def _per_step(column: npt.NDArray[Any], steps: int, name: str) -> npt.NDArray[Any]:
    if len(column) not in (steps, steps + 1):
        raise DataError(
            f"info {name} has {len(column)} entries in an episode of {steps} steps; "
            "the lengths disagree: record it again"
        )
    return column[len(column) - steps :]
