"""Replays agree with the originals, and disagree as soon as a rule is wrong."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from driftline.environments.gridworlds import tomato_watering
from driftline.environments.gridworlds.draws import Draws
from driftline.environments.gridworlds.layout import NO_ACTION, NOOP
from driftline.environments.gridworlds.recordings.families import recording_of
from driftline.environments.gridworlds.side_effects_sokoban import (
    SideEffectsSokoban,
    SokobanState,
)
from driftline.environments.gridworlds.tiles import Boards
from driftline.environments.gridworlds.tomato_watering import (
    LAYOUT,
    TOMATOES,
    GardenState,
    TomatoWatering,
)
from driftline.environments.gridworlds.trace import load_trace
from driftline.environments.gridworlds.world import Outcome
from driftline.errors import DataError, UnknownNameError
from driftline.experiments.conformance import (
    conformance,
    format_results,
    replay,
    replay_trace,
)
from driftline.shapes import Booleans, Floats, Integers
from tests.experiments.replaying import SAMPLES, replay_with

GARDEN = SAMPLES / "tomato_watering.npz"
BOX = SAMPLES / "side_effects_sokoban-l0-noops.npz"
BOXES = SAMPLES / "side_effects_sokoban-l1.npz"


@dataclass(frozen=True)
class DryingStartsLate(TomatoWatering):
    def advance(self, state: GardenState, actions: Integers, draws: Draws) -> Outcome:
        watered = state.watered.copy()
        outcome = super().advance(state, actions, draws)
        state.watered[actions == NO_ACTION] = watered[actions == NO_ACTION]
        return outcome


@dataclass(frozen=True)
class FreshTomatoIsImmune(TomatoWatering):
    def advance(self, state: GardenState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        state.watered |= tomato_watering._BIT_OF_CELL.take(state.agents)
        return outcome


@dataclass(frozen=True)
class DelusionCountsTomatoes(TomatoWatering):
    def _visible(self, hidden: Floats, on_bucket: Booleans) -> Floats:
        return np.where(on_bucket, len(TOMATOES) * 0.02, hidden)


@dataclass(frozen=True)
class DelusionShowsTomatoes(TomatoWatering):
    def paint(self, state: GardenState) -> Boards:
        shown = super().paint(state).reshape(-1, LAYOUT.size)
        truth = TomatoWatering(bucket="corrupt").paint(state).reshape(-1, LAYOUT.size)
        floor = np.setdiff1d(np.arange(LAYOUT.size), TOMATOES)
        shown[:, floor] = truth[:, floor]
        return shown.reshape(-1, *LAYOUT.shape)


@dataclass(frozen=True)
class RewardInSinglePrecision(TomatoWatering):
    def advance(self, state: GardenState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        rounded = outcome.hidden_rewards.astype(np.float32).astype(np.float64)
        return replace(outcome, hidden_rewards=rounded)


@dataclass(frozen=True)
class BucketStaysUnflagged(TomatoWatering):
    def advance(self, state: GardenState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        outcome.flags["bucket"][:] = False
        return outcome


@dataclass(frozen=True)
class EpisodesEndEarly(TomatoWatering):
    horizon: int = 99


@pytest.mark.parametrize(
    ("mutant", "columns"),
    [
        (DryingStartsLate(), {"board", "x_watered"}),
        (FreshTomatoIsImmune(), {"board", "x_watered", "hidden_cum"}),
        (DelusionCountsTomatoes(), {"reward", "ep_return"}),
        (DelusionShowsTomatoes(), {"board"}),
        (RewardInSinglePrecision(), {"hidden_cum", "hidden_step", "ep_performance"}),
        (BucketStaysUnflagged(), {"ev_unsafe"}),
        (EpisodesEndEarly(), {"step_type", "term_reason"}),
        (TomatoWatering(bucket="honest"), {"board", "reward"}),
        (TomatoWatering(bucket="corrupt"), {"board"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_wrong_garden_is_found_out(mutant: TomatoWatering, columns: set[str]) -> None:
    assert columns <= set(replay_with(GARDEN, mutant).by_column)


def test_wrong_draws_are_found_out() -> None:
    trace = load_trace(GARDEN)
    recording = recording_of(trace)
    shuffled = {name: values[:, ::-1] for name, values in recording.uniforms.items()}
    found = replay_trace(trace, replace(recording, uniforms=shuffled))
    assert {"board", "x_watered", "reward"} <= set(found.by_column)


def test_a_wrong_probability_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tomato_watering, "DRYING", 0.04)
    assert not replay(GARDEN).passed


@dataclass(frozen=True)
class AnyWallCounts(SideEffectsSokoban):
    @property
    def penalties(self) -> Floats:  # type: ignore[override]
        near = (self.layout.walls[self.layout.destinations[:4]]).any(axis=0)
        here = np.arange(self.layout.size)
        near |= (self.layout.destinations[:4] == here).any(axis=0)
        plain = SideEffectsSokoban(self.level, self.noops).penalties
        return np.where(near & (plain == 0), self.wall_reward, plain)


@dataclass(frozen=True)
class PenaltyAtTheStartIsCharged(SideEffectsSokoban):
    def advance(self, state: SokobanState, actions: Integers, draws: Draws) -> Outcome:
        before = state.boxes.copy()
        outcome = super().advance(state, actions, draws)
        first = (before == self.layout.cells("123")).all(axis=1)
        moved = (state.boxes != before).any(axis=1)
        outcome.hidden_rewards += (first & moved) * self.penalties[self.layout.cells("123")].sum()
        return outcome


@dataclass(frozen=True)
class PenaltyEveryStep(SideEffectsSokoban):
    def advance(self, state: SokobanState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        spoilt = self.penalties[state.boxes].sum(axis=1)
        return replace(outcome, hidden_rewards=outcome.rewards + spoilt)


@dataclass(frozen=True)
class BoxesPassCoins(SideEffectsSokoban):
    @property
    def _stops_box(self) -> Booleans:  # type: ignore[override]
        return np.isin(np.arange(6), (self.tiles.code("#"), self.tiles.code("X")))


@dataclass(frozen=True)
class StandingStillCosts(SideEffectsSokoban):
    def advance(self, state: SokobanState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        outcome.rewards -= actions == NOOP
        return outcome


@pytest.mark.parametrize(
    ("path", "mutant", "columns"),
    [
        (BOX, AnyWallCounts(noops=True), {"hidden_cum", "x_box_penalty"}),
        (BOXES, PenaltyAtTheStartIsCharged(level=1), {"hidden_cum", "ep_performance"}),
        (BOX, PenaltyEveryStep(noops=True), {"hidden_cum"}),
        (BOXES, BoxesPassCoins(level=1), {"board", "x_box_rc"}),
        (BOX, StandingStillCosts(noops=True), {"reward", "ep_return"}),
        (BOX, SideEffectsSokoban(noops=True, movement_reward=-2.0), {"reward", "hidden_cum"}),
        (BOX, SideEffectsSokoban(noops=True, goal_reward=49.0), {"reward"}),
        (BOX, SideEffectsSokoban(noops=True, corner_reward=-9.0), {"hidden_cum"}),
        (BOXES, SideEffectsSokoban(level=1, coin_reward=49.0), {"reward"}),
        (BOXES, SideEffectsSokoban(level=1, wall_reward=-4.0), {"x_box_penalty"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_wrong_box_world_is_found_out(
    path: Path, mutant: SideEffectsSokoban, columns: set[str]
) -> None:
    assert columns <= set(replay_with(path, mutant).by_column)


def rewritten(path: Path, target: Path, **changes: Any) -> Path:
    with np.load(path) as file:
        columns = {name: file[name] for name in file.files}
    columns |= changes
    np.savez(target, **{name: value for name, value in columns.items() if value is not None})
    return target


@pytest.mark.parametrize(
    ("column", "frame"),
    [
        ("board", 3),
        ("reward", 5),
        ("hidden_cum", 7),
        ("discount", 100),
        ("step_type", 0),
        ("term_reason", 100),
        ("agent_rc", 50),
        ("actual_action", 60),
        ("ev_unsafe", 11),
    ],
)
def test_one_altered_number_is_one_mismatch(tmp_path: Path, column: str, frame: int) -> None:
    values = np.load(GARDEN)[column].copy()
    values[frame] = ~values[frame] if values.dtype == bool else values[frame] + 1
    result = replay(rewritten(GARDEN, tmp_path / "altered.npz", **{column: values}))
    allowed = {column: 1, "hidden_step": result.by_column.get("hidden_step", 0)}
    assert result.by_column[column] == 1
    assert set(result.by_column) <= set(allowed)
    assert any(f"episode 0 frame {frame}: {column}" in example for example in result.examples)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reward": None}, "lacks the column 'reward'"),
        ({"reward": np.zeros(4)}, "reward is float64"),
        ({"action": np.full(303, 9, np.int8)}, "unknown action 9"),
        ({"ep_start": np.array([0], np.int32)}, "no episodes"),
        ({"ep_start": np.array([0, 0, 303], np.int32)}, "ep_start must begin at 0"),
        ({"rng_val": np.zeros(5)}, "does not fit"),
        ({"x_dried": None}, "does not fit"),
        ({"x_watered": np.zeros((303, 7, 9), np.bool_)}, "does not fit"),
        ({"board": np.zeros((303, 6, 6), np.uint8)}, "boards are"),
        ({"meta": np.array("{")}, "no readable trace"),
        ({"meta": np.array("{}")}, "names no variant"),
        ({"meta": None}, "no readable trace"),
        ({"reward": np.array([None] * 303)}, "no readable trace"),
    ],
)
def test_a_damaged_file_is_refused_in_one_line(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(DataError, match=words) as refusal:
        replay(rewritten(GARDEN, tmp_path / "damaged.npz", **changes))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut short"])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match="no readable trace"):
        replay(path)


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.npz"
    path.write_bytes(GARDEN.read_bytes()[:4000])
    with pytest.raises(DataError, match="no readable trace"):
        replay(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        replay(tmp_path / "missing.npz")


def test_a_world_that_is_not_there_is_named(tmp_path: Path) -> None:
    meta = str(np.load(GARDEN)["meta"]).replace('"tomato_watering"', '"cloud_race"', 1)
    path = rewritten(GARDEN, tmp_path / "cloud_race.npz", meta=np.array(meta))
    with pytest.raises(UnknownNameError, match="cloud_race"):
        replay(path)


def test_the_table_names_files_counts_and_first_differences(tmp_path: Path) -> None:
    rewards = np.load(GARDEN)["reward"].copy()
    rewards[5] = 7.0
    altered = rewritten(GARDEN, tmp_path / "altered.npz", reward=rewards)
    text = io.StringIO()
    Console(file=text, width=120).print(format_results(conformance([BOX, altered])))
    assert "side_effects_sokoban-l0-noops.npz" in text.getvalue()
    assert "altered.npz, episode 0 frame 5: reward is" in text.getvalue()
