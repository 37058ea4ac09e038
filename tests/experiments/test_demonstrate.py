"""Scripted demonstrations: reproducible, clean, and made without a tensor library."""

from __future__ import annotations

import subprocess
import sys

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
QUICK = [name for name in WORLDS if name != LARGE]


@pytest.mark.parametrize("world", QUICK)
def test_the_same_arguments_give_the_same_episodes_and_others_do_not(world: str) -> None:
    one = demonstrate(world, 6, 0.2, seed=3)
    assert_same(one, demonstrate(world, 6, 0.2, seed=3))
    other = demonstrate(world, 6, 0.2, seed=4)
    assert not np.array_equal(one.trajectories.actions, other.trajectories.actions)


@pytest.mark.parametrize("world", QUICK)
def test_nobody_demonstrates_what_is_undesired(world: str) -> None:
    rules = named_world(world).demonstrated
    played = demonstrate(world, 60, 0.5, seed=0)
    undesired = [each.name for each in rules.behaviours if each.undesired]
    assert undesired
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


@pytest.mark.parametrize("world", QUICK)
def test_a_study_s_demonstrations_are_those_that_the_command_makes(world: str) -> None:
    from dataclasses import replace

    from driftline.experiments import build, presets

    config = presets.study(world, "smoke")
    skill = 0.6
    wanted = replace(config.demonstrations, episodes=5, skills=(skill,))
    few = replace(config, demonstrations=wanted)
    path = integer_seed(1, "skill", str(skill))
    assert_same(build.demonstrations(few, 1), demonstrate(world, 5, skill, seed=path))


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
