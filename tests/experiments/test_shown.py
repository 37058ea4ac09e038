"""What of a world is shown: boards, bodies, or why neither."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import numpy as np
import pytest

from driftline.experiments.arena import arena
from driftline.experiments.arena_config import ArenaConfig
from driftline.experiments.config import WorldConfig
from driftline.experiments.names import CLASSIC, MAZES, ROBOTS, ROOMS, WORLDS
from driftline.experiments.replays import lines
from driftline.experiments.shown import shown

PACKAGES = {
    **dict.fromkeys(ROBOTS, "mujoco"),
    **dict.fromkeys(MAZES, "gymnasium_robotics"),
}


@pytest.mark.parametrize("name", WORLDS)
def test_every_code_of_a_gridworld_has_a_character_and_a_colour(name: str) -> None:
    palette = shown(WorldConfig(name)).palette
    assert palette is not None
    assert len(palette["characters"]) == len(palette["colours"])
    assert all(len(colour) == 3 and max(colour) <= 255 for colour in palette["colours"])


@pytest.mark.parametrize("name", ROOMS)
def test_every_code_of_a_room_has_them_too(name: str) -> None:
    pytest.importorskip("minigrid", reason="rooms need driftline[minigrid]")
    palette = shown(ArenaConfig(name)).palette
    assert palette is not None
    space: Any = arena(ArenaConfig(name), 1).single_observation_space
    assert len(palette["characters"]) == len(palette["colours"]) == int(space.nvec.max())
    seen = np.unique(arena(ArenaConfig(name), 64).reset(seed=0)[0])
    assert "." not in {palette["characters"][code] for code in seen}


@pytest.mark.parametrize("name", [*CLASSIC, *ROBOTS, *MAZES])
def test_bodies_are_drawn_step_by_step(name: str) -> None:
    if name in PACKAGES:
        pytest.importorskip(PACKAGES[name], reason=f"{name} needs {PACKAGES[name]}")
    config = ArenaConfig(name)
    found = shown(config)
    assert found.palette is None
    assert found.drawn is not None
    one = arena(config, 1)
    one.action_space.seed(0)
    seen = [one.reset(seed=0)[0], *(one.step(one.action_space.sample())[0] for _ in range(4))]
    drawing = found.drawn(np.concatenate(seen))
    assert len(drawing.places) == 5
    assert np.isfinite(drawing.places).all()
    points = {end for each in drawing.links for end in (each.first, each.second)}
    assert points == set(range(drawing.places.shape[1]))
    assert len(b64decode(lines(drawing)["places"])) == 2 * drawing.places.size
    assert np.abs(drawing.places).max() < 32.0  # what is packed ends at 32.767 m


@pytest.mark.parametrize("name", ["hopper", "antmaze-umaze"])
def test_where_mujoco_is_not_there_it_is_asked_for(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("driftline.experiments.shown.find_spec", lambda package: None)
    found = shown(ArenaConfig(name))
    assert not found.any
    assert found.missing is not None
    assert "pip install driftline[mujoco]" in found.missing
