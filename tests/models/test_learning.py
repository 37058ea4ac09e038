"""The transformer learns: two returns told apart, the mixture reproduced, space understood."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from driftline.data.trajectories import Trajectories
from driftline.data.trajectory import Trajectory
from driftline.data.windows import WindowSource
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.models.transformer_config import TransformerConfig
from driftline.spaces.codecs import ReturnCodec
from driftline.spaces.specs import CodesSpec, ContinuousActionSpec, DiscreteActionSpec


def two_kinds(episodes: int, steps: int) -> WindowSource:
    """Demonstrators of one action each: 30% pay 1 a step (action 2), the others 0 (action 0)."""
    draw = np.random.default_rng(0)

    def episode() -> Trajectory:
        good = draw.random() < 0.3
        return Trajectory(
            np.zeros(steps + 1, np.uint8),
            np.full(steps, 2 if good else 0),
            np.full(steps, float(good)),
            terminated=False,
            truncated=True,
        )

    return WindowSource.of(Trajectories.of([episode() for _ in range(episodes)]))


@pytest.fixture(scope="module", params=["fused", "three"])
def learnt(request: pytest.FixtureRequest) -> tuple[TrajectoryTransformer, WindowSource]:
    source = two_kinds(400, 5)
    config = TransformerConfig(
        width=32,
        layers=1,
        context_length=4,
        tokens=request.param,
        time="elapsed",
        horizon=5,
        return_dropout=0.5,
    )
    returns = ReturnCodec.fit(source.returns_to_go, bins=12)
    model = TrajectoryTransformer(config, CodesSpec((), 1), DiscreteActionSpec(3), returns)
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    draw, generator = np.random.default_rng(1), torch.Generator().manual_seed(1)
    for step in range(300):
        optimiser.param_groups[0]["lr"] = 3e-3 * min(1.0, 2 - step / 150)
        optimiser.zero_grad()
        model.loss(source.sample(64, 5, draw), generator).total.backward()
        optimiser.step()
    return model, source


def first_action(model: TrajectoryTransformer, asked: float | None) -> np.ndarray:
    returns = None if asked is None else np.array([asked])
    state = model.observe(model.begin(1), np.zeros(1, np.uint8), returns)
    return model.distribution(state)[0].exp().numpy()


def test_a_return_asked_for_picks_the_action_that_brought_it(
    learnt: tuple[TrajectoryTransformer, WindowSource],
) -> None:
    model, _ = learnt
    assert first_action(model, 5.0)[2] > 0.95
    assert first_action(model, 0.0)[0] > 0.95


def test_without_a_return_the_mixture_is_reproduced(
    learnt: tuple[TrajectoryTransformer, WindowSource],
) -> None:
    model, source = learnt
    good = float((source.trajectories.returns > 0).mean())
    assert first_action(model, None) == pytest.approx([1 - good, 0.0, good], abs=0.07)


def test_the_return_head_knows_the_mixture_before_and_the_outcome_after_the_action(
    learnt: tuple[TrajectoryTransformer, WindowSource],
) -> None:
    model, source = learnt
    good = float((source.trajectories.returns > 0).mean())
    state = model.observe(model.begin(1), np.zeros(1, np.uint8), None)
    before = model.return_log_probabilities(state, None)[0].exp().numpy()
    after = model.return_log_probabilities(state, torch.arange(3)[None])[0].exp().numpy()
    low, high = model.returns.index(np.array([0.0, 5.0]))
    assert before[[low, high]] == pytest.approx([1 - good, good], abs=0.1)
    assert after[0, low] > 0.9
    assert after[2, high] > 0.9


def pushers(episodes: int) -> WindowSource:
    """One push of N(1.2 s, 0.4), s = -1 or 1 by a coin; s = 1 pays 1."""
    draw = np.random.default_rng(0)

    def episode() -> Trajectory:
        side = draw.choice([-1.0, 1.0])
        push = np.clip(1.2 * side + 0.4 * draw.normal(size=(1, 1)), -2.0, 2.0)
        reward = np.array([float(side > 0)])
        return Trajectory(np.zeros(2, np.uint8), push, reward, terminated=True, truncated=False)

    return WindowSource.of(Trajectories.of([episode() for _ in range(episodes)]))


def test_a_return_asked_for_picks_the_push_that_brought_it() -> None:
    source, spec = pushers(400), ContinuousActionSpec((-2.0,), (2.0,))
    config = TransformerConfig(width=32, layers=1, context_length=1, return_dropout=0.5)
    returns = ReturnCodec.fit(source.returns_to_go, bins=12)
    model = TrajectoryTransformer(config, CodesSpec((), 1), spec, returns)
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    draw, generator = np.random.default_rng(1), torch.Generator().manual_seed(1)
    for _ in range(300):
        optimiser.zero_grad()
        model.loss(source.sample(64, 1, draw), generator).total.backward()
        optimiser.step()
    known = [
        model.distribution(model.observe(model.begin(1), np.zeros(1, np.uint8), asked))[0]
        for asked in (np.array([0.0]), np.array([1.0]), None)
    ]
    low, high, neither = (each.numpy() for each in known)
    assert low == pytest.approx([-0.6, np.log(0.2)], abs=0.12)
    assert high == pytest.approx([0.6, np.log(0.2)], abs=0.12)
    # Unasked, one Gaussian spans both sides: deviation sqrt(0.6^2 + 0.2^2).
    assert neither == pytest.approx([0.0, np.log(0.63)], abs=0.15)
    state = model.observe(model.begin(1), np.zeros(1, np.uint8), None)
    pushes = torch.tensor([[[-1.0], [1.0]]])
    after = model.return_log_probabilities(state, pushes)[0].exp().numpy()
    worst, best = model.returns.index(np.array([0.0, 1.0]))
    assert after[0, worst] > 0.9
    assert after[1, best] > 0.9
