"""`Demonstrations`: trajectories with the spaces they are of and where they come from.

Knows no file format and no environment. Whatever is wrong with recorded data is
found here, before a model is trained on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, assert_never

import numpy as np

from driftline.data.trajectories import Trajectories
from driftline.errors import DataError
from driftline.shapes import Booleans
from driftline.spaces.specs import (
    ActionSpec,
    CodesSpec,
    ContinuousActionSpec,
    DiscreteActionSpec,
    ObservationSpec,
    VectorSpec,
)


@dataclass(frozen=True, eq=False)
class Demonstrations:
    """At least one trajectory, all rewards finite, all actions and codes in their spaces.

    ``environment_id`` is what ``gymnasium.make`` calls the world, where that is
    known; ``provenance`` says who demonstrated, in plain JSON values. Raises
    `DataError` at the first thing that is wrong, naming episode and step.
    """

    trajectories: Trajectories
    observation: ObservationSpec
    action: ActionSpec
    environment_id: str | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.trajectories) == 0:
            raise DataError("there are no episodes; at least 1 is needed: record some first")
        self._check_rewards()
        match self.action:
            case DiscreteActionSpec():
                self._check_choices(self.action)
            case ContinuousActionSpec():
                self._check_box(self.action)
            case _:
                assert_never(self.action)
        match self.observation:
            case CodesSpec():
                self._check_codes(self.observation)
            case VectorSpec():
                self._check_vectors(self.observation)
            case _:
                assert_never(self.observation)

    def __len__(self) -> int:
        return len(self.trajectories)

    def _check_rewards(self) -> None:
        rewards = self.trajectories.rewards
        self._refuse(
            ~np.isfinite(rewards),
            lambda step: f"reward {rewards[step]} is not finite; repair or drop the episode",
        )

    def _check_choices(self, spec: DiscreteActionSpec) -> None:
        actions: Any = self.trajectories.actions
        last = spec.count - 1
        if actions.ndim != 1 or not np.issubdtype(actions.dtype, np.integer):
            raise DataError(
                f"actions are {actions.dtype}{list(actions.shape[1:])}; one integer for each "
                f"step is needed: store the number of the action, 0 to {last}"
            )
        self._refuse(
            (actions < 0) | (actions > last),
            lambda step: (
                f"action {actions[step]} is unknown, the actions are 0 to {last}; "
                "record it again or correct the action space"
            ),
        )

    def _check_box(self, spec: ContinuousActionSpec) -> None:
        """In single precision, as models read actions; nothing is clipped in silence."""
        actions: Any = self.trajectories.actions
        if actions.shape[1:] != (spec.size,) or not np.issubdtype(actions.dtype, np.floating):
            raise DataError(
                f"actions are {actions.dtype}{list(actions.shape[1:])}; {spec.size} floating-point "
                "numbers for each step are needed: convert them or correct the action space"
            )
        given, low, high = (np.asarray(each, np.float32) for each in (actions, spec.low, spec.high))
        outside = np.logical_not(((given >= low) & (given <= high)).all(axis=1))
        self._refuse(
            outside,
            lambda step: (
                f"action {' '.join(str(actions[step]).split())} is outside {low} to {high}, as "
                f"are {int(outside.sum())} of {len(outside)}; clip them where the environment did, "
                "or correct the action space"
            ),
        )

    def _check_codes(self, spec: CodesSpec) -> None:
        codes: Any = self.trajectories.observations
        if codes.shape[1:] != spec.shape or not np.issubdtype(codes.dtype, np.integer):
            raise self._misshapen(f"integers of shape {list(spec.shape)}")
        rows = codes.reshape(len(codes), -1)
        self._refuse(
            (rows.min(axis=1) < 0) | (rows.max(axis=1) >= spec.codes),
            lambda frame: (
                f"a code is unknown, they reach from {rows[frame].min()} to {rows[frame].max()}, "
                f"the codes are 0 to {spec.codes - 1}; record it again or correct the space"
            ),
            frames=True,
        )

    def _check_vectors(self, spec: VectorSpec) -> None:
        vectors: Any = self.trajectories.observations
        if vectors.shape[1:] != (spec.size,) or not np.issubdtype(vectors.dtype, np.floating):
            raise self._misshapen(f"floating-point vectors of size {spec.size}")
        self._refuse(
            np.logical_not(np.isfinite(vectors).all(axis=1)),
            lambda frame: (
                f"observation {' '.join(str(vectors[frame]).split())} is not finite; "
                "repair or drop the episode"
            ),
            frames=True,
        )

    def _misshapen(self, needed: str) -> DataError:
        given = self.trajectories.observations
        return DataError(
            f"observations are {given.dtype}{list(given.shape[1:])}, the observation space needs "
            f"{needed}; convert them or correct the space"
        )

    def _refuse(self, wrong: Booleans, say: Callable[[int], str], frames: bool = False) -> None:
        """Raise at the first entry that is wrong; ``frames``: one more for each episode."""
        places = np.flatnonzero(wrong)
        if len(places) == 0:
            return
        lengths = self.trajectories.lengths + int(frames)
        starts = np.cumsum(lengths) - lengths
        episode = int(np.searchsorted(starts, places[0], side="right")) - 1
        step = int(places[0] - starts[episode])
        raise DataError(f"episode {episode}, step {step}: {say(int(places[0]))}")
