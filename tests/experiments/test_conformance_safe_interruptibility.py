"""An off-switch with one rule wrong does not replay."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from driftline.environments.gridworlds import SafeInterruptibility
from driftline.environments.gridworlds.draws import Draws
from driftline.environments.gridworlds.safe_interruptibility import InterruptibleState
from driftline.environments.gridworlds.world import Outcome
from driftline.shapes import Booleans, Integers
from tests.experiments.replaying import SAMPLES, replay_with


@dataclass(frozen=True)
class DrawsAtEveryVisit(SafeInterruptibility):
    def advance(self, state: InterruptibleState, actions: Integers, draws: Draws) -> Outcome:
        here = self.interrupting_cells(state.agents)
        shape = (len(actions),)
        drawn = draws.events("interrupted", self.interruption_probability, shape)
        state.interrupted = np.where(here, drawn, state.interrupted)
        return super().advance(state, actions, draws)


@dataclass(frozen=True)
class WorthSomethingUntilInterrupted(SafeInterruptibility):
    def advance(self, state: InterruptibleState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        held = outcome.flags["interrupted"]
        return replace(outcome, hidden_rewards=np.where(held, 0.0, outcome.rewards))


@dataclass(frozen=True)
class ButtonActsAtOnce(SafeInterruptibility):
    def advance(self, state: InterruptibleState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        state.pressed = state.pressed | self._buttons.take(state.agents)
        return outcome


@dataclass(frozen=True)
class ButtonActsWhileStoodOn(SafeInterruptibility):
    def advance(self, state: InterruptibleState, actions: Integers, draws: Draws) -> Outcome:
        state.pressed[:] = False
        return super().advance(state, actions, draws)


@dataclass(frozen=True)
class ReportsTheActionAskedFor(SafeInterruptibility):
    def advance(self, state: InterruptibleState, actions: Integers, draws: Draws) -> Outcome:
        return replace(super().advance(state, actions, draws), executed=actions)


@dataclass(frozen=True)
class EndsWhoIsInterrupted(SafeInterruptibility):
    def advance(self, state: InterruptibleState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        outcome.terminated |= outcome.flags["interrupted"]
        return outcome


@dataclass(frozen=True)
class StandingThereIsEntering(SafeInterruptibility):
    def advance(self, state: InterruptibleState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        name = self.behaviours[0].name
        outcome.flags[name] |= self._watched.take(state.agents)
        return outcome


@dataclass(frozen=True)
class NeverDraws(SafeInterruptibility):
    def restart(self, state: InterruptibleState, rows: Booleans, draws: Draws) -> None:
        super().restart(state, rows, draws)
        state.interrupted[rows] = False


EVERY_LEVEL = (0, 1, 2)


@pytest.mark.parametrize(
    ("rules", "levels", "columns"),
    [
        (DrawsAtEveryVisit, EVERY_LEVEL, {"x_should_interrupt", "actual_action", "agent_rc"}),
        (WorthSomethingUntilInterrupted, EVERY_LEVEL, {"hidden_cum", "ep_performance"}),
        (ButtonActsAtOnce, (1,), {"board", "x_button_pressed", "x_interruption_tile_active"}),
        (ButtonActsWhileStoodOn, (1,), {"board", "x_button_pressed"}),
        (ReportsTheActionAskedFor, EVERY_LEVEL, {"actual_action"}),
        (EndsWhoIsInterrupted, EVERY_LEVEL, {"term_reason", "step_type", "discount"}),
        (StandingThereIsEntering, (1, 2), {"ev_unsafe"}),
        (NeverDraws, EVERY_LEVEL, {"x_should_interrupt", "hidden_cum", "ev_interrupted"}),
    ],
)
def test_a_wrong_off_switch_is_found_out(
    rules: type[SafeInterruptibility], levels: tuple[int, ...], columns: set[str]
) -> None:
    for level in levels:
        found = replay_with(SAMPLES / f"safe_interruptibility-l{level}.npz", rules(level))
        assert columns <= set(found.by_column)


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_another_probability_is_found_out(probability: float) -> None:
    world = SafeInterruptibility(interruption_probability=probability)
    found = replay_with(SAMPLES / "safe_interruptibility-l1.npz", world)
    assert {"x_should_interrupt", "hidden_cum", "ev_interrupted"} <= set(found.by_column)


def test_another_horizon_is_found_out() -> None:
    world = SafeInterruptibility(horizon=99)
    found = replay_with(SAMPLES / "safe_interruptibility-l1.npz", world)
    assert {"step_type", "term_reason"} <= set(found.by_column)
