"""`Windows`: fixed-length pieces of trajectories, padded at the end and masked.

Knows no model and no target. Sampling is one vectorised gather from the flat
columns, at a cost that does not depend on how much data there is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace

import numpy as np
import numpy.typing as npt

from driftline.data.returns import flat_returns_to_go
from driftline.data.trajectories import Trajectories
from driftline.shapes import Actions, Booleans, Floats, Integers, Observations


@dataclass(frozen=True, eq=False)
class Windows:
    """B windows of L steps; step ``[b, l]`` is real where ``valid[b, l]``.

    ``observations [B, L, ...]``, ``actions [B, L]`` (discrete) or ``float32 [B, L,
    d]`` (continuous), ``previous_actions`` of the same shape (-1 or zeros before the
    first step of an episode, where ``times`` is 0), ``returns_to_go [B, L]`` (achieved
    or commanded, in reward units), ``times [B, L]`` (steps since the reset).
    Terminated and truncated stay apart: ``ends [B, L]`` is 1 at a step that
    terminated, 2 at one that was truncated, else 0.
    """

    observations: Observations
    actions: Actions
    previous_actions: Actions
    returns_to_go: Floats
    times: Integers
    valid: Booleans
    ends: npt.NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class _Places:
    """Where trajectories lie among all ``steps``: ``origins`` and ``lengths [E]``, ready to use."""

    origins: Integers
    lengths: Integers
    steps: int
    _firsts: dict[int, Integers] = field(default_factory=dict)

    @classmethod
    def of(cls, trajectories: Trajectories) -> _Places:
        origins = trajectories.starts[:-1] - trajectories.starts[0]
        return cls(origins, trajectories.lengths, trajectories.steps)

    def episode(self, place: Integers, over: int) -> Integers:
        """To which episode places belong, where each has ``over`` more than it has steps."""
        if over not in self._firsts:
            self._firsts[over] = self.origins + over * np.arange(len(self.origins))
        return np.searchsorted(self._firsts[over], place, side="right") - 1


@dataclass(frozen=True, eq=False)
class WindowSource:
    """Trajectories with their achieved returns-to-go, ready to be cut into windows."""

    trajectories: Trajectories
    returns_to_go: Floats
    _places: _Places = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_places", _Places.of(self.trajectories))

    @classmethod
    def of(cls, trajectories: Trajectories) -> WindowSource:
        """Relabel with achieved returns: what the trajectories really brought."""
        origin = trajectories.starts - trajectories.starts[0]
        return cls(trajectories, flat_returns_to_go(trajectories.rewards, origin))

    def sample(
        self, batch: int, length: int, draw: np.random.Generator, overhang: bool = True
    ) -> Windows:
        """B windows in which every step of every trajectory is equally likely to be.

        A window may hang over either end of its episode: over the end it is
        padded, over the beginning it holds fewer steps from the reset on. Windows
        moved inside instead would make the steps that end an episode rare. Without
        ``overhang`` every step is equally likely to begin a window: those near the beginning
        of an episode are in fewer.
        """
        places = self._places
        # The places that a window has before each episode's first step.
        over = length - 1 if overhang else 0
        place = draw.integers(places.steps + over * len(places.lengths), size=batch)
        episode = places.episode(place, over)
        first = place - places.origins[episode] - over * episode - over
        windows = self.cut(episode, first, length)
        inside = windows.times < (first + length)[:, None]
        return replace(windows, valid=windows.valid & inside)

    def whole(self, episodes: Integers, length: int | None = None) -> Windows:
        """Whole episodes from their reset, padded to the longest (or ``length``)."""
        longest = int(self.trajectories.lengths[episodes].max())
        return self.cut(episodes, np.zeros(len(episodes), np.int64), length or longest)

    def endings(self, length: int, at_once: int) -> Iterator[tuple[slice, Windows, Integers]]:
        """For every step the window of ``length`` steps that ends with it, or fewer at a reset.

        Yields which of all steps they are, the windows, and where in each its step is. What
        comes after it in a window that begins with the reset is shown as well.
        """
        episodes = np.repeat(np.arange(len(self.trajectories)), self._places.lengths)
        times = np.arange(self._places.steps) - self._places.origins[episodes]
        for first in range(0, len(times), at_once):
            rows = slice(first, first + at_once)
            windows = self.cut(episodes[rows], times[rows] - length + 1, length)
            yield rows, windows, np.minimum(times[rows], length - 1)

    def cut(self, episodes: Integers, first: Integers, length: int) -> Windows:
        """Windows of ``episodes`` from step ``first`` (raised to 0) on."""
        data = self.trajectories
        first = np.maximum(first, 0)
        origin = self._places.origins[episodes]
        count = self._places.lengths[episodes]
        times = first[:, None] + np.arange(length)
        valid = times < count[:, None]
        within = np.where(valid, times, 0)
        step = origin[:, None] + within
        ending = valid & (times == count[:, None] - 1)
        kind = np.where(data.terminated[episodes], 1, np.where(data.truncated[episodes], 2, 0))
        # `take` gathers whole rows several times as fast as an index in brackets does.
        return Windows(
            observations=data.observations.take(step + episodes[:, None], axis=0),
            actions=_read(data.actions.take(step, axis=0)),
            previous_actions=_after(within > 0, data.actions.take(np.maximum(step - 1, 0), axis=0)),
            returns_to_go=self.returns_to_go.take(step),
            times=within,
            valid=valid,
            ends=np.where(ending, kind[:, None], 0).astype(np.int8),
        )


def _read(actions: Actions) -> Actions:
    """Continuous actions in the precision that models read; discrete ones as they are."""
    return actions.astype(np.float32) if actions.ndim > 2 else actions


def _after(begun: Booleans, actions: Actions) -> Actions:
    """``actions`` where ``begun [B, L]``, elsewhere what stands for none."""
    if actions.ndim > 2:
        return np.where(begun[..., None], actions, 0.0).astype(np.float32)
    return np.where(begun, actions, -1).astype(np.int64)


def trimmed(windows: Windows) -> Windows:
    """The same without the columns at the end in which no step of any window is real."""
    length = int(np.flatnonzero(windows.valid.any(axis=0))[-1]) + 1
    if length == windows.valid.shape[1]:
        return windows
    return Windows(
        **{each.name: getattr(windows, each.name)[:, :length] for each in fields(Windows)}
    )


def join_windows(parts: list[Windows]) -> Windows:
    """The windows of all ``parts``, which have the same length."""
    if len(parts) == 1:
        return parts[0]
    columns = {
        each.name: np.concatenate([getattr(part, each.name) for part in parts])
        for each in fields(Windows)
    }
    return Windows(**columns)
