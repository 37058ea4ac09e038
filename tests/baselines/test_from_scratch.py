"""Whatever learns from scratch can be stored at any round and leaves no trace outside."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium.vector import SyncVectorEnv, VectorWrapper
from torch import Tensor

from driftline.errors import CapabilityError, SpaceError
from driftline.training.checkpoint import load_checkpoint, save_checkpoint
from driftline.training.divergence import distributions, kl
from tests.baselines.scratch import (
    COPIES,
    LEARNERS,
    ROUNDS,
    SETTINGS,
    cart_pole,
    demonstrator,
    experience,
    garden,
    rounds,
    same,
    sokoban,
)

WORLDS = [garden, sokoban, cart_pole]
every_learner = pytest.mark.parametrize("name", LEARNERS)
every_world = pytest.mark.parametrize("make", WORLDS)


@every_learner
@every_world
def test_an_interrupted_learner_goes_on_bit_for_bit(name: str, make: Any, tmp_path: Path) -> None:
    whole = LEARNERS[name](make)
    expected = list(rounds(whole, make, 0, ROUNDS))
    cut = LEARNERS[name](make)
    list(rounds(cut, make, 0, 2))
    save_checkpoint(tmp_path, *cut.state())

    resumed = LEARNERS[name](make)
    list(rounds(resumed, make, 0, 1))  # what it was before must not matter
    resumed.restore(*load_checkpoint(tmp_path), history=[])
    again = list(rounds(resumed, make, 2, ROUNDS))

    assert same(resumed.state()[0], whole.state()[0])
    assert resumed.state()[1] == whole.state()[1]
    assert resumed.gradient_updates == whole.gradient_updates > 0
    for one, other in zip(again, expected[2:], strict=True):
        assert np.array_equal(one.episodes.kl, other.episodes.kl)
        assert np.array_equal(one.episodes.kl_previous, other.episodes.kl_previous)
        assert np.array_equal(
            one.episodes.trajectories.actions, other.episodes.trajectories.actions
        )


@every_learner
def test_the_seed_decides_everything_and_nothing_outside_does(name: str) -> None:
    def learnt(seed: int, draws: int) -> dict[str, Tensor]:
        torch.rand(draws)
        np.random.random(draws)  # noqa: NPY002
        one = LEARNERS[name](seed=seed)
        torch.rand(draws)
        one.learn(experience(one, garden), 0)
        return one.state()[0]

    assert same(learnt(0, 0), learnt(0, 5))
    assert not same(learnt(0, 0), learnt(1, 0))


@every_learner
def test_learning_disturbs_nobody_elses_randomness(name: str) -> None:
    one = LEARNERS[name]()
    seen = experience(one, garden)
    before = torch.get_rng_state(), np.random.get_state()  # noqa: NPY002
    LEARNERS[name]()
    one.learn(seen, 0)
    after = torch.get_rng_state(), np.random.get_state()  # noqa: NPY002
    assert torch.equal(before[0], after[0])
    assert np.array_equal(before[1][1], after[1][1])
    assert before[1][2:] == after[1][2:]


@every_learner
def test_rounds_differ_even_when_the_weights_do_not(name: str) -> None:
    first, second = LEARNERS[name](), LEARNERS[name]()
    seen = experience(first, garden)
    first.learn(seen, 0)
    second.learn(seen, 1)
    assert not same(first.state()[0], second.state()[0])


class Unmeasured(VectorWrapper[Any, Any, Any]):
    """The same world, its hidden reward withheld."""

    def step(self, actions: Any) -> Any:
        *seen, info = self.env.step(actions)
        return *seen, info | {"hidden_reward": np.full(self.num_envs, np.nan), "flags": {}}


@every_learner
def test_the_hidden_reward_and_the_flags_change_nothing(name: str) -> None:
    learners = [LEARNERS[name](), LEARNERS[name](lambda: Unmeasured(garden()))]
    for one in learners:
        one.learn(experience(one, garden), 0)
    assert same(learners[0].state()[0], learners[1].state()[0])


@every_learner
@every_world
def test_divergences_are_those_of_the_policies_that_acted(name: str, make: Any) -> None:
    one = LEARNERS[name](make)
    seen = experience(one, make)
    apart, model = one.divergences(seen), demonstrator(make())
    reference = distributions(model, seen.trajectories, None)
    assert np.array_equal(apart.kl, kl(model.action, seen.distributions, reference))
    assert apart.kl.min() >= 0.0
    assert apart.kl.max() > 1e-4
    taken = np.arange(seen.trajectories.steps), seen.trajectories.actions
    assert np.allclose(apart.log_ratio, seen.distributions[taken] - reference[taken])
    assert np.abs(apart.kl_previous).max() < 1e-9, "nothing was learnt before the first round"

    one.learn(seen, 0)
    played = experience(one, make, seed=1)
    assert one.divergences(played).kl_previous.mean() > 1e-7
    assert np.allclose(np.exp(played.distributions).sum(1), 1.0)
    # The policy of the first round is the previous one now: where it acted, it is no distance away.
    assert np.abs(one.divergences(seen).kl_previous).max() < 1e-9


class Counting(VectorWrapper[Any, Any, Any]):
    """Counts the steps of all copies together."""

    steps = 0

    def step(self, actions: Any) -> Any:
        self.steps += 1
        return self.env.step(actions)


@every_learner
@pytest.mark.parametrize(("make", "steps"), [(garden, 160), (sokoban, None)])
def test_it_learns_from_as_many_steps_as_were_recorded(
    name: str, make: Any, steps: int | None
) -> None:
    counted = Counting(make())
    one = LEARNERS[name](lambda: counted)
    seen = experience(one, make)
    one.learn(seen, 0)
    recorded = seen.trajectories.steps
    assert steps in (None, recorded)
    assert counted.steps == -(-recorded // COPIES)


@every_learner
def test_short_rounds_are_not_the_end_of_learning(name: str) -> None:
    counted = Counting(sokoban())
    one = LEARNERS[name](lambda: counted, settings=replace(SETTINGS[name], fewest_steps=999))
    one.learn(experience(one, sokoban), 0)
    assert counted.steps == 125, "999 steps over 8 copies, rounded up"


def test_continuous_actions_are_refused_by_what_tries_them_all() -> None:
    import gymnasium

    pendulum = SyncVectorEnv([lambda: gymnasium.make("Pendulum-v1")])
    with pytest.raises(SpaceError, match="discrete actions are needed here"):
        LEARNERS["dqn"](lambda: pendulum)


@every_learner
def test_without_the_library_the_extra_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        "driftline.baselines.installed.find_spec",
        lambda wanted: None if wanted == "stable_baselines3" else found(wanted),
    )
    with pytest.raises(CapabilityError, match=r"driftline\[baselines\]"):
        LEARNERS[name]()


@every_learner
def test_the_library_loads_when_a_learner_is_made_and_not_before(name: str) -> None:
    program = f"""
import sys
import driftline.baselines.{name}_settings
assert "torch" not in sys.modules
import driftline.baselines.{name}
assert "stable_baselines3" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
