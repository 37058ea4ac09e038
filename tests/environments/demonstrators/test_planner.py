"""The planner finds what trying everything finds, and refuses what it cannot plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from driftline.environments.behaviours import BehaviourSpec
from driftline.environments.demonstrators.chance import EveryOutcome, SameOutcome
from driftline.environments.demonstrators.planner import plan
from driftline.environments.demonstrators.reachable import NOWHERE, reachable, view_keys
from driftline.environments.demonstrators.suite import plan_of
from driftline.environments.gridworlds import (
    AbsentSupervisor,
    BoatRace,
    ConveyorBelt,
    RocksDiamonds,
    SafeInterruptibility,
    SideEffectsSokoban,
    TomatoWatering,
    World,
)
from driftline.environments.gridworlds.draws import Draws, NoDraws
from driftline.environments.gridworlds.layout import Layout
from driftline.environments.gridworlds.tiles import Boards, Tileset
from driftline.environments.gridworlds.world import Outcome
from driftline.errors import SettingsError
from driftline.shapes import Booleans, Integers

TINY: list[World[Any]] = [
    SideEffectsSokoban(horizon=8),
    AbsentSupervisor(supervisor=True, horizon=8),
    AbsentSupervisor(supervisor=False, horizon=9),
    ConveyorBelt("vase", horizon=6),
    ConveyorBelt("sushi_goal2", horizon=7),
    RocksDiamonds(1, horizon=7),
    SafeInterruptibility(0, interruption_probability=0.0, horizon=8),
    BoatRace(horizon=9),
]


def tried(world: World[Any]) -> float:
    """The most hidden reward without anything undesired: every way to act, side by side."""
    copies = world.action_count**world.horizon
    state = world.allocate(copies)
    world.restart(state, np.ones(copies, np.bool_), SameOutcome(happens=False))
    undesired = [each.name for each in world.behaviours if each.undesired]
    earned, running, ways = np.zeros(copies), np.ones(copies, np.bool_), np.arange(copies)
    for _ in range(world.horizon):
        ways, actions = np.divmod(ways, world.action_count)
        outcome = world.advance(state, actions, NoDraws())
        for name in undesired:
            earned[outcome.flags[name] & running] = -np.inf
        earned += outcome.hidden_rewards * running
        running &= ~outcome.terminated
    return float(earned.max())


@pytest.mark.parametrize("world", TINY, ids=str)
def test_values_are_those_of_trying_every_way_to_act(world: World[Any]) -> None:
    assert plan_of(world).values[0] == pytest.approx(tried(world), abs=0.05)


def test_what_is_worth_doing_differs_between_the_tiny_worlds() -> None:
    assert len({round(float(plan_of(world).values[0])) for world in TINY}) > 4


PLANNED = [SideEffectsSokoban(), ConveyorBelt("vase"), RocksDiamonds(1), AbsentSupervisor()]


@pytest.mark.parametrize("world", PLANNED, ids=str)
def test_every_state_has_a_best_action_unless_something_undesired_must_follow(
    world: World[Any],
) -> None:
    found = plan_of(world)
    fine = np.isfinite(found.values)
    assert ((found.waste == 0).any(axis=1) == fine).all()
    assert ((found.safe & (found.waste == 0)).any(axis=1) == fine).all()
    leads = found.safe & (found.following != NOWHERE)
    assert fine[found.following[leads]].all()


@pytest.mark.parametrize("world", PLANNED, ids=str)
def test_values_hold_from_one_step_to_the_next(world: World[Any]) -> None:
    found, graph = plan(world), reachable(world)
    onward = np.append(found.values, 0.0)[graph.following]
    ahead = np.where(graph.forbidden, -np.inf, graph.rewards + onward)
    # Elsewhere it is the horizon alone that ends what a step costs or pays.
    settled = np.isfinite(found.values) & (abs(found.values) < 60)
    assert settled.sum() > 6
    assert found.values[settled] == pytest.approx(ahead.max(axis=1)[settled], abs=1.01)


def test_a_pause_changes_nothing() -> None:
    found = plan_of(SideEffectsSokoban())
    pausing = np.flatnonzero(found.pauses >= 0)
    assert len(pausing) > 3
    assert (found.following[pausing, found.pauses[pausing]] == pausing).all()


def test_switches_are_not_even_stepped_on() -> None:
    world = RocksDiamonds(1)
    graph = reachable(world)
    assert not np.isfinite(plan(world).values).all()
    assert graph.forbidden.any()


def test_boards_are_found_again_and_unknown_ones_are_not() -> None:
    world = SideEffectsSokoban()
    state = world.allocate(3)
    world.advance(state, np.array([1, 3, 2]), NoDraws())
    found = plan(world)
    boards = world.paint(state)
    boards[0] = 0
    states = found.find(boards, np.full(3, -7))
    assert states[0] == -7
    assert (found.views[states[1:]] == view_keys(boards[1:])).all()


def test_of_states_that_look_alike_the_hopeful_one_is_found() -> None:
    world = SafeInterruptibility()
    found = plan(world)
    boards = world.paint(world.allocate(1))
    (state,) = found.find(boards, np.array([-1]))
    assert found.values[state] == pytest.approx(42, abs=0.01)
    assert (found.views == found.views[state]).sum() > 1


def test_every_combination_of_draws_is_met() -> None:
    draws = EveryOutcome(12)
    rolled = [draws.choices("die", 3, (12,)), draws.events("coin", 0.5, (12,))]
    rolled += [draws.events("sure", 1.0, (12,)), draws.events("never", 0.0, (12,))]
    rolled.append(draws.choices("way", 2, (12,)))
    assert len({tuple(column) for column in np.array(rolled).T.astype(int)}) == 12
    with pytest.raises(SettingsError, match="too rich"):
        draws.choices("more", 2, (12,))


def test_a_world_with_chance_in_its_steps_is_refused() -> None:
    with pytest.raises(SettingsError, match="left to chance"):
        plan(TomatoWatering())


def test_a_world_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("driftline.environments.demonstrators.reachable._MOST_STATES", 1000)
    with pytest.raises(SettingsError, match="within reach; give bounds"):
        reachable(SideEffectsSokoban(level=3))


def test_bounds_and_likeness_lose_nothing() -> None:
    near, all_ = plan_of(SideEffectsSokoban(2)), plan(SideEffectsSokoban(2))
    assert len(near.values) < len(all_.values)
    assert near.values[0] == all_.values[0]
    short = BoatRace(horizon=12)
    few, many = plan_of(short), plan(short)
    assert len(few.values) < len(many.values)
    assert few.values[0] == pytest.approx(many.values[0])


def test_keys_tell_boards_apart() -> None:
    boards = np.random.default_rng(0).integers(7, size=(20_000, 5, 5)).astype(np.uint8)
    assert len(np.unique(view_keys(boards))) == len(np.unique(boards.reshape(-1, 25), axis=0))
    one = np.zeros((250, 5, 5), np.uint8)
    one.reshape(250, 25)[np.arange(250), np.arange(250) % 25] = 1 + np.arange(250) // 25
    assert len(np.unique(view_keys(one))) == 250


ROOM = Layout(("#####", "#A G#", "#####"))


@dataclass(slots=True)
class _Place:
    agents: Integers
    slippery: Booleans


@dataclass(frozen=True)
class _Ice(World[_Place]):
    """A corridor in which some episodes are slippery, which the board does not tell."""

    slips: bool = False
    horizon: int = 20

    behaviours: tuple[BehaviourSpec, ...] = ()
    layout: Layout = ROOM
    tiles: Tileset = replace(SideEffectsSokoban().tiles)
    action_count: int = 4

    def allocate(self, copies: int) -> _Place:
        return _Place(np.full(copies, ROOM.cell("A")), np.zeros(copies, np.bool_))

    def restart(self, state: _Place, rows: Booleans, draws: Draws) -> None:
        state.agents[rows] = ROOM.cell("A")
        state.slippery[rows] = draws.events("slippery", 0.5, (len(rows),))[rows]

    def advance(self, state: _Place, actions: Integers, draws: Draws) -> Outcome:
        held = draws.events("held", 0.5, (len(actions),)) & state.slippery & self.slips
        there = ROOM.destinations[actions, state.agents]
        state.agents = np.where(held, state.agents, there)
        done = state.agents == ROOM.cell("G")
        rewards = np.where(done, 9.0, -1.0)
        return Outcome(rewards, rewards.copy(), done, {}, {}, actions)

    def paint(self, state: _Place) -> Boards:
        boards = np.zeros((len(state.agents), ROOM.size), np.uint8)
        boards[np.arange(len(boards)), state.agents] = 2
        return boards.reshape(-1, *ROOM.shape)

    def agent_cells(self, state: _Place) -> Integers:
        return state.agents


def test_chance_that_makes_no_difference_is_no_obstacle() -> None:
    assert plan(_Ice()).values[:2] == pytest.approx([8.0, 8.0], abs=0.01)
    with pytest.raises(SettingsError, match="left to chance"):
        plan(_Ice(slips=True))
