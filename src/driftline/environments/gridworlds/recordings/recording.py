"""`Recording`: a trace in the terms of a world of ours, and its draws handed out again.

Knows no particular world.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from driftline.environments.gridworlds.trace import Columns
from driftline.environments.gridworlds.world import World
from driftline.shapes import Booleans, Floats, Integers


@dataclass(frozen=True)
class Recording:
    """A trace in the terms of a world of ours.

    ``flags``: recorded column to the behaviour it should equal. ``truth``: of world
    and state, the hidden state as the recording's columns have it. ``uniforms``: per
    kind of event the numbers drawn, ``[frames, ...]``, 1 where none was; ``indices``:
    per kind of choice the numbers chosen. ``recall``: put what the world remembers of
    earlier episodes into a state, given the frames ``[copies]`` of the resets.
    ``hidden``: whether the original has a hidden reward at all; where it has not, its
    performance is the visible return.
    """

    world: World[Any]
    flags: Mapping[str, str]
    truth: Callable[[Any, Any], Columns]
    uniforms: Mapping[str, Floats] = field(default_factory=dict)
    indices: Mapping[str, Integers] = field(default_factory=dict)
    recall: Callable[[Any, Integers], None] | None = None
    hidden: bool = True


class RecordedDraws:
    """Events and choices as a recording had them, for the frames last given to `show`."""

    def __init__(self, recording: Recording) -> None:
        self._uniforms, self._indices = recording.uniforms, recording.indices
        self._frames: Integers = np.zeros(0, dtype=np.int64)

    def show(self, frames: Integers) -> None:
        """Turn to ``frames`` ``[copies]``, one of the recording's for each copy."""
        self._frames = frames

    def events(self, name: str, probability: float, shape: tuple[int, ...]) -> Booleans:
        """Whether the recorded number is below ``probability``."""
        drawn: Booleans = self._uniforms[name][self._frames] < probability
        return drawn.reshape(shape)

    def choices(self, name: str, count: int, shape: tuple[int, ...]) -> Integers:
        """The recorded index."""
        return self._indices[name][self._frames].reshape(shape)
