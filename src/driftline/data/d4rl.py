"""Demonstrations in a D4RL HDF5 file, read without D4RL.

Knows no environment. D4RL stores steps end to end (Fu et al. 2020, arXiv:2004.07219):
``observations``, ``actions``, ``rewards``, ``terminals`` and, in most files, ``timeouts``
and ``next_observations``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from driftline.data.demonstrations import Demonstrations
from driftline.data.trajectories import Trajectories, ranges
from driftline.errors import DataError, SpaceError
from driftline.shapes import Booleans, Integers
from driftline.spaces.specs import ActionSpec, ContinuousActionSpec, DiscreteActionSpec, VectorSpec

Arrays = Mapping[str, npt.NDArray[Any]]

NEEDED = ("observations", "actions", "rewards", "terminals")
SHOWN = 8
"""So many of a file's names are enough to tell what it is."""
KNOWN = (*NEEDED, "timeouts", "next_observations")
ROUNDING = 1e-5
"""Of half a box: actions that are past its edge by less are taken to be on it."""


def load_d4rl(
    path: Path | str,
    *,
    horizon: int | None = None,
    action: ActionSpec | None = None,
    environment_id: str | None = None,
) -> Demonstrations:
    """The demonstrations in the D4RL file ``path``, rewards as they are in it.

    An episode ends at a terminal, a timeout or after ``horizon`` steps, which a file
    without ``timeouts`` needs; one that the file breaks off is left out, as its return
    is not known. What an episode shows after its last action is taken from
    ``next_observations``; without them the last observation stands twice (no action is
    predicted from it). Actions are within -1 and 1 unless ``action`` says otherwise.
    ``environment_id`` is where agents shall play, which the file does not say: for
    ``hopper-medium-v2`` Gymnasium's ``Hopper-v5`` has the same spaces.

    The provenance says what was left out and repeated. Raises `DataError`, `SpaceError`.
    """
    path = Path(path)
    arrays = _read(path)
    steps = len(arrays["rewards"])
    last = _lasts(path, arrays, horizon)
    lengths = np.diff(last, prepend=-1)
    kept = int(last[-1]) + 1
    terminated = arrays["terminals"][last].astype(np.bool_).ravel()
    actions = _rounded(arrays["actions"][:kept], action)
    observation = _observation(path, arrays)
    trajectories = Trajectories(
        observations=_frames(arrays, last, lengths),
        actions=actions,
        rewards=arrays["rewards"][:kept].astype(np.float64),
        starts=np.concatenate([[0], last + 1]).astype(np.int64),
        terminated=terminated,
        truncated=~terminated,
    )
    following = "next_observations" in arrays
    return Demonstrations(
        trajectories,
        observation,
        action or _action(path, actions),
        environment_id,
        {
            "imported_from": path.name,
            "format": "d4rl",
            "returns": "sum of the rewards in the file, undiscounted",
            "final_observations": "next_observations" if following else "the last one again",
            "left_out_steps": steps - kept,
        },
    )


def _read(path: Path) -> Arrays:
    import h5py

    try:
        with h5py.File(path) as file:
            arrays = {
                name: file[name][()]
                for name in KNOWN
                if name in file and isinstance(file[name], h5py.Dataset)
            }
            found = ", ".join(list(file)[:SHOWN]) or "nothing"
            groups = [name for name in NEEDED if isinstance(file.get(name), h5py.Group)]
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist; give a D4RL .hdf5 file") from error
    except (OSError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path} is no readable HDF5 file ({reason}); download it again") from error
    if groups:
        raise DataError(
            f"{path} has a group of arrays as {', '.join(groups)}, where D4RL files have one array "
            "of all steps; put its parts side by side in one, or load a Minari dataset with "
            "load_minari"
        )
    missing = [name for name in NEEDED if name not in arrays]
    if missing:
        raise DataError(
            f"{path} lacks {', '.join(missing)}, which every D4RL file has; it holds {found}; "
            "load a Minari dataset with load_minari"
        )
    rewards = arrays["rewards"]
    if rewards.ndim != 1 or not np.issubdtype(rewards.dtype, np.number):
        kind = f"{rewards.dtype}{list(rewards.shape)}"
        raise DataError(f"{path} has rewards {kind}; one number for each step is needed")
    lengths = {name: len(each) if each.ndim else 0 for name, each in arrays.items()}
    if len(set(lengths.values())) != 1:
        raise DataError(
            f"{path} needs one entry for each step everywhere, it has "
            f"{', '.join(f'{count} {name}' for name, count in lengths.items())}; the lengths "
            "disagree: download it again"
        )
    return arrays


def _lasts(path: Path, arrays: Arrays, horizon: int | None) -> Integers:
    """The last step of each whole episode, ascending."""
    ended = arrays["terminals"].astype(np.bool_).ravel()
    if "timeouts" in arrays:
        ended = ended | arrays["timeouts"].astype(np.bool_).ravel()
    elif horizon is None:
        raise DataError(
            f"{path} has no timeouts, so where episodes were cut is not known; give horizon, the "
            "most steps an episode has (1000 in D4RL's MuJoCo tasks)"
        )
    if horizon is not None:
        ended = ended | _cuts(ended, horizon)
    last = np.flatnonzero(ended)
    if len(last) == 0:
        raise DataError(
            f"{path} has no whole episode in its {len(ended)} steps; give horizon, the most steps "
            "an episode has"
        )
    return last


def _cuts(ended: Booleans, horizon: int) -> Booleans:
    """Where an episode has gone on for ``horizon`` steps, or a multiple of them.

    >>> _cuts(np.array([False, False, True, False, False, False]), 2).astype(int)
    array([0, 1, 0, 0, 1, 0])
    """
    if horizon < 1:
        raise DataError(f"a horizon is 1 step or more, got {horizon}")
    starts = np.concatenate([[0], np.flatnonzero(ended) + 1])
    steps = np.arange(len(ended))
    since = steps - starts[np.searchsorted(starts, steps, side="right") - 1]
    cut: Booleans = (since + 1) % horizon == 0
    return cut


def _frames(arrays: Arrays, last: Integers, lengths: Integers) -> npt.NDArray[Any]:
    """Observations of every step, and after each episode what followed its last."""
    seen = arrays["observations"]
    places = ranges(last + 1 - lengths, lengths + 1)
    frames = seen[np.minimum(places, len(seen) - 1)]
    final = np.cumsum(lengths + 1) - 1
    frames[final] = arrays.get("next_observations", seen)[last]
    return frames


def _observation(path: Path, arrays: Arrays) -> VectorSpec:
    seen = arrays["observations"]
    following = arrays.get("next_observations", seen)
    if following.shape != seen.shape:
        raise DataError(
            f"{path} has observations of shape {list(seen.shape)} and next_observations of shape "
            f"{list(following.shape)}, which must be alike; download it again"
        )
    if seen.ndim == 2 and np.issubdtype(seen.dtype, np.floating):
        return VectorSpec(seen.shape[1])
    raise SpaceError(
        f"{path} has observations {seen.dtype}{list(seen.shape[1:])}; floating-point vectors are "
        "supported: convert them"
    )


def _rounded(actions: npt.NDArray[Any], action: ActionSpec | None) -> npt.NDArray[Any]:
    """Actions that rounding has carried past an edge of their box, on it.

    >>> _rounded(np.array([[2.00001], [2.1]]), ContinuousActionSpec((-2.0,), (2.0,))).tolist()
    [[2.0], [2.1]]
    """
    if not np.issubdtype(actions.dtype, np.floating) or isinstance(action, DiscreteActionSpec):
        return actions
    if action is not None and actions.shape[1:] != (action.size,):
        return actions  # `Demonstrations` says what is wrong
    low, high = np.array([[-1.0], [1.0]] if action is None else [action.low, action.high])
    inside = np.clip(actions, low, high)
    near = np.abs(actions - inside) < ROUNDING * (high - low) / 2.0
    return np.where(near, inside, actions).astype(actions.dtype)


def _action(path: Path, actions: npt.NDArray[Any]) -> ActionSpec:
    if actions.ndim != 2 or not np.issubdtype(actions.dtype, np.floating):
        raise SpaceError(
            f"{path} has actions {actions.dtype}{list(actions.shape[1:])}; say what they are with "
            "action=dl.DiscreteActionSpec(n), or convert them"
        )
    beyond = float(np.abs(actions).max(initial=0.0))
    if beyond > 1.0:
        raise SpaceError(
            f"{path} has actions up to {beyond:g}, beyond the -1 to 1 of D4RL's tasks; give "
            "action=dl.ContinuousActionSpec(low, high), or on the command line --environment with "
            "what they were made in"
        )
    size = actions.shape[1]
    return ContinuousActionSpec((-1.0,) * size, (1.0,) * size)
