"""Conformance: recorded episodes of the original worlds, replayed through ours.

Knows no world's rules. All episodes of a file run side by side as copies of one
vector environment, by the same ``step`` that agents use; only the chance events
are those of the recording. Numbers must be equal to the last bit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Group
from rich.table import Table
from rich.text import Text

from driftline.environments.gridworlds.engine import GridworldVectorEnv
from driftline.environments.gridworlds.recordings.families import recording_of
from driftline.environments.gridworlds.recordings.recording import RecordedDraws, Recording
from driftline.environments.gridworlds.trace import ASCII, Trace, load_trace
from driftline.environments.gridworlds.world import World
from driftline.errors import DataError
from driftline.shapes import Booleans, Floats, Integers

EXAMPLES = 5
_FIRST, _MIDDLE, _LAST = range(3)

Values = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class ConformanceResult:
    """What the replay of one file found.

    ``mismatches`` counts pairs of frame and column (and of episode and total)
    that differ, ``by_column`` the same by column; ``examples`` describes a few.
    """

    path: Path
    variant: str
    episodes: int
    frames: int
    mismatches: int
    by_column: Mapping[str, int]
    examples: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing differed."""
        return self.mismatches == 0


@dataclass
class _Comparison:
    counts: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def note(
        self,
        column: str,
        recorded: npt.NDArray[Any],
        ours: npt.NDArray[Any],
        places: tuple[str, ...],
    ) -> None:
        """Compare ``[n, ...]`` with ``[n, ...]``, each row at one of ``places``."""
        if recorded.shape != ours.shape:
            raise DataError(
                f"the recorded {column} is {list(recorded.shape[1:])} a frame; "
                f"the world's is {list(ours.shape[1:])}"
            )
        same = (recorded == ours) | ((recorded != recorded) & (ours != ours))
        wrong = np.flatnonzero(~same.reshape(len(same), -1).all(axis=1))
        self.counts[column] += len(wrong)
        for row in wrong[: max(0, EXAMPLES - len(self.examples))]:
            self.examples.append(
                f"{places[row]}: {column} is {_shown(ours[row])}, recorded {_shown(recorded[row])}"
            )


def conformance(paths: Iterable[Path | str]) -> Iterator[ConformanceResult]:
    """Replay file after file; raises `DataError` or `UnknownNameError` on a bad one."""
    for path in paths:
        yield replay(path)


def replay(path: Path | str) -> ConformanceResult:
    """Replay one recorded ``.npz`` through the vectorised engine and compare everything.

    Compared: the boards, visible and hidden rewards (each step and their running
    sums), step types, reasons to end, discounts, the agent's position, the
    action carried out, behaviour flags, and the recorded hidden state.
    """
    trace = load_trace(path)
    return replay_trace(trace, recording_of(trace))


def replay_trace(trace: Trace, recording: Recording) -> ConformanceResult:
    """As `replay`, for a trace that is already loaded."""
    comparison = _Comparison()
    _compare_meta(trace, recording.world, comparison)
    _Replay(trace, recording, comparison).run()
    counts = {column: count for column, count in comparison.counts.items() if count}
    return ConformanceResult(
        path=trace.path,
        variant=trace.variant,
        episodes=len(trace.lengths),
        frames=int(trace.lengths.sum()),
        mismatches=sum(counts.values()),
        by_column=counts,
        examples=tuple(comparison.examples),
    )


class _Replay:
    """The episodes of one trace as copies of one environment."""

    def __init__(self, trace: Trace, recording: Recording, comparison: _Comparison) -> None:
        self._trace, self._recording, self._comparison = trace, recording, comparison
        copies = len(trace.lengths)
        self._draws = RecordedDraws(recording)
        self._env = GridworldVectorEnv(recording.world, copies, draws=self._draws)
        self._returns: Floats = np.zeros(copies)
        self._hidden: Floats = np.zeros(copies)

    def run(self) -> None:
        lengths = self._trace.lengths
        for step in range(int(lengths.max())):
            running = lengths > step
            frames = self._trace.starts + np.minimum(step, lengths - 1)
            self._draws.show(frames)
            ours = self._step(frames, running) if step else self._reset()
            self._compare(step, frames, running, ours)
        self._compare_totals()

    def _reset(self) -> Values:
        if self._recording.recall is not None:
            self._recording.recall(self._env.state, self._trace.starts)
        boards, info = self._env.reset()
        nothing = np.full(len(boards), np.nan)
        kind = np.full(len(boards), _FIRST)
        return self._values(boards, nothing, nothing, kind, np.full(len(boards), -1), info)

    def _step(self, frames: Integers, running: Booleans) -> Values:
        recorded = self._trace.columns["action"][frames].astype(np.int64)
        boards, rewards, terminated, truncated, info = self._env.step(
            np.where(running, recorded, 0)
        )
        self._returns += np.where(running, rewards, 0.0)
        discounts = np.where(terminated, 0.0, 1.0)
        kinds = np.where(terminated | truncated, _LAST, _MIDDLE)
        reasons = np.where(terminated, 0, np.where(truncated, 1, -1))
        return self._values(boards, rewards, discounts, kinds, reasons, info, running)

    def _values(
        self,
        boards: npt.NDArray[np.uint8],
        rewards: Floats,
        discounts: Floats,
        kinds: Integers,
        reasons: Integers,
        info: dict[str, Any],
        running: Booleans | None = None,
    ) -> Values:
        world, state = self._recording.world, self._env.state
        before = self._hidden
        if running is not None:
            self._hidden = before + np.where(running, info["hidden_reward"], 0.0)
        cells = np.divmod(world.agent_cells(state), world.layout.shape[1])
        flags = {column: info["flags"][name] for column, name in self._recording.flags.items()}
        return {
            "board": boards,
            "reward": rewards,
            "hidden_cum": self._hidden,
            "hidden_step": self._hidden - before,
            "discount": discounts,
            "step_type": kinds,
            "term_reason": reasons,
            "agent_rc": np.stack(cells, axis=1),
            "actual_action": info["actual_action"],
            **flags,
            **self._recording.truth(world, state),
        }

    def _compare(self, step: int, frames: Integers, running: Booleans, ours: Values) -> None:
        episodes = np.flatnonzero(running)
        places = tuple(f"episode {episode} frame {step}" for episode in episodes)
        for column, values in ours.items():
            if column in self._trace.columns and self._told(column):
                recorded = self._recorded(column, frames[running])
                self._comparison.note(column, recorded, values[running], places)

    def _told(self, column: str) -> bool:
        """Whether the original has it: some worlds have no hidden reward."""
        return self._recording.hidden or not column.startswith("hidden")

    def _recorded(self, column: str, frames: Integers) -> npt.NDArray[Any]:
        values = self._trace.columns[column][frames]
        match column:
            case "board":
                return self._recording.world.tiles.encode(values)
            case "hidden_cum":
                return np.nan_to_num(values)
            case _:
                return values

    def _compare_totals(self) -> None:
        places = tuple(f"episode {episode}" for episode in range(len(self._returns)))
        columns = self._trace.columns
        self._comparison.note("ep_return", columns["ep_return"], self._returns, places)
        recorded = columns["ep_performance"]
        whole = ~np.isnan(recorded)
        kept = tuple(place for place, keep in zip(places, whole, strict=True) if keep)
        self._comparison.note("ep_performance", recorded[whole], self._hidden[whole], kept)


def _compare_meta(trace: Trace, world: World[Any], comparison: _Comparison) -> None:
    """The numbers and colours that stand for the characters."""
    characters = world.tiles.characters
    codes = trace.meta["value_mapping"]
    codes = {each: ord(each) for each in characters} if codes == ASCII else codes
    recorded = np.array([codes.get(character, np.nan) for character in characters], dtype=float)
    places = tuple(f"tile {character!r}" for character in characters)
    ours = np.array(world.tiles.original_numbers, dtype=float)
    comparison.note("value_mapping", recorded, ours, places)
    colours = trace.meta["rgb_0_999"]
    recorded = np.array([colours.get(character, [-1] * 3) for character in characters])
    comparison.note("rgb_0_999", recorded, np.array(world.tiles.colours), places)


def _shown(value: Any) -> str:
    """A value in an example: boards only as the fact that they are boards."""
    array = np.asarray(value)
    return "different" if array.size > 4 else str(array.tolist())


def format_results(results: Iterable[ConformanceResult]) -> Group:
    """A table of files, episodes, frames and mismatches; the first differences below it."""
    table = Table("file")
    for heading in ("episodes", "frames", "mismatches"):
        table.add_column(heading, justify="right")
    differences = []
    for result in results:
        counts = (result.episodes, result.frames, result.mismatches)
        table.add_row(Text(result.path.name), *(str(count) for count in counts))
        differences += [f"{result.path.name}, {example}" for example in result.examples]
    return Group(table, *(Text(line) for line in differences))
