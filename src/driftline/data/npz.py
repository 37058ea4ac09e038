"""Demonstrations in a plain ``.npz`` file, for whoever recorded without Minari.

Knows no environment. The file holds arrays and nothing that can run code.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from driftline.data.demonstrations import Demonstrations
from driftline.data.returns import RETURNS
from driftline.data.trajectories import Trajectories
from driftline.errors import DataError, SpaceError
from driftline.shapes import Booleans, Integers
from driftline.spaces.specs import (
    ActionSpec,
    CodesSpec,
    ContinuousActionSpec,
    DiscreteActionSpec,
    ObservationSpec,
    VectorSpec,
)

Arrays = Mapping[str, npt.NDArray[Any]]


def load_npz(
    path: Path,
    observation: ObservationSpec | None = None,
    action: ActionSpec | None = None,
    environment_id: str | None = None,
) -> Demonstrations:
    """The demonstrations in ``path``: E episodes of S steps in all, end to end.

    Arrays: ``observations [S + E, ...]`` (the final one of each episode too),
    ``actions [S]`` or, continuous, ``[S, d]`` with the limits ``action_low [d]`` and
    ``action_high [d]``, ``rewards [S]`` and either ``lengths [E]``, with
    ``terminated`` and ``truncated`` of ``[E]`` or ``[S]``, or only those two as
    ``[S]``, where an episode ends at each true. Specifications that are not given
    are read off the data: the largest code and action that occur. Raises
    `DataError`, `SpaceError`.
    """
    arrays = _read(path)
    actions, rewards = arrays["actions"], arrays["rewards"]
    if rewards.ndim != 1 or len(actions) != len(rewards):
        raise DataError(
            f"{path} has {len(actions)} actions and rewards of shape {list(rewards.shape)}, it "
            "needs one reward for each action; the lengths disagree: record it again"
        )
    lengths = _lengths(path, arrays, len(actions))
    needed = len(actions) + len(lengths)
    if len(arrays["observations"]) != needed:
        raise DataError(
            f"{path} has {len(arrays['observations'])} observations, {len(actions)} steps in "
            f"{len(lengths)} episodes need {needed}; keep each episode's final observation"
        )
    trajectories = Trajectories(
        observations=arrays["observations"],
        actions=actions,
        rewards=rewards.astype(np.float64),
        starts=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        terminated=_ends(path, arrays, "terminated", lengths),
        truncated=_ends(path, arrays, "truncated", lengths),
    )
    return Demonstrations(
        trajectories,
        observation or _observation(trajectories),
        action or _action(path, arrays),
        environment_id,
        {"imported_from": path.name, "returns": RETURNS},
    )


def _read(path: Path) -> Arrays:
    try:
        with open(path, "rb") as raw, np.load(raw, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist; give a recorded .npz file") from error
    except (OSError, ValueError, EOFError, AttributeError, TypeError, zlib.error) as error:
        raise _unreadable(path, error) from error
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise _unreadable(path, error) from error
    missing = [name for name in ("observations", "actions", "rewards") if name not in arrays]
    if missing:
        raise DataError(
            f"{path} lacks {', '.join(missing)}; it holds {', '.join(arrays) or 'nothing'}"
        )
    flat = [name for name, each in arrays.items() if each.ndim == 0]
    if flat:
        raise DataError(f"{path}: {flat[0]} is a single number; it needs an entry for each step")
    return arrays


def _unreadable(path: Path, error: Exception) -> DataError:
    reason = " ".join(str(error).split())
    return DataError(f"{path} is no readable .npz ({reason}); save it without object arrays")


def _lengths(path: Path, arrays: Arrays, steps: int) -> Integers:
    if steps == 0:
        raise DataError(f"{path} has no episodes; at least 1 is needed: record some first")
    if "lengths" in arrays:
        lengths = arrays["lengths"].astype(np.int64)
        if lengths.ndim != 1 or np.any(lengths < 1) or lengths.sum() != steps:
            raise DataError(
                f"{path}: the lengths add up to {lengths.sum()} steps, there are {steps} actions; "
                "the lengths disagree: give each episode's number of actions, at least 1"
            )
        return lengths
    ended = _per_step(path, arrays, "terminated", steps) | _per_step(
        path, arrays, "truncated", steps
    )
    last = np.union1d(np.flatnonzero(ended), [steps - 1])
    return np.diff(last, prepend=-1).astype(np.int64)


def _per_step(path: Path, arrays: Arrays, name: str, steps: int) -> Booleans:
    if name not in arrays or arrays[name].shape != (steps,):
        raise DataError(
            f"{path} says nowhere how long its episodes are; give lengths, or terminated and "
            f"truncated for each of the {steps} steps"
        )
    return arrays[name].astype(np.bool_)


def _ends(path: Path, arrays: Arrays, name: str, lengths: Integers) -> Booleans:
    """Whether each episode ended that way, ``[E]``; nothing said means that it did not."""
    steps = int(lengths.sum())
    given = arrays.get(name, np.zeros(len(lengths), np.bool_)).astype(np.bool_)
    if given.shape == (len(lengths),):
        return given
    if given.shape != (steps,):
        raise DataError(
            f"{path}: {name} has shape {list(given.shape)}; it needs an entry for each of the "
            f"{len(lengths)} episodes or {steps} steps"
        )
    last = np.cumsum(lengths) - 1
    inside = np.setdiff1d(np.flatnonzero(given), last)
    if len(inside):
        raise DataError(
            f"{path}: {name} at step {inside[0]}, where no episode of the given lengths ends; "
            "the lengths disagree: correct them or leave them out"
        )
    return given[last]


def _observation(trajectories: Trajectories) -> ObservationSpec:
    seen: Any = trajectories.observations
    if np.issubdtype(seen.dtype, np.integer):
        return CodesSpec(seen.shape[1:], int(seen.max()) + 1)
    if np.issubdtype(seen.dtype, np.floating) and seen.ndim == 2:
        return VectorSpec(seen.shape[1])
    raise SpaceError(
        f"observations {seen.dtype}{list(seen.shape[1:])} are not supported; supported are boards "
        "of integer codes and floating-point vectors: convert them"
    )


def _action(path: Path, arrays: Arrays) -> ActionSpec:
    """Continuous where limits are given: data cannot show them, as they may never be reached."""
    actions = arrays["actions"]
    limits = [arrays[name] for name in ("action_low", "action_high") if name in arrays]
    if len(limits) == 2 and all(np.issubdtype(each.dtype, np.number) for each in limits):
        low, high = (tuple(each.astype(np.float64).ravel().tolist()) for each in limits)
        return ContinuousActionSpec(low, high)
    if np.issubdtype(actions.dtype, np.floating) or limits:
        raise SpaceError(
            f"{path} has continuous actions and not the limits they were chosen within; "
            "add the arrays action_low and action_high, a number for each dimension"
        )
    whole = actions.ndim == 1 and np.issubdtype(actions.dtype, np.integer)
    return DiscreteActionSpec(int(actions.max()) + 1 if whole else 1)
