"""A conveyor belt that breaks one rule is found out by a few recorded episodes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from driftline.environments.gridworlds.conveyor_belt import BeltState, ConveyorBelt, Situation
from driftline.environments.gridworlds.draws import Draws
from driftline.environments.gridworlds.layout import NO_ACTION, NOOP
from driftline.environments.gridworlds.recordings.families import recording_of
from driftline.environments.gridworlds.tiles import Boards
from driftline.environments.gridworlds.trace import load_trace
from driftline.environments.gridworlds.world import Outcome
from driftline.shapes import Booleans, Floats, Integers
from tests.experiments.replaying import SAMPLES, replay_with

VASE, SUSHI, GOAL, GOAL2 = (
    SAMPLES / f"conveyor_belt-{name}.npz"
    for name in ("vase-noops", "sushi", "sushi_goal-noops", "sushi_goal2")
)
Events = dict[str, Booleans]


@dataclass(frozen=True)
class BeltGoesFirst(ConveyorBelt):
    def _push(self, now: Situation, steps: Integers) -> Integers:
        carried = super()._convey(now, now.objects, np.ones(len(steps), dtype=np.bool_))
        return super()._push(replace(now, objects=carried), steps)

    def _convey(self, now: Situation, pushed: Integers, acted: Booleans) -> Integers:
        return pushed


@dataclass(frozen=True)
class BeltMovesAtTheReset(ConveyorBelt):
    def _convey(self, now: Situation, pushed: Integers, acted: Booleans) -> Integers:
        return super()._convey(now, pushed, np.ones_like(acted))


@dataclass(frozen=True)
class PushedObjectsAreNotCarried(ConveyorBelt):
    def _convey(self, now: Situation, pushed: Integers, acted: Booleans) -> Integers:
        return np.where(pushed != now.objects, pushed, super()._convey(now, pushed, acted))


@dataclass(frozen=True)
class StandingStillIsNoStep(ConveyorBelt):
    def _next(self, now: Situation, actions: Integers) -> tuple[Situation, Events]:
        return super()._next(now, np.where(actions == NOOP, NO_ACTION, actions))


@dataclass(frozen=True)
class RemainsAreSolid(ConveyorBelt):
    def _walk(self, now: Situation, pushed: Integers, steps: Integers) -> Integers:
        return super()._walk(replace(now, ended=np.zeros_like(now.ended)), pushed, steps)


@dataclass(frozen=True)
class RemainsCanBePushed(ConveyorBelt):
    def _push(self, now: Situation, steps: Integers) -> Integers:
        return super()._push(replace(now, ended=np.zeros_like(now.ended)), steps)


@dataclass(frozen=True)
class ObjectsPassThroughWalls(ConveyorBelt):
    def _push(self, now: Situation, steps: Integers) -> Integers:
        pushed = (now.objects == now.agents + steps) & ~now.ended
        return np.where(pushed, now.objects + steps, now.objects).clip(0, self.layout.size - 1)


@dataclass(frozen=True)
class AgentsWalkThroughObjects(ConveyorBelt):
    def _walk(self, now: Situation, pushed: Integers, steps: Integers) -> Integers:
        return super()._walk(now, np.full_like(pushed, -1), steps)


@dataclass(frozen=True)
class APushEndsToo(ConveyorBelt):
    def _next(self, now: Situation, actions: Integers) -> tuple[Situation, Events]:
        then, events = super()._next(now, actions)
        events["fell"] = (then.objects == self.layout.cell(">")) & ~now.ended
        return replace(then, ended=now.ended | events["fell"]), events


@dataclass(frozen=True)
class StepsCost(ConveyorBelt):
    def _pay(self, now: Situation, events: Events) -> tuple[Floats, Floats]:
        rewards, hidden = super()._pay(now, events)
        return rewards - 1, hidden - 1


@dataclass(frozen=True)
class PaysLikeAVase(ConveyorBelt):
    def _pay(self, now: Situation, events: Events) -> tuple[Floats, Floats]:
        return ConveyorBelt("vase")._pay(now, events)


@dataclass(frozen=True)
class NoHiddenCharge(ConveyorBelt):
    """Neither for a vase that breaks nor for the first action."""

    def _pay(self, now: Situation, events: Events) -> tuple[Floats, Floats]:
        rewards, hidden = super()._pay(replace(now, begun=np.ones_like(now.begun)), events)
        return rewards, np.maximum(hidden, 0.0)


@dataclass(frozen=True)
class ChargeAtEveryAction(ConveyorBelt):
    def _pay(self, now: Situation, events: Events) -> tuple[Floats, Floats]:
        return super()._pay(replace(now, begun=np.zeros_like(now.begun)), events)


@dataclass(frozen=True)
class TheEndIsDrawn(ConveyorBelt):
    @property
    def _boards(self) -> Boards:  # type: ignore[override]
        boards = super()._boards.copy()
        end = boards[:, self.layout.cell(">")]
        end[end == self.tiles.code(" ")] = self.tiles.code(">")
        return boards


@dataclass(frozen=True)
class RemainsAreOnTop(ConveyorBelt):
    @property
    def _boards(self) -> Boards:  # type: ignore[override]
        boards = super()._boards.copy()
        now = self.unpack(np.arange(len(boards)))
        rows = np.flatnonzero(now.ended)
        boards[rows, now.objects[rows]] = self.tiles.code(":")
        return boards


@dataclass(frozen=True)
class LeavingTheEndIsTaking(ConveyorBelt):
    def _next(self, now: Situation, actions: Integers) -> tuple[Situation, Events]:
        then, events = super()._next(now, actions)
        width = self.layout.shape[1]
        left = (now.objects == self.layout.cell(">")) & (then.objects // width != 3)
        return then, events | {"taken": events["taken"] | left}


@dataclass(frozen=True)
class OnlyTheBeltIsBack(ConveyorBelt):
    def _next(self, now: Situation, actions: Integers) -> tuple[Situation, Events]:
        then, events = super()._next(now, actions)
        on_end = (then.objects == self.layout.cell(">")) & ~events["fell"]
        return then, events | {"put_back": events["put_back"] & ~on_end}


@dataclass(frozen=True)
class TheGoalDoesNotEnd(ConveyorBelt):
    def advance(self, state: BeltState, actions: Integers, draws: Draws) -> Outcome:
        outcome = super().advance(state, actions, draws)
        return replace(outcome, terminated=np.zeros_like(outcome.terminated))


SETTINGS = {
    VASE: ConveyorBelt("vase", noops=True),
    SUSHI: ConveyorBelt("sushi"),
    GOAL: ConveyorBelt("sushi_goal", noops=True),
    GOAL2: ConveyorBelt("sushi_goal2"),
}


@pytest.mark.parametrize(
    ("path", "mutant", "columns"),
    [
        (VASE, BeltGoesFirst, {"board", "x_object_rc", "x_object_end"}),
        (GOAL2, BeltGoesFirst, {"board", "x_object_rc"}),
        (VASE, BeltMovesAtTheReset, {"board", "x_object_rc"}),
        (VASE, PushedObjectsAreNotCarried, {"board", "x_object_rc"}),
        (VASE, StandingStillIsNoStep, {"board", "x_object_end"}),
        (GOAL, StandingStillIsNoStep, {"hidden_step"}),
        (VASE, RemainsAreSolid, {"agent_rc"}),
        (VASE, RemainsCanBePushed, {"x_object_rc"}),
        (GOAL, ObjectsPassThroughWalls, {"x_object_rc"}),
        (GOAL, AgentsWalkThroughObjects, {"agent_rc"}),
        (VASE, APushEndsToo, {"x_object_end", "board", "hidden_cum"}),
        (VASE, StepsCost, {"reward", "hidden_cum", "ep_return"}),
        (SUSHI, StepsCost, {"reward", "hidden_cum", "ep_return"}),
        (SUSHI, PaysLikeAVase, {"reward", "hidden_step"}),
        (VASE, NoHiddenCharge, {"hidden_step", "ep_performance"}),
        (GOAL, NoHiddenCharge, {"hidden_step", "ep_performance"}),
        (GOAL2, ChargeAtEveryAction, {"hidden_step", "ep_performance"}),
        (VASE, TheEndIsDrawn, {"board"}),
        (VASE, RemainsAreOnTop, {"board"}),
        (VASE, LeavingTheEndIsTaking, {"reward", "ev_object_taken_off_belt"}),
        (VASE, OnlyTheBeltIsBack, {"ev_object_put_back_on_belt", "ev_unsafe"}),
        (GOAL, TheGoalDoesNotEnd, {"step_type", "term_reason", "discount"}),
    ],
)
def test_a_broken_rule_is_found_out(
    path: Path, mutant: type[ConveyorBelt], columns: set[str]
) -> None:
    right = SETTINGS[path]
    found = replay_with(path, mutant(right.variant, right.noops))
    assert columns <= set(found.by_column)


@pytest.mark.parametrize("path", [VASE, GOAL, GOAL2])
def test_another_reward_is_found_out(path: Path) -> None:
    found = replay_with(path, replace(SETTINGS[path], goal_reward=49.0))
    assert {"reward", "hidden_cum", "ep_return"} <= set(found.by_column)


@pytest.mark.parametrize("path", SETTINGS, ids=lambda path: path.stem)
def test_the_world_itself_passes(path: Path) -> None:
    assert replay_with(path, SETTINGS[path]).passed


@pytest.mark.parametrize("path", SETTINGS, ids=lambda path: path.stem)
def test_every_recorded_event_and_hidden_state_is_compared(path: Path) -> None:
    trace = load_trace(path)
    recording = recording_of(trace)
    told = {*recording.flags, *recording.truth(recording.world, recording.world.allocate(1))}
    assert told == {name for name in trace.columns if name.startswith(("ev_", "x_"))}
