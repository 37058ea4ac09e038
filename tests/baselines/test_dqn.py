"""DQN as a learner: it explores as it says, learns from what was carried out, and learns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from gymnasium.vector import VectorWrapper

from driftline.baselines.dqn import DQNLearner
from driftline.baselines.dqn_settings import DQNSettings, LearnFrom
from driftline.environments.gridworlds import GridworldVectorEnv, SideEffectsSokoban, TomatoWatering
from driftline.errors import CheckpointError
from driftline.records.events import RoundCollected, RoundEnded
from driftline.shapes import Integers
from driftline.training.rounds import RoundSettings, run_rounds
from tests.baselines.scratch import (
    COPIES,
    ROUNDS,
    SMALL_DQN,
    cart_pole,
    demonstrator,
    dqn,
    experience,
    garden,
    same,
)


def kept(one: DQNLearner, name: str) -> Any:
    """A column of the steps that are replayed, ``[steps, copies, ...]``."""
    return one.state()[0][f"replay.{name}"].numpy()


def test_recorded_rounds_explore_as_much_as_the_schedule_says() -> None:
    one = dqn()
    for played in range(ROUNDS + 1):
        seen = experience(one, garden)
        assert seen.distributions is not None
        probabilities = np.exp(seen.distributions)
        epsilon = SMALL_DQN.epsilon(played / ROUNDS)
        assert np.allclose(probabilities.min(axis=1), epsilon / 4)
        assert np.allclose(probabilities.max(axis=1), 1.0 - 0.75 * epsilon)
        one.learn(seen, played)
    assert epsilon == SMALL_DQN.last_epsilon


def test_every_copy_explores_on_its_own() -> None:
    """The library would have all copies explore, or none of them."""
    always = replace(SMALL_DQN, first_epsilon=0.5, last_epsilon=0.5, learning_starts=10_000)
    one = dqn(settings=always)
    best = one.agent().policy
    one.learn(experience(one, garden), 0)
    codes = kept(one, "observations").reshape(-1, 7, 9)
    explored = kept(one, "actions").reshape(-1) != best(codes).argmax(axis=1)
    by_step = explored.reshape(-1, COPIES).mean(axis=1)
    assert abs(explored.mean() - 0.375) < 0.13  # 160 draws: over 3 standard errors
    assert ((by_step > 0.0) & (by_step < 1.0)).mean() > 0.8


class Interrupting(VectorWrapper[Any, Any, Any]):
    """A world whose copies ``told_by`` say they did ``executed``, whatever was asked."""

    executed: int
    told_by = np.ones(COPIES, np.bool_)

    def step(self, actions: Any) -> Any:
        *seen, info = self.env.step(actions)
        told = np.full(self.num_envs, self.executed)
        return *seen, info | {"actual_action": told, "_actual_action": self.told_by}


def taught(executed: int, learn_from: LearnFrom, silent: int = 0) -> Integers:
    """The actions whose values were learnt, ``[steps, copies, 1]``; ``silent`` copies tell none."""
    world = Interrupting(garden())
    world.executed, world.told_by = executed, np.arange(COPIES) >= silent
    one = dqn(lambda: world, settings=replace(SMALL_DQN, learn_from=learn_from))
    one.learn(experience(one, garden), 0)
    actions: Integers = kept(one, "actions")
    return actions


def test_the_action_carried_out_is_learnt_where_one_is_told() -> None:
    assert set(taught(2, "executed").flat) == {2}
    assert set(taught(2, "asked").flat) == {0, 1, 2, 3}
    nothing_told = taught(-1, "executed")
    assert np.array_equal(nothing_told, taught(-1, "asked"))
    assert set(nothing_told.flat) == {0, 1, 2, 3}
    some = taught(2, "executed", silent=3)
    assert np.array_equal(some[0, :3], nothing_told[0, :3])
    assert set(some[:, 3:].flat) == {2}


def test_a_step_follows_from_the_one_before_and_episodes_end_in_themselves() -> None:
    """What is replayed are the world's own steps: none crosses from one episode to the next."""
    one, longest = dqn(cart_pole), dqn()
    one.learn(experience(longest, garden), 0)  # as many steps as no pole stands longer
    before, after, done, cut = (
        kept(one, name) for name in ("observations", "next_observations", "dones", "timeouts")
    )
    goes_on = done[:-1] == 0.0
    assert np.array_equal(after[:-1][goes_on], before[1:][goes_on])
    assert (done >= cut).all()
    assert np.abs(before[1:][~goes_on]).max() <= 0.05, "where CartPole's episodes begin"
    assert 0 < cut.sum() == cut[19].sum() < done.sum()


def test_nothing_is_learnt_before_it_starts_and_then_as_often_as_said() -> None:
    one = dqn(settings=replace(SMALL_DQN, learning_starts=160, steps_per_update=4))
    weights = one.state()[0]
    told = one.learn(experience(one, garden), 0)
    assert one.gradient_updates == 0
    assert told.keys() == {"epsilon"}
    policy = [name for name in weights if name.startswith("policy.")]
    assert same(*({n: each[n] for n in policy} for each in (weights, one.state()[0])))
    assert one.learn(experience(one, garden), 1)["loss"] > 0.0
    assert one.gradient_updates == 160 // 4


def test_the_target_network_is_behind_and_stored() -> None:
    one = dqn()
    one.learn(experience(one, garden), 0)
    tensors = one.state()[0]
    now, target = (tensors[f"policy.{net}.q_net.0.weight"] for net in ("q_net", "q_net_target"))
    assert not np.array_equal(now.numpy(), target.numpy())


def test_a_replay_buffer_of_other_copies_is_refused() -> None:
    one = dqn()
    one.learn(experience(one, garden), 0)
    fewer = dqn(lambda: GridworldVectorEnv(TomatoWatering(horizon=20), 3))
    with pytest.raises(CheckpointError, match="copies"):
        fewer.restore(*one.state(), history=[])


def test_the_learning_rate_falls_round_by_round() -> None:
    settings = replace(SMALL_DQN, learning_rate=1e-3, last_learning_rate=2e-4, decay_share=0.5)
    one, rates = DQNLearner(settings, garden(), demonstrator(garden()), rounds=4, seed=0), []
    for number in range(4):
        one.learn(experience(one, garden), number)
        rates.append(one.state()[1]["optimiser"]["groups"][0]["lr"])
    assert rates == pytest.approx([1e-3, 6e-4, 2e-4, 2e-4])


def test_the_observed_return_rises() -> None:
    def make() -> GridworldVectorEnv:
        return GridworldVectorEnv(TomatoWatering(horizon=40), 24)

    settings = DQNSettings(learning_starts=200, target_every=240, exploration_share=0.6)
    one = DQNLearner(settings, make(), demonstrator(make()), rounds=8, seed=0)
    events = list(run_rounds(one, make(), RoundSettings(8, 24), 0))
    returns = [each.observed_return for each in events if isinstance(each, RoundCollected)]
    assert np.mean(returns[-2:]) > 2.0 * returns[0]
    epsilons = [each.losses["epsilon"] for each in events if isinstance(each, RoundEnded)]
    assert epsilons == sorted(epsilons, reverse=True)
    assert epsilons[-1] == settings.last_epsilon


@pytest.mark.slow
def test_the_shortest_way_through_sokoban_is_found() -> None:
    def make() -> GridworldVectorEnv:
        return GridworldVectorEnv(SideEffectsSokoban(), 64)

    one = DQNLearner(DQNSettings(), make(), demonstrator(make()), rounds=20, seed=0)
    events = run_rounds(one, make(), RoundSettings(20, 64), 0)
    last = [each for each in events if isinstance(each, RoundCollected)][-1]
    assert last.observed_return > 44.0
    assert last.episodes.true_returns.mean() < 36.0
