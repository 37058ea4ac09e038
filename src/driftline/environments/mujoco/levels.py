"""Levels of demonstrations, as D4RL names them, from snapshots of one training.

Knows no rollout and no file but the policies'. D4RL's own (Fu et al. 2020, arXiv:2004.07219,
section 5) are made in the same way: "medium" has about a third of the expert's return, and
what was met on the way there is its replay.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from driftline.environments.mujoco.policy import Policy, Snapshot, load_snapshots, policy_hash
from driftline.environments.mujoco.robots import Robot
from driftline.errors import SettingsError, UnknownNameError
from driftline.shapes import Integers

Level = Literal["random", "medium", "medium-replay", "expert"]
MEDIUM = 1.0 / 3.0
"""The share of the expert's return that a medium policy has, at least."""
FOLDER = Path(__file__).parent / "policies"


def check_level(name: str) -> Level:
    """``name``, if it is a level; raises `UnknownNameError`."""
    for each in get_args(Level):
        if each == name:
            return each  # type: ignore[no-any-return]
    raise UnknownNameError.among("level", name, get_args(Level))


def _file(robot: Robot) -> Path:
    """Where a robot's policies lie, if any have been trained."""
    return FOLDER / f"{robot.name}.safetensors"


def snapshots_of(robot: Robot) -> list[Snapshot]:
    """The policies of a robot, in the order of training.

    Raises `SettingsError` where none have been trained.
    """
    path = _file(robot)
    if not path.exists():
        known = sorted(each.stem for each in FOLDER.glob("*.safetensors"))
        raise SettingsError(
            f"{robot.name} has no behaviour policies, only the level random; give --level random, "
            f"a robot that has some ({', '.join(known) or 'none'}), or a dataset of your own"
        )
    return load_snapshots(path)[0]


def trained_by(robot: Robot) -> str:
    """The algorithm that a robot's policies are snapshots of: "SAC", "PPO"."""
    _, provenance = load_snapshots(_file(robot))
    return str(provenance["algorithm"]).partition(" ")[0]


def policies_of(robot: Robot, level: Level) -> str | None:
    """A sha256 of the policies that play a level; None where none do."""
    path = _file(robot)
    return policy_hash(path) if level != "random" and path.exists() else None


def players(level: Level, snapshots: Sequence[Snapshot]) -> list[Policy]:
    """The policies whose episodes make up a level, in equal shares; none: by chance alone.

    The expert is the snapshot that earns most, medium the first with a third of that, and
    its replay has every snapshot up to medium.
    """
    if level == "random":
        return []
    expert = max(snapshots, key=lambda each: each.mean_return)
    medium = next(
        number
        for number, each in enumerate(snapshots)
        if each.mean_return >= MEDIUM * expert.mean_return
    )
    match level:
        case "expert":
            return [expert.policy]
        case "medium":
            return [snapshots[medium].policy]
        case "medium-replay":
            return [each.policy for each in snapshots[: medium + 1]]


class LevelDemonstrator:
    """Episodes side by side, each by one of ``policies`` in turn; by chance if there are none.

    ``low`` and ``high`` bound the actions, ``[d]``, -1 and 1 where there are policies.
    """

    def __init__(
        self, policies: Sequence[Policy], low: npt.NDArray[Any], high: npt.NDArray[Any]
    ) -> None:
        self._policies, self._low, self._high = tuple(policies), low, high
        self._owners: Integers = np.zeros(0, np.int64)

    def begin(self, episodes: int, generator: np.random.Generator) -> None:
        """Deal ``episodes`` new episodes out among the policies."""
        self._owners = np.arange(episodes) % max(1, len(self._policies))

    def act(
        self, observations: npt.NDArray[Any], generator: np.random.Generator
    ) -> npt.NDArray[np.float32]:
        """An action for every episode, ``[B, d]``."""
        actions = generator.uniform(self._low, self._high, (len(observations), len(self._low)))
        for number, policy in enumerate(self._policies):
            rows = np.flatnonzero(self._owners == number)
            actions[rows] = policy.act(observations[rows], generator)
        return np.clip(actions, self._low, self._high).astype(np.float32)
