"""Observations in parts (body, goal): from a Minari dataset to play in their environment."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Text
from gymnasium.vector import SyncVectorEnv

import driftline as dl
from driftline.errors import SpaceError
from driftline.experiments.own_environment import vectorised
from driftline.spaces.specs import VectorSpec
from tests.data.collected import collect
from tests.experiments.point_mass import STEPS, PointMass

NAME = "DriftlineParts-v0"
SMALL = dl.TransformerConfig(width=16, layers=1, heads=2, context_length=4)


class Parts(PointMass):
    """The same, observed as where the goal is and how much time has passed."""

    def __init__(self) -> None:
        super().__init__()
        self.observation_space = Dict(
            goal=Box(-np.inf, np.inf, (2,), np.float32), age=Box(0.0, STEPS, (1,), np.float32)
        )

    def reset(self, *, seed: Any = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        return self._in_parts(super().reset(seed=seed)[0]), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        seen, *told = super().step(action)
        return self._in_parts(seen), *told

    def _in_parts(self, goal: Any) -> dict[str, Any]:
        return {"goal": goal, "age": np.array([self.age], np.float32)}


class Words(gymnasium.Space[str]):
    """What nothing in Gymnasium can make a vector of, as Minigrid's missions."""


class Told(Parts):
    """The same, with a word in it."""

    def __init__(self, words: gymnasium.Space[Any]) -> None:
        super().__init__()
        self.observation_space = Dict(**self.observation_space.spaces, word=words)


@pytest.fixture
def dataset(tmp_path: Path) -> Iterator[dl.Demonstrations]:
    gymnasium.register(NAME, f"{__name__}:Parts", max_episode_steps=STEPS)
    try:
        yield dl.load_minari(collect(tmp_path, NAME), tmp_path)
    finally:
        del gymnasium.registry[NAME]


def test_parts_are_read_end_to_end_in_the_order_of_their_names(dataset: dl.Demonstrations) -> None:
    assert dataset.observation == VectorSpec(3)
    first = dataset.trajectories[0]
    ages = np.arange(len(first) + 1)
    assert np.array_equal(first.observations[:, 0], ages)
    alike = PointMass()
    alike.reset(seed=0)
    for action, seen in zip(first.actions, first.observations[1:], strict=True):
        assert np.array_equal(alike.step(action)[0], seen[1:])


@pytest.mark.parametrize("given", ["demonstrated", "function", "vector"])
def test_agents_play_where_observations_come_in_parts(
    dataset: dl.Demonstrations, given: str
) -> None:
    model = dl.fit(dataset, model=SMALL, offline=dl.OfflineSettings(updates=1))
    environment = {
        "demonstrated": None,
        "function": Parts,
        "vector": SyncVectorEnv([Parts, Parts, Parts]),
    }[given]
    played = dl.play(model, dataset, environment, target=dl.Unconditioned(), episodes=3)
    seen = played.trajectories[0].observations
    assert np.array_equal(seen[:, 0], np.arange(STEPS + 1))
    assert np.linalg.norm(seen[0, 1:]) == pytest.approx(1.0)


@pytest.mark.parametrize("words", [Words(), Text(5)], ids=["unknown", "text"])
def test_parts_that_are_no_vectors_are_refused_in_one_line(
    dataset: dl.Demonstrations, words: gymnasium.Space[Any]
) -> None:
    with pytest.raises(SpaceError, match=r"observation space Dict.*supported are .*;") as caught:
        vectorised(partial(Told, words), dataset, 2)
    assert "\n" not in str(caught.value)
