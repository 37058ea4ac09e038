"""SAC and TD3 learn from recorded steps alone, are stored at any round and go on bit for bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.vector import SyncVectorEnv

from driftline.baselines.off_policy import OffPolicyLearner
from driftline.baselines.off_policy_settings import OffPolicySettings, SACSettings, TD3Settings
from driftline.data.trajectories import Trajectories
from driftline.errors import SettingsError, SpaceError
from driftline.models.action_distributions import Squashed
from driftline.records.events import RoundCollected
from driftline.training.checkpoint import load_checkpoint, save_checkpoint
from driftline.training.rounds import RoundSettings, run_rounds
from tests.baselines.scratch import COPIES, demonstrator, garden, pendulum, same

SMALL: dict[str, OffPolicySettings] = {
    "sac": SACSettings(width=16, layers=1, batch=32, learning_starts=0, updates_per_step=0.1),
    "td3": TD3Settings(
        width=16, layers=1, batch=32, learning_starts=0, updates_per_step=0.1, noisy_steps=200
    ),
}
STEPS = 20
each_method = pytest.mark.parametrize("name", SMALL)


def learner(name: str, settings: OffPolicySettings | None = None) -> OffPolicyLearner:
    return OffPolicyLearner(settings or SMALL[name], demonstrator(pendulum()), seed=3)


def played(one: OffPolicyLearner, first: int, stop: int) -> list[RoundCollected]:
    events = run_rounds(one, pendulum(), RoundSettings(stop, COPIES), 7, start=first)
    return [event for event in events if isinstance(event, RoundCollected)]


@each_method
def test_an_interrupted_learner_goes_on_bit_for_bit(name: str, tmp_path: Path) -> None:
    whole = learner(name)
    expected = played(whole, 0, 4)
    cut = learner(name)
    begun = played(cut, 0, 2)
    save_checkpoint(tmp_path, *cut.state())

    resumed = learner(name)
    played(resumed, 0, 1)  # what it was before must not matter
    history = [each.episodes.trajectories for each in begun]
    resumed.restore(*load_checkpoint(tmp_path), history=history)
    again = played(resumed, 2, 4)

    assert same(resumed.state()[0], whole.state()[0])
    assert resumed.state()[1] == whole.state()[1]
    assert resumed.gradient_updates == whole.gradient_updates == 4 * COPIES * STEPS // 10
    for one, other in zip(again, expected[2:], strict=True):
        assert np.array_equal(one.episodes.observed_returns, other.episodes.observed_returns)
        assert np.array_equal(one.episodes.kl_previous, other.episodes.kl_previous)


@each_method
def test_global_randomness_is_left_alone(name: str) -> None:
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # type: ignore[index] # noqa: NPY002
    played(learner(name), 0, 2)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])  # type: ignore[index] # noqa: NPY002


def test_what_is_recorded_is_what_was_drawn_from() -> None:
    for name, squashed in (("sac", True), ("td3", False)):
        one = learner(name)
        assert isinstance(one.agent().family, Squashed) == squashed
        (first, *_) = played(one, 0, 1)
        # The demonstrator model clips: from a squashed Gaussian nothing can be measured.
        assert np.isnan(first.episodes.kl).all() == squashed
        assert (first.episodes.kl_previous == 0).all()


def test_sac_acts_as_the_library_would() -> None:
    """Its actions have the mean and the spread of the library's own, in the pendulum's box."""
    one = learner("sac")
    played(one, 0, 2)
    seen = np.tile(np.array([0.3, -0.9, 1.5]), (20_000, 1))
    agent = one.agent()
    agent.begin(len(seen), 0)
    ours = agent.act(seen)
    actor = one._trained._learner.actor
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        theirs = 2.0 * actor(torch.from_numpy(seen).float()).numpy()
    assert ours.mean() == pytest.approx(theirs.mean(), abs=0.05)
    assert ours.std() == pytest.approx(theirs.std(), rel=0.05)


def test_sac_is_measured_from_a_model_that_squashes_as_it_does() -> None:
    one = OffPolicyLearner(SMALL["sac"], demonstrator(pendulum(), "squashed"), seed=3)
    (first, *_) = played(one, 0, 1)
    assert np.isfinite(first.episodes.kl).all()
    assert first.episodes.kl.mean() > 0.0


def test_the_noise_of_td3_falls_with_the_steps_that_were_recorded() -> None:
    one = learner("td3")
    seen = np.zeros((1, 3))
    widths = []
    for stop in range(1, 4):
        widths.append(float(np.exp(one.agent().policy(seen)[0, 1])))
        played(one, stop - 1, stop)
    assert widths == pytest.approx([1.0, 1.0 - 0.9 * 0.8, 0.1])


@pytest.mark.slow
@each_method
def test_a_pendulum_is_learnt(name: str) -> None:
    settings: Any = {"sac": SACSettings, "td3": TD3Settings}[name]
    chosen = settings(width=64, learning_starts=1000, learning_rate=1e-3, batch=128)
    make = [lambda: gymnasium.make("Pendulum-v1")] * 4
    one = OffPolicyLearner(chosen, demonstrator(pendulum()), seed=0)
    returns = [
        event.episodes.observed_returns.mean()
        for event in run_rounds(one, SyncVectorEnv(make), RoundSettings(14, 4), 7)
        if isinstance(event, RoundCollected)
    ]
    assert np.mean(returns[:2]) < -1000
    assert np.mean(returns[-3:]) > -500


def test_settings_out_of_range_and_discrete_actions_are_refused() -> None:
    with pytest.raises(SettingsError, match="batch of SAC is at least 1, got 0"):
        SACSettings(batch=0)
    with pytest.raises(SettingsError, match="discount of TD3 is above 0"):
        TD3Settings(discount=0.0)
    with pytest.raises(SettingsError, match="updates_per_step of SAC is positive"):
        SACSettings(updates_per_step=0.0)
    with pytest.raises(SettingsError, match="noise of TD3 falls"):
        TD3Settings(last_noise=0.0)
    with pytest.raises(SpaceError, match="need continuous actions"):
        OffPolicyLearner(SMALL["sac"], demonstrator(garden()), seed=0)


def trajectories(lengths: tuple[int, ...]) -> Trajectories:
    steps, episodes = sum(lengths), len(lengths)
    return Trajectories(
        observations=np.arange(steps + episodes, dtype=np.float64)[:, None],
        actions=np.linspace(-2.0, 2.0, steps, dtype=np.float32)[:, None],
        rewards=np.arange(steps, dtype=np.float64),
        starts=np.concatenate([[0], np.cumsum(lengths)]),
        terminated=np.arange(episodes) % 2 == 0,
        truncated=np.arange(episodes) % 2 == 1,
    )
