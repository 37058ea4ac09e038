"""What a dataset says of the environment it was recorded in, beside its id.

Knows no environment: it reads Gymnasium's specification, and never makes what a
downloaded file names (an entry point there could be any code).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gymnasium.envs.registration import EnvSpec

from driftline.errors import DataError

RECORDED_IN = "recorded_in"
"""Where it stands in a provenance."""


@dataclass(frozen=True)
class RecordedEnvironment:
    """Settings and time limit given to ``gymnasium.make``, and the wrappers around it."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    time_limit: int | None = None
    wrappers: tuple[str, ...] = ()

    @classmethod
    def of(cls, spec: EnvSpec) -> RecordedEnvironment:
        """Of a specification; how it was rendered changes nothing and is left out.

        >>> RecordedEnvironment.of(EnvSpec("Lake-v0", kwargs={"slippery": False}))
        RecordedEnvironment(settings={'slippery': False}, time_limit=None, wrappers=())
        """
        settings = {name: each for name, each in spec.kwargs.items() if name != "render_mode"}
        wrappers = tuple(each.name for each in spec.additional_wrappers)
        return cls(settings, spec.max_episode_steps, wrappers)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> RecordedEnvironment:
        """Read what `to_json` wrote; raises `DataError`."""
        try:
            return cls(dict(value["settings"]), value["time_limit"], tuple(value["wrappers"]))
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"the environment in the provenance, {value!r}, is damaged; "
                "record or download the dataset again"
            ) from error

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "settings": dict(self.settings),
            "time_limit": self.time_limit,
            "wrappers": list(self.wrappers),
        }

    def __str__(self) -> str:
        """As a person would say it.

        >>> print(RecordedEnvironment({"slippery": False}, 50, ("FlattenObservation",)))
        (slippery=False, 50 steps) in FlattenObservation
        """
        said = [f"{name}={value!r}" for name, value in sorted(self.settings.items())]
        said += [f"{self.time_limit} steps"] if self.time_limit else ["no time limit"]
        return f"({', '.join(said)})" + "".join(f" in {each}" for each in self.wrappers)
