"""Rocks and diamonds with one rule broken is found out by a few recorded episodes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from driftline.environments.gridworlds.draws import Draws
from driftline.environments.gridworlds.layout import UP
from driftline.environments.gridworlds.recordings.families import recording_of
from driftline.environments.gridworlds.rocks_diamonds import LumpState, RocksDiamonds
from driftline.environments.gridworlds.tiles import Boards
from driftline.environments.gridworlds.trace import load_trace
from driftline.environments.gridworlds.world import Outcome
from driftline.shapes import Booleans, Floats, Integers
from tests.experiments.replaying import SAMPLES, replay_with

WIDE, NARROW = (SAMPLES / f"rocks_diamonds-l{level}.npz" for level in (0, 1))
ANY_MOVE = UP


@dataclass(frozen=True)
class PaysAtOnce(RocksDiamonds):
    """For where the lumps lie after the step."""

    def advance(self, state: LumpState, actions: Integers, draws: Draws) -> Outcome:
        switches = state.switches
        outcome = super().advance(state, actions, draws)
        rewards, hidden = self._pay(replace(state, switches=switches))
        return replace(outcome, rewards=rewards, hidden_rewards=hidden)


@dataclass(frozen=True)
class PaysByTheNewSwitch(RocksDiamonds):
    def advance(self, state: LumpState, actions: Integers, draws: Draws) -> Outcome:
        lumps = state.lumps.copy()
        outcome = super().advance(state, actions, draws)
        return replace(outcome, rewards=self._pay(replace(state, lumps=lumps))[0])


@dataclass(frozen=True)
class PaysOnce(RocksDiamonds):
    """When a lump comes home, and not for lying there."""

    def advance(self, state: LumpState, actions: Integers, draws: Draws) -> Outcome:
        lumps = state.lumps.copy()
        outcome = super().advance(state, actions, draws)
        stayed = (lumps == state.lumps).all(axis=1)
        return replace(outcome, rewards=np.where(stayed, 0.0, outcome.rewards))


@dataclass(frozen=True)
class SwitchesMoveTheHiddenReward(RocksDiamonds):
    def _pay(self, state: LumpState) -> tuple[Floats, Floats]:
        rewards, _ = super()._pay(state)
        return rewards, rewards.copy()


@dataclass(frozen=True)
class SwitchesDoNothing(RocksDiamonds):
    def _pay(self, state: LumpState) -> tuple[Floats, Floats]:
        _, hidden = super()._pay(state)
        return hidden.copy(), hidden


@dataclass(frozen=True)
class SwitchesFlipUnderfootAtOnce(RocksDiamonds):
    """Where the agent ends a step, not where it begins it."""

    def advance(self, state: LumpState, actions: Integers, draws: Draws) -> Outcome:
        before = state.switches
        outcome = super().advance(state, actions, draws)
        index = np.where(actions < 4, ANY_MOVE, actions) * self.layout.size + state.agents
        state.flipped = self._flips.take(index)
        state.switches = before ^ state.flipped
        return outcome


@dataclass(frozen=True)
class SwitchesFlipOnceAVisit(RocksDiamonds):
    def advance(self, state: LumpState, actions: Integers, draws: Draws) -> Outcome:
        before, flipped = state.switches, state.flipped
        outcome = super().advance(state, actions, draws)
        state.switches = before ^ (state.flipped & ~flipped)
        return outcome


@dataclass(frozen=True)
class SwitchesAreExchanged(RocksDiamonds):
    @property
    def _flips(self) -> Integers:  # type: ignore[override]
        return np.array([0, 2, 1])[super()._flips]


@dataclass(frozen=True)
class TheAgentIsSeenOnSwitches(RocksDiamonds):
    def paint(self, state: LumpState) -> Boards:
        return _drawn(self, state, state.agents, "A")


@dataclass(frozen=True)
class DiamondsAreSeenOnSwitches(RocksDiamonds):
    def paint(self, state: LumpState) -> Boards:
        return _drawn(self, state, state.lumps[:, -1], "D")


def _drawn(world: RocksDiamonds, state: LumpState, cells: Integers, character: str) -> Boards:
    """The right boards with ``character`` on top of everything in ``cells``."""
    boards = RocksDiamonds(world.level).paint(state).reshape(-1, world.layout.size)
    boards[np.arange(len(boards)), cells] = world.tiles.code(character)
    return boards.reshape(-1, *world.layout.shape)


@dataclass(frozen=True)
class LumpsOnSwitchesStop(RocksDiamonds):
    @property
    def _shows(self) -> Booleans:  # type: ignore[override]
        return np.ones(self.layout.size, dtype=np.bool_)


@dataclass(frozen=True)
class SwitchesStopLumps(RocksDiamonds):
    def _move(self, state: LumpState, actions: Integers) -> None:
        agents, lumps = state.agents, state.lumps.copy()
        super()._move(state, actions)
        onto = (~super()._shows[state.lumps] & (state.lumps != lumps)).any(axis=1)
        state.agents = np.where(onto, agents, state.agents)
        state.lumps = np.where(onto[:, None], lumps, state.lumps)


@dataclass(frozen=True)
class TheGoalAreaStopsLumps(RocksDiamonds):
    def _move(self, state: LumpState, actions: Integers) -> None:
        agents, lumps = state.agents, state.lumps.copy()
        super()._move(state, actions)
        onto = (self._home[state.lumps].astype(bool) & (state.lumps != lumps)).any(axis=1)
        state.agents = np.where(onto, agents, state.agents)
        state.lumps = np.where(onto[:, None], lumps, state.lumps)


@dataclass(frozen=True)
class LumpsPassLumps(RocksDiamonds):
    def _solid(self, cells: Integers, lumps_there: Booleans) -> Booleans:
        return super()._solid(cells, np.zeros_like(lumps_there))


@dataclass(frozen=True)
class RightingASwitchIsNoTampering(RocksDiamonds):
    def advance(self, state: LumpState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        wronged = (state.flipped & state.switches) != 0
        outcome.flags["switch_tampering"] &= wronged
        return outcome


@dataclass(frozen=True)
class StepsCost(RocksDiamonds):
    def _pay(self, state: LumpState) -> tuple[Floats, Floats]:
        rewards, hidden = super()._pay(state)
        return rewards - 1, hidden - 1


@dataclass(frozen=True)
class TheDiamondEnds(RocksDiamonds):
    def advance(self, state: LumpState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        return replace(outcome, terminated=self._home.take(state.lumps[:, -1]) > 0)


@pytest.mark.parametrize(
    ("path", "mutant", "columns"),
    [
        (WIDE, PaysAtOnce, {"reward", "hidden_step"}),
        (NARROW, PaysAtOnce, {"reward", "hidden_step"}),
        (NARROW, PaysByTheNewSwitch, {"reward"}),
        (WIDE, PaysOnce, {"reward", "ep_return"}),
        (NARROW, SwitchesMoveTheHiddenReward, {"hidden_step", "ep_performance"}),
        (NARROW, SwitchesDoNothing, {"reward", "ep_return"}),
        (NARROW, SwitchesFlipUnderfootAtOnce, {"board", "x_switch", "ev_switch_toggled"}),
        (NARROW, SwitchesFlipOnceAVisit, {"board", "x_switch", "reward"}),
        (WIDE, SwitchesAreExchanged, {"board", "x_switch", "ev_rock_switch_high"}),
        (NARROW, TheAgentIsSeenOnSwitches, {"board"}),
        (WIDE, DiamondsAreSeenOnSwitches, {"board"}),
        (WIDE, LumpsOnSwitchesStop, {"board", "agent_rc"}),
        (WIDE, SwitchesStopLumps, {"board", "x_lump_rc"}),
        (WIDE, TheGoalAreaStopsLumps, {"board", "x_lump_rc", "reward"}),
        (WIDE, LumpsPassLumps, {"board", "x_lump_rc"}),
        (WIDE, RightingASwitchIsNoTampering, {"ev_unsafe"}),
        (NARROW, StepsCost, {"reward", "hidden_cum", "ep_return"}),
        (NARROW, TheDiamondEnds, {"step_type", "term_reason", "discount"}),
    ],
)
def test_a_broken_rule_is_found_out(
    path: Path, mutant: type[RocksDiamonds], columns: set[str]
) -> None:
    found = replay_with(path, mutant(level=int(path.stem[-1])))
    assert columns <= set(found.by_column)


@pytest.mark.parametrize("path", [WIDE, NARROW], ids=lambda path: path.stem)
def test_every_recorded_event_and_hidden_state_is_compared(path: Path) -> None:
    trace = load_trace(path)
    recording = recording_of(trace)
    told = {*recording.flags, *recording.truth(recording.world, recording.world.allocate(1))}
    assert told == {name for name in trace.columns if name.startswith(("ev_", "x_"))}
