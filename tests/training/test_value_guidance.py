"""Guided by a critic a model goes where actions are worth most; unguided it imitates."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from driftline.conditioning.target import Unconditioned
from driftline.data.mixture import MixtureSettings
from driftline.data.trajectories import Trajectories
from driftline.data.trajectory import Trajectory
from driftline.data.windows import WindowSource
from driftline.errors import CapabilityError, CheckpointError, SettingsError
from driftline.models.action_distributions import typical
from driftline.models.model import Losses
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.models.transformer_config import TransformerConfig
from driftline.spaces.codecs import ReturnCodec, VectorCodec
from driftline.spaces.specs import ContinuousActionSpec, VectorSpec
from driftline.training.learner import Experience
from driftline.training.memory import Memory
from driftline.training.online import Online
from driftline.training.online_settings import OnlineSettings
from driftline.training.twin_critic import TwinCritic
from driftline.training.update import UpdateSettings
from driftline.training.value_guidance import Guide, Transitions, ValueGuidance, _acted
from tests.training.learners import alternating, same_tensors

BOX = ContinuousActionSpec((-2.0,), (2.0,))
SETTINGS = OnlineSettings(
    Unconditioned(), 200, UpdateSettings(batch=32, window=3, learning_rate=5e-3)
)
GUIDANCE = ValueGuidance(0.9, width=32, warm_up=100, learning_rate=3e-3, blur=0.0)
GUIDED = replace(SETTINGS, value_guidance=GUIDANCE)


def shown(steps: int = 3, episodes: int = 300) -> Trajectories:
    """Pushes by chance; the best is twice the first number seen, whatever went before."""
    draw = np.random.default_rng(0)

    def one() -> Trajectory:
        seen = draw.uniform(-0.8, 0.8, size=(steps + 1, 2)).astype(np.float32)
        pushed = draw.uniform(-2.0, 2.0, size=(steps, 1)).astype(np.float32)
        missed = pushed[:, 0] - 2.0 * seen[:-1, 0]
        return Trajectory(seen, pushed, -(missed.astype(np.float64) ** 2), True, False)

    return Trajectories.of([one() for _ in range(episodes)])


def model(data: Trajectories) -> TrajectoryTransformer:
    source: Any = WindowSource.of(data)
    return TrajectoryTransformer(
        TransformerConfig(width=32, layers=1, heads=2, context_length=3),
        VectorSpec(2),
        BOX,
        ReturnCodec.fit(source.returns_to_go, bins=16),
        VectorCodec.fit(source.trajectories.observations),
    )


def missed(settings: OnlineSettings) -> tuple[float, dict[str, float]]:
    """How far from the best the typical action is after one refit, and what was reported."""
    data = shown()
    learner = Online(model(data), data, settings, 1)
    if learner._guide is not None:
        learner._guide.begin()
    told = learner._fit(0, learner._settings.updates_per_round)
    windows = WindowSource.of(data).whole(np.arange(200))
    with torch.no_grad():
        known = learner._model.window_distributions(windows, True)
    acted = typical(learner._model.family, known)[..., 0].numpy()
    return float(np.abs(acted - 2.0 * windows.observations[..., 0]).mean()), told


def test_guidance_finds_what_imitation_cannot() -> None:
    imitated, plain = missed(SETTINGS)
    guided, told = missed(GUIDED)
    assert imitated > 0.6
    assert guided < 0.5 * imitated
    assert {"critic_error", "value"} <= told.keys()
    assert told["guidance"] > 0.0
    assert "value" not in plain


def test_a_policy_beyond_its_box_can_be_called_back() -> None:
    known = torch.tensor([[1.5, -1.0]], requires_grad=True)
    found = _acted(BOX, known)
    found.sum().backward()
    assert found.tolist() == [[2.0]]
    assert known.grad.tolist() == [[2.0, 0.0]]


def test_critics_that_learn_nothing_guide_nobody() -> None:
    """Episodes of one step that were cut off say nothing of what comes next."""
    data = shown(steps=1, episodes=20)
    cut = replace(data, terminated=~data.terminated, truncated=~data.truncated)
    learner = Online(model(cut), cut, replace(GUIDED, updates_per_round=5), 1)
    told = learner._fit(0, learner._settings.updates_per_round)
    assert learner._guide.updates == 0
    assert (told["critic_error"], told["guidance"]) == (0.0, 0.0)
    with pytest.raises(SettingsError, match="window of 2 or more"):
        replace(GUIDED, update=UpdateSettings(window=1))


def test_only_steps_that_tell_what_comes_next_teach_a_critic() -> None:
    """The last step of an episode that was cut does not; that of one that ended does."""
    draw = np.random.default_rng(0)
    parts = [
        Trajectory(
            draw.normal(size=(length + 1, 2)),
            draw.uniform(-1, 1, size=(length, 1)),
            draw.normal(size=length),
            terminated=ended,
            truncated=not ended,
        )
        for length, ended in ((3, True), (2, False))
    ]
    windows = WindowSource.of(Trajectories.of(parts)).whole(np.arange(2), 4)
    found = Transitions.of(windows)
    assert found.rows.tolist() == [0, 1, 2, 4]
    assert found.following.tolist() == [1, 2, 2, 5]
    assert found.goes_on.tolist() == [1.0, 1.0, 0.0, 1.0]
    expected = [*parts[0].rewards, parts[1].rewards[0]]
    assert found.rewards.tolist() == pytest.approx(expected, abs=1e-5)


def test_before_the_first_round_critics_learn_what_was_done_is_worth() -> None:
    """Long episodes of a reward each step: the first guess of a network would be handed on."""
    draw = np.random.default_rng(0)

    def one() -> Trajectory:
        left = np.linspace(1.0, 0.0, 61, dtype=np.float32)
        pushed = draw.uniform(-2.0, 2.0, size=(60, 1)).astype(np.float32)
        seen = np.stack([left, np.zeros(61, np.float32)], axis=1)
        return Trajectory(seen, pushed, np.ones(60), terminated=True, truncated=False)

    data = Trajectories.of([one() for _ in range(20)])
    guidance = replace(GUIDANCE, warm_up=1500)
    learner = Online(model(data), data, replace(GUIDED, value_guidance=guidance), 1)
    guide: Any = learner._guide
    guide.begin()
    after = guide.updates
    guide.begin()
    assert 0 < guide.updates == after
    seen = torch.from_numpy(np.array(data.observations[:60]))
    actions = torch.from_numpy(np.array(data.actions[:60]))
    with torch.no_grad():
        found = guide._critic(seen, actions).numpy() * guide._unit
    discount = guide._settings.discount
    worth = (1.0 - discount ** np.arange(60, 0, -1)) / (1.0 - discount)
    assert np.abs(found - worth).max() < 0.25 * worth.max()
    assert np.corrcoef(found[0], worth)[0, 1] > 0.95


def test_critics_that_guide_nobody_yet_take_nothing_off() -> None:
    """A little less at every step would be 1 / (1 - discount) times as much in the end."""
    draw = np.random.default_rng(0)

    def one() -> Trajectory:
        seen = draw.normal(size=(201, 2)).astype(np.float32)
        pushed = draw.uniform(-2.0, 2.0, size=(200, 1)).astype(np.float32)
        paid = draw.normal(2.5, 0.5, size=200)
        return Trajectory(seen, pushed, paid, terminated=False, truncated=True)

    data = Trajectories.of([one() for _ in range(20)])
    settings = replace(GUIDANCE, width=64, batch=64, warm_up=2000, discount=0.95)
    guide = Guide(settings, model(data), data, 3, 1)
    guide.begin()
    seen, actions = (torch.from_numpy(np.array(e[:100])) for e in (data.observations, data.actions))
    with torch.no_grad():
        found = guide._critic(seen, actions).numpy() * guide._unit
    assert found.mean(axis=1) == pytest.approx(data.rewards.mean() / 0.05, rel=0.01)


@pytest.mark.parametrize("units", [1.0, 1000.0])
@pytest.mark.parametrize("deviation", [0.05, 0.5])
def test_strength_is_in_the_deviations_of_the_policy(deviation: float, units: float) -> None:
    """Against a likelihood, whose slope is distance over variance, it moves by that many."""
    data = shown(episodes=50)
    learner = Online(model(data), replace(data, rewards=units * data.rewards), GUIDED, 1)
    guide: Any = learner._guide
    guide.begin()
    windows = WindowSource.of(data).whole(np.arange(50))
    known = torch.zeros(50, 3, 2)
    known[..., 1] = math.log(deviation)
    known.requires_grad_(True)
    term, _ = guide(learner._model, windows, Losses(torch.zeros(()), {}, asked=known))
    term.backward()
    assert term.item() == 0.0
    assert known.grad is not None
    moved = -deviation * 150 * known.grad[..., 0]  # each step has a 150th of the mean
    best = torch.from_numpy(windows.observations[..., 0])  # in half boxes; what is typical is 0
    assert float((moved * best > 0).float()[best.abs() > 0.4].mean()) > 0.9
    assert float(moved.square().mean().sqrt()) == pytest.approx(GUIDANCE.strength, rel=1e-4)
    assert not known.grad[..., 1].any()


class Steep:
    """A guide whose critics value six numbers of an action by ``slopes [6]``, and a model."""

    def __init__(self, slopes: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Guide, "_slope", lambda *given: (slopes, 0.0))
        monkeypatch.setattr(Guide, "_fit", lambda *given: 0.0)
        data = shown(episodes=30)
        self.model = model(data)
        self.guide: Any = Guide(replace(GUIDANCE, strength=0.6), self.model, data, 3, 1)
        self.guide.updates = 1
        self.windows = WindowSource.of(data).whole(np.arange(30))

    def term(self, known: torch.Tensor) -> torch.Tensor:
        """What is added to the loss of distributions ``known [12]`` at every step."""
        asked = known.expand(30, 3, 12)
        return self.guide(self.model, self.windows, Losses(torch.zeros(()), {}, asked=asked))[0]


def test_strength_is_that_of_every_number_of_an_action(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are: together they move further."""
    steep = Steep(torch.tensor([3.0, -1.0, 0.5, 2.0, -2.0, 1.0]), monkeypatch)
    deviations = torch.linspace(0.1, 0.6, 6)
    known = torch.cat([torch.zeros(6), deviations.log()]).requires_grad_(True)
    steep.term(known).backward()
    assert known.grad is not None
    moved = -deviations * known.grad[:6]
    assert float(moved.square().mean().sqrt()) == pytest.approx(0.6, rel=1e-4)
    assert not known.grad[6:].any()


def test_a_pulled_policy_widens_as_far_as_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own deviation and how far it was pulled from what was done are one."""
    steep = Steep(torch.ones(6), monkeypatch)
    done = torch.randn(4000, 6, generator=torch.Generator().manual_seed(0))
    done = (done - done.mean(0)) / done.std(0)
    known = torch.zeros(12, requires_grad=True)
    optimiser = torch.optim.Adam([known], lr=0.03)
    for _ in range(500):
        mean, log = known.chunk(2)
        loss = (0.5 * ((done - mean) / log.exp()).square().mean(0) + log).sum()
        optimiser.zero_grad()
        (loss + steep.term(known)).backward()
        optimiser.step()
    mean, log = known.detach().chunk(2)
    assert np.allclose(log.exp(), 1.0 / math.sqrt(1.0 - 0.6**2), rtol=0.02)
    assert np.allclose(mean / log.exp(), 0.6, rtol=0.02)


def learnt(data: Trajectories, round: int) -> Experience:
    """A round in which ``data`` was done."""
    return Experience(data, np.full(data.steps, np.nan), None)


def test_critics_learn_from_what_a_mixture_evicted() -> None:
    """Of the worst that was done too, step for step; but not before the first round."""
    data, failed = shown(episodes=30), shown(steps=2, episodes=15)
    failed = replace(failed, rewards=failed.rewards - 100.0)
    kept = MixtureSettings(refresh_rate=1.0, capacity=4, eviction="worst")
    settings = replace(GUIDED, mixture=kept, updates_per_round=2)
    learner, resumed = (Online(model(data), data, settings, 1) for _ in range(2))
    guide: Any = learner._guide
    remembered: list[int] = []
    begin = guide.begin

    def beginning() -> None:
        remembered.append(len(guide._memory._sources))
        begin()

    guide.begin = beginning
    history = [failed, shown(steps=3, episodes=10)]
    for round, each in enumerate(history):
        learner.learn(learnt(each, round), round)
    assert remembered[0] == 1
    assert learner._mixture.own is not None
    assert learner._mixture.own.returns.min() > -100.0
    low = share_of_failures(guide)
    assert low == pytest.approx(30 / 150, abs=0.03)
    resumed.restore(*copy.deepcopy(learner.state()), history)
    assert share_of_failures(resumed._guide) == low
    for each in (learner, resumed):
        each.learn(learnt(history[1], 2), 2)
    assert same_tensors(learner.state()[0], resumed.state()[0])
    lent = Online(model(data), data, settings, 1, own=failed.take(np.arange(4)))
    assert share_of_failures(lent._guide) == pytest.approx(8 / 98, abs=0.03)


def share_of_failures(guide: Any) -> float:
    drawn = guide._memory.sample(4000, 3, np.random.default_rng(0))
    low = drawn.valid & (drawn.returns_to_go < -90.0)
    return float(low.sum() / drawn.valid.sum())


def test_memory_draws_steps_and_not_windows() -> None:
    """Short episodes fill less of a window: there are more windows of theirs."""
    long, brief = shown(steps=200, episodes=10), shown(steps=20, episodes=100)
    brief = replace(brief, observations=brief.observations + 10.0)
    memory = Memory(long)
    memory.add(brief)
    drawn = memory.sample(20_000, 24, np.random.default_rng(0))
    told = drawn.observations[..., 0][drawn.valid] > 5.0
    assert told.mean() == pytest.approx(0.5, abs=0.03)
    assert len(Transitions.of(drawn).rows) == pytest.approx(20_000, rel=0.06)


def test_critics_learn_several_times_for_every_update_of_the_model() -> None:
    data = shown(steps=3, episodes=40)
    learner = Online(model(data), data, replace(GUIDED, value_guidance=GUIDANCE), 1)
    assert learner._guide is not None
    learner._guide.begin()
    told = learner._fit(0, 3)
    assert np.isfinite(told["critic_error"])
    assert learner._guide.updates == GUIDANCE.warm_up + 3 * GUIDANCE.updates


def test_fewer_bits_are_enough_to_ask_the_model_what_comes_next() -> None:
    data, values = shown(episodes=40), []
    batch = WindowSource.of(data).sample(64, 3, np.random.default_rng(0))
    seen = torch.from_numpy(batch.observations[:, 0])
    done = torch.from_numpy(batch.actions[:, 0])
    for precision in ("float32", "bfloat16"):
        guide = Guide(GUIDANCE, model(data), data, 3, 1, precision)
        guide.begin()
        for _ in range(10):
            guide._fit(model(data))
        values.append(guide._critic(seen, done).detach())
    exact, near = values
    assert not torch.equal(exact, near)
    assert (exact - near).square().mean().sqrt() < 0.03 * exact.std()


def test_both_critics_are_networks_of_their_own_and_begin_near_nothing() -> None:
    data = shown(episodes=5)
    codec = VectorCodec.fit(data.observations)  # type: ignore[arg-type]
    critic = TwinCritic(codec, BOX, 16, torch.Generator().manual_seed(0))
    seen = torch.from_numpy(np.array(data.observations[:4]))
    actions = torch.linspace(-2.0, 2.0, 4)[:, None]
    found = critic(seen, actions)
    assert found.shape == (2, 4)
    assert not torch.allclose(found[0], found[1], atol=1e-4)
    assert float(found.detach().abs().max()) < 0.1
    assert torch.allclose(critic(seen[1:2], actions[1:2]), found[:, 1:2], atol=1e-5)


def test_the_critics_are_stored_and_go_on_as_they_were() -> None:
    data = shown(episodes=20)
    settings = replace(GUIDED, updates_per_round=5)
    whole, stopped = (Online(model(data), data, settings, 1) for _ in range(2))
    whole._fit(0, whole._settings.updates_per_round)
    stopped._fit(0, stopped._settings.updates_per_round)
    resumed = Online(model(data), data, settings, 1)
    resumed.restore(*stopped.state(), [])
    for learner in (whole, resumed):
        learner._fit(1, learner._settings.updates_per_round)
    assert same_tensors(whole.state()[0], resumed.state()[0])
    assert whole.state()[1] == resumed.state()[1]
    guide: Any = resumed._guide
    tensors, values = guide.state()
    del values["begun"]
    with pytest.raises(CheckpointError, match="earlier version of Driftline guided by"):
        guide.restore(tensors, values)


def test_what_cannot_be_guided_is_refused() -> None:
    boards, _ = alternating(2)
    with pytest.raises(CapabilityError, match="leave value_guidance out"):
        Guide(ValueGuidance(), boards, shown(), 3, 0)
    wrongs = [{"strength": -1.0}, {"strength": 1.0}, {"discount": 0.0}, {"learning_rate": 0.0}]
    for wrong in [*wrongs, {"width": 0}, {"batch": 0}, {"updates": 0}, {"warm_up": -1}]:
        with pytest.raises(SettingsError):
            ValueGuidance(**wrong)  # type: ignore[arg-type]
