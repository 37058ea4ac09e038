"""A script is recorded as it plays, whoever of its episodes has ended."""

from __future__ import annotations

from typing import Any

import numpy as np

from driftline.agents.rollout import rollout
from driftline.agents.scripted import ScriptedAgent
from tests.agents.tabular import random_world


class Stubborn:
    """Every player has an action of its own and repeats it, shifted by the state it sees."""

    def begin(self, episodes: int, generator: np.random.Generator) -> None:
        self.own = generator.integers(3, size=episodes)
        self.asked: list[Any] = []

    def act(self, boards: Any, generator: np.random.Generator) -> Any:
        self.asked.append(np.array(boards))
        return (self.own + boards) % 3


def test_each_episode_is_played_by_its_own_player_to_its_end() -> None:
    world, script = random_world(1, 12), Stubborn()
    data = rollout(world, ScriptedAgent(script), 12, seed=0).episodes.trajectories
    assert len(set(data.lengths.tolist())) > 3
    for player, trajectory in enumerate(data):
        states = trajectory.observations[:-1]
        assert np.array_equal(trajectory.actions, (script.own[player] + states) % 3)


def test_the_script_always_sees_all_its_episodes_the_running_ones_as_they_are() -> None:
    script = Stubborn()
    data = rollout(random_world(1, 12), ScriptedAgent(script), 12, seed=0).episodes.trajectories
    assert {len(each) for each in script.asked} == {12}
    running = np.array([data.lengths > step for step in range(len(script.asked))])
    for step, boards in enumerate(script.asked):
        seen = [data[int(row)].observations[step] for row in np.flatnonzero(running[step])]
        assert np.array_equal(boards[running[step]], seen)


def test_nothing_is_asked_of_a_script_and_its_distributions_are_unknown() -> None:
    done = rollout(random_world(1, 4), ScriptedAgent(Stubborn()), 8, 0, source="demonstration")
    assert np.isnan(done.episodes.commanded).all()
    assert done.distributions is None
    assert done.episodes.sources == ("demonstration",) * 8


def test_the_seed_decides_the_players() -> None:
    def actions(seed: int) -> Any:
        return rollout(random_world(1, 12), ScriptedAgent(Stubborn()), 24, seed)

    one, same, other = (actions(seed).episodes.trajectories for seed in (0, 0, 1))
    assert np.array_equal(one.actions, same.actions)
    assert not np.array_equal(one.actions[:24], other.actions[:24])
