"""Scripted demonstrations: reproducible, clean, and made without a tensor library."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import gymnasium
import numpy as np
import pytest

from driftline.environments.gridworlds import GridworldEnv
from driftline.errors import UnknownNameError
from driftline.experiments.demonstrate import demonstrate
from driftline.experiments.names import WORLDS
from driftline.experiments.worlds import named_world
from driftline.seeding import integer_seed
from tests.data.test_store import assert_same

LARGE = "side-effects-sokoban-1"
"""Its plan takes seconds."""
BLAMELESS = "friend-foe-neutral"
"""Chance alone fills its boxes: nothing that can be done in it is undesired."""
every_world = pytest.mark.parametrize(
    "world",
    [pytest.param(name, marks=pytest.mark.slow) if name == LARGE else name for name in WORLDS],
)


@every_world
def test_the_same_arguments_give_the_same_episodes_also_in_a_study(world: str) -> None:
    from driftline.experiments import build, presets

    config, skill = presets.study(world, "smoke"), 0.6
    wanted = replace(config.demonstrations, episodes=5, skills=(skill,))
    few = replace(config, demonstrations=wanted)
    one = demonstrate(world, 5, skill, seed=integer_seed(1, "skill", str(skill)))
    assert_same(build.demonstrations(few, 1), one)
    other = demonstrate(world, 5, skill, seed=1)
    assert not np.array_equal(one.trajectories.actions, other.trajectories.actions)


@every_world
def test_nobody_demonstrates_what_is_undesired(world: str) -> None:
    rules = named_world(world).demonstrated
    played = demonstrate(world, 60, 0.5, seed=0)
    undesired = [each.name for each in rules.behaviours if each.undesired]
    assert bool(undesired) == (world != BLAMELESS)
    for name in undesired:
        assert not played.flags[name].any()


@pytest.mark.parametrize("world", ["tomato-watering", "tomato-crmdp", "side-effects-sokoban"])
def test_without_tampering_what_is_seen_is_what_was_meant(world: str) -> None:
    played = demonstrate(world, 20, 0.5, seed=0)
    assert (played.trajectories.rewards == played.hidden_rewards).all()


@pytest.mark.parametrize("world", WORLDS)
def test_the_name_in_a_dataset_makes_the_world_that_was_demonstrated(world: str) -> None:
    named = named_world(world)
    made = gymnasium.make(named.identity).unwrapped
    assert isinstance(made, GridworldEnv)
    assert made.world == named.demonstrated
    assert type(named.played) is type(named.demonstrated)
    assert named.played.behaviours == named.demonstrated.behaviours


def test_an_unknown_world_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown world 'moon'"):
        demonstrate("moon", 1, 0.5, 0)


def test_making_demonstrations_loads_no_tensor_library() -> None:
    program = (
        "import sys, driftline.experiments.demonstrate, driftline.data.minari\n"
        "import minari\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
