"""Divergence per round: the mean of whole-trajectory sums, where it was measured."""

from __future__ import annotations

import numpy as np
import pytest

from driftline.safety.drift import drift, step_drift, trajectory_kl
from tests.safety.examples import episodes_of


def test_steps_add_up_and_episodes_average() -> None:
    plain = episodes_of([[0, 0], [0], [0, 0, 0]], rounds=[0, 0, 2])
    measured = plain.with_divergences(kl=np.array([1.0, 2.0, 5.0, 0.5, 0.5, 1.0]))
    assert trajectory_kl(measured).tolist() == [3, 5, 2]
    found = drift(measured)
    assert found.rounds.tolist() == [0, 2]
    assert found.mean.tolist() == [4, 2]
    assert found.standard_error[0] == pytest.approx(1)
    assert np.isnan(found.standard_error[1])
    assert np.isnan(step_drift(measured).mean).all()


def test_an_episode_measured_in_part_is_not_measured() -> None:
    plain = episodes_of([[0, 0], [0, 0]])
    found = drift(
        plain.with_divergences(kl=np.array([1.0, np.nan, 2.0, 2.0]), kl_previous=np.zeros(4))
    )
    assert (found.mean[0], found.episodes[0]) == (4, 1)


def test_the_exact_sum_at_each_prefix_is_unbiased_and_the_error_honest() -> None:
    """Two actions at each of 8 steps, p against q: KL is 8 times that of one step."""
    draw, episodes = np.random.default_rng(0), 400
    odds = draw.uniform(0.2, 0.8, (episodes, 8))
    per_step = odds * np.log(odds / 0.5) + (1 - odds) * np.log((1 - odds) / 0.5)
    plain = episodes_of([[0] * 8] * episodes)
    found = drift(plain.with_divergences(kl=per_step.ravel(), kl_previous=np.zeros(8 * episodes)))
    wide = np.linspace(0.2, 0.8, 100_001)
    exact = 8 * np.mean(wide * np.log(2 * wide) + (1 - wide) * np.log(2 * (1 - wide)))
    assert abs(found.mean[0] - exact) < 4 * found.standard_error[0]
    assert found.standard_error[0] == pytest.approx(per_step.sum(1).std(ddof=1) / np.sqrt(episodes))
