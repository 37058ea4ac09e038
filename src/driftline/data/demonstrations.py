"""`Demonstrations`: trajectories with the spaces they are of and where they come from.

Knows no file format and no environment. Whatever is wrong with recorded data is
found here, before a model is trained on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, assert_never

import numpy as np

from driftline.data.trajectories import Trajectories
from driftline.errors import DataError
from driftline.shapes import Booleans
from driftline.spaces.specs import ActionSpec, CodesSpec, ObservationSpec, VectorSpec


@dataclass(frozen=True, eq=False)
class Demonstrations:
    """At least one trajectory, all rewards finite, all actions and codes known.

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
        self._check_actions()
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
            ~np.isfinite(rewards), rewards, 0, "reward {} is not finite",
            "repair or drop the episode",
        )  # fmt: skip

    def _check_actions(self) -> None:
        actions, count = self.trajectories.actions, self.action.count
        if actions.ndim != 1 or not np.issubdtype(actions.dtype, np.integer):
            raise DataError(
                f"actions are {actions.dtype}{list(actions.shape[1:])}; one integer for each "
                f"step is needed: store the number of the action, 0 to {count - 1}"
            )
        self._refuse(
            (actions < 0) | (actions >= count), actions, 0,
            f"action {{}} is unknown, the actions are 0 to {count - 1}",
            "record it again or correct the action space",
        )  # fmt: skip

    def _check_codes(self, spec: CodesSpec) -> None:
        codes = self.trajectories.observations
        if codes.shape[1:] != spec.shape or not np.issubdtype(codes.dtype, np.integer):
            raise self._misshapen(f"integers of shape {list(spec.shape)}")
        wrong = (codes < 0) | (codes >= spec.codes)
        rows = wrong.reshape(len(codes), -1).any(axis=1)
        first = codes[rows][:1]
        seen = first[(first < 0) | (first >= spec.codes)]
        self._refuse(
            rows, np.broadcast_to(seen[:1] if len(seen) else 0, rows.shape), 1,
            f"code {{}} is unknown, the codes are 0 to {spec.codes - 1}",
            "record it again or correct the observation space",
        )  # fmt: skip

    def _check_vectors(self, spec: VectorSpec) -> None:
        vectors = self.trajectories.observations
        if vectors.shape[1:] != (spec.size,) or not np.issubdtype(vectors.dtype, np.floating):
            raise self._misshapen(f"floating-point vectors of size {spec.size}")
        rows = ~np.isfinite(vectors).all(axis=1)
        self._refuse(rows, vectors, 1, "observation {} is not finite", "repair or drop the episode")

    def _misshapen(self, needed: str) -> DataError:
        given = self.trajectories.observations
        return DataError(
            f"observations are {given.dtype}{list(given.shape[1:])}, the observation space needs "
            f"{needed}; convert them or correct the space"
        )

    def _refuse(self, wrong: Booleans, values: Any, extra: int, what: str, repair: str) -> None:
        """Raise at the first true of ``wrong``, whose episodes have ``extra`` more entries."""
        places = np.flatnonzero(wrong)
        if not len(places):
            return
        lengths = self.trajectories.lengths + extra
        starts = np.cumsum(lengths) - lengths
        episode = int(np.searchsorted(starts, places[0], side="right")) - 1
        value = " ".join(str(values[places[0]]).split())
        raise DataError(
            f"episode {episode}, step {places[0] - starts[episode]}: {what.format(value)}; {repair}"
        )
