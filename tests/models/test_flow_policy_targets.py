"""A flow policy, which has no density, is tilted: by its return head, and by what it is asked.

One action in [-1, 1] that is known to bring R(a); the exact tilted density is
p(a) e^{beta R(a)} / Z. Distances are total variations over 20 bins.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from driftline.agents.conformance import TargetConformance
from driftline.agents.return_conditioned import ReturnConditionedAgent
from driftline.conditioning.exponential_tilt import ExponentialTilt
from driftline.conditioning.factorised_tilt import FactorisedTilt
from driftline.conditioning.reference import Reference
from driftline.conditioning.target import Target
from driftline.models.flow_policy import FlowPolicy
from driftline.shapes import Floats
from driftline.spaces.specs import ContinuousActionSpec
from tests.models import flow_examples as examples

BOX = ContinuousActionSpec((-1.0,), (1.0,))
BETA, BINS = 1.0, 20
GRID = (np.arange(4000) + 0.5) / 2000 - 1.0


def brought(actions: Floats) -> Floats:
    """R(a): best at .3, reached from both sides."""
    return 2.0 - 2.0 * (actions - 0.3) ** 2


def density(beta: float) -> Floats:
    """p(a) e^{beta R(a)} / Z on the grid, p = .7 N(-.5, .15) + .3 N(.5, .15) within [-1, 1]."""
    modes = sum(w * np.exp(-0.5 * ((GRID - m) / 0.15) ** 2) for m, w in ((-0.5, 0.7), (0.5, 0.3)))
    tilted = modes * np.exp(beta * brought(GRID))
    return np.asarray(tilted / tilted.sum())


def distance(actions: Floats, beta: float, weights: Floats | None = None) -> float:
    """Total variation between (weighted) actions and the exact density."""
    share = np.histogram(actions, BINS, (-1.0, 1.0), weights=weights)[0]
    exact = density(beta).reshape(BINS, -1).sum(1)
    return float(0.5 * np.abs(share / share.sum() - exact).sum())


class TestTargets(TargetConformance):
    @pytest.fixture
    def model(self) -> FlowPolicy:
        return examples.model(context_length=2)

    @pytest.fixture
    def observations(self) -> Any:
        return examples.source().whole(np.arange(3)).observations.swapaxes(0, 1)[:4]


def fitted(updates: int, batch: int, **settings: Any) -> tuple[FlowPolicy, Floats]:
    draw = np.random.default_rng(0)
    actions = draw.choice(GRID, 20_000, p=density(0.0))
    returns = brought(actions)
    return examples.learnt(BOX, actions[:, None], returns, updates, batch, **settings), returns


@pytest.fixture(scope="module")
def quick() -> tuple[FlowPolicy, Floats]:
    return fitted(updates=600, batch=256)


def acted(model: FlowPolicy, target: Target, returns: Floats, episodes: int) -> Any:
    """Actions ``[episodes]`` and the agent that took them."""
    agent = ReturnConditionedAgent(model, target, Reference.of(returns))
    agent.begin(episodes, seed=5)
    return agent.act(examples.nothing_seen(episodes))[:, 0].astype(np.float64), agent


def weighted(model: FlowPolicy, count: int) -> tuple[Floats, Floats]:
    """Unconditioned actions and their weights E_0[e^{beta R} | a] from the return head."""
    state = model.observe(model.begin(1), examples.nothing_seen(1), None)
    actions = model.propose(state, count, torch.Generator().manual_seed(4))
    heads = model.return_log_probabilities(state, actions)[0].double()
    logs = torch.logsumexp(heads + BETA * torch.from_numpy(model.return_values), dim=-1)
    return actions[0, :, 0].double().numpy(), torch.softmax(logs, dim=0).numpy()


def asked(model: FlowPolicy, count: int, spread: float) -> Floats:
    """Actions given R ~ P(R) e^{beta R} / Z, uniform over ``spread`` of the width of its bin."""
    state = model.observe(model.begin(1), examples.nothing_seen(1), None)
    head = model.return_log_probabilities(state, None)[0].double()
    chances = torch.softmax(head + BETA * torch.from_numpy(model.return_values), dim=0).numpy()
    draw = np.random.default_rng(6)
    wanted = draw.choice(model.return_values, count, p=chances)
    wanted = wanted + spread * model.return_width * draw.uniform(-0.5, 0.5, count)
    state = model.observe(model.begin(count), examples.nothing_seen(count), wanted)
    found = model.propose(state, 1, torch.Generator().manual_seed(7))
    return found[:, 0, 0].double().numpy()


def test_the_tilt_is_far_from_the_demonstrators() -> None:
    assert distance(GRID, 0.0, density(BETA)) > 0.25


def test_resampled_candidates_follow_the_exact_tilt(quick: tuple[FlowPolicy, Floats]) -> None:
    model, returns = quick
    actions, agent = acted(model, FactorisedTilt(BETA, candidates=32), returns, 3000)
    assert distance(actions, BETA) < 0.1
    exact = (
        32
        * np.square(density(0.0) @ np.exp(brought(GRID)))
        / (density(0.0) @ np.exp(2 * BETA * brought(GRID)))
    )
    assert agent.effective_samples.mean() == pytest.approx(exact, rel=0.1)


def test_returns_drawn_from_the_tilted_head_give_the_exact_tilt(
    quick: tuple[FlowPolicy, Floats],
) -> None:
    model, returns = quick
    actions, _ = acted(model, ExponentialTilt(BETA, per="step"), returns, 4000)
    assert distance(actions, BETA) < 0.1
    assert distance(asked(model, 4000, spread=1.0), BETA) < 0.1


@pytest.mark.slow
def test_more_training_comes_closer_and_returns_must_fill_their_bins() -> None:
    model, _ = fitted(updates=1500, batch=512, width=64, learning_rate=4e-3)
    actions, weights = weighted(model, 20_000)
    assert distance(actions, BETA, weights) < 0.05
    assert 1.0 / np.square(weights).sum() / len(weights) == pytest.approx(0.71, abs=0.03)
    filled, centred = (distance(asked(model, 20_000, spread), BETA) for spread in (1.0, 0.0))
    assert filled < 0.05
    assert filled < 0.6 * centred
