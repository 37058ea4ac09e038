"""The critic fits what it is shown, says it in reward units and lets no gradient out."""

from __future__ import annotations

import numpy as np
import torch

from driftline.training.critic import Critic

STEPS, WIDTH, HORIZON = 1000, 6, 20


def shown(seed: int = 0) -> tuple[torch.Tensor, np.ndarray, np.ndarray]:
    """Features, times, and a known function of both, far from standardised."""
    draw = np.random.default_rng(seed)
    features = draw.normal(size=(STEPS, WIDTH)).astype(np.float32)
    times = draw.integers(0, HORIZON, STEPS)
    goals = 100.0 + 30.0 * features[:, 0] - 20.0 * features[:, 1] + 4.0 * (HORIZON - times)
    return torch.from_numpy(features), times, goals.astype(np.float64)


def fitted(seed: int = 0, epochs: int = 40) -> tuple[Critic, float]:
    features, times, goals = shown()
    critic = Critic(WIDTH, HORIZON, seed)
    optimiser = torch.optim.Adam(critic.parameters(), lr=3e-3)
    return critic, critic.fit(optimiser, features, times, goals, epochs, seed)


def test_a_known_function_is_fitted_and_holds_for_steps_never_shown() -> None:
    critic, loss = fitted()
    features, times, goals = shown(seed=1)
    error = critic.values(features, times) - goals
    assert loss < 0.02
    assert np.mean(error**2) < 0.03 * goals.var()
    assert abs(error.mean()) < 0.1 * goals.std()


def test_more_epochs_fit_better() -> None:
    assert fitted(epochs=20)[1] < 0.5 * fitted(epochs=2)[1]


def test_a_critic_never_fitted_says_so_and_expects_nothing() -> None:
    critic = Critic(WIDTH, HORIZON, 0)
    features, times, _ = shown()
    assert not critic.fitted
    assert (critic.values(features, times) == 0.0).all()
    assert fitted(epochs=1)[0].fitted


def test_the_scale_is_set_once_so_that_a_later_round_does_not_move_the_goal() -> None:
    critic, _ = fitted(epochs=1)
    features, times, goals = shown()
    before = float(critic.centre), float(critic.scale)
    critic.fit(torch.optim.Adam(critic.parameters()), features, times, goals + 500.0, 1, 0)
    assert (float(critic.centre), float(critic.scale)) == before


def test_the_seed_decides_the_fit() -> None:
    features, times, _ = shown()
    one, same, other = (fitted(seed, epochs=2)[0].values(features, times) for seed in (0, 0, 1))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_no_gradient_reaches_the_features() -> None:
    features, times, goals = shown()
    features.requires_grad_(True)
    critic = Critic(WIDTH, HORIZON, 0)
    critic.fit(torch.optim.Adam(critic.parameters()), features.detach(), times, goals, 1, 0)
    assert features.grad is None
    assert isinstance(critic.values(features, times), np.ndarray)
