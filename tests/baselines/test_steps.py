"""Steps are those of the episodes, ends where they ended, and the oldest make room."""

from __future__ import annotations

import numpy as np
import torch

from driftline.baselines.steps import Drawn, Steps
from driftline.spaces.specs import ContinuousActionSpec, VectorSpec
from tests.baselines.test_off_policy import trajectories

BOX = ContinuousActionSpec((-2.0,), (2.0,))


def every(steps: Steps) -> Drawn:
    """Each of the steps that are kept, in the order of their rewards."""
    drawn = steps.draw(3000, np.random.default_rng(0))
    _, first = np.unique(drawn.rewards.numpy()[:, 0], return_index=True)
    return Drawn(**{name: each[first] for name, each in vars(drawn).items()})


def test_each_step_is_followed_by_what_was_seen_next() -> None:
    steps = Steps(100, VectorSpec(1), BOX)
    steps.add(trajectories((3, 2, 4)))
    found = every(steps)
    assert len(steps) == steps.added == 9
    assert found.rewards[:, 0].tolist() == list(range(9))
    assert found.observations[:, 0].tolist() == [0, 1, 2, 4, 5, 7, 8, 9, 10]
    assert torch.equal(found.following, found.observations + 1)
    assert found.ended[:, 0].tolist() == [0, 0, 1, 0, 0, 0, 0, 0, 1]  # the second was cut off
    assert torch.allclose(found.actions[:, 0], torch.linspace(-1.0, 1.0, 9))


def test_the_oldest_make_room() -> None:
    steps, once = Steps(10, VectorSpec(1), BOX), Steps(10, VectorSpec(1), BOX)
    for _ in range(2):
        steps.add(trajectories((4, 3)))
    assert (len(steps), steps.added) == (10, 14)
    draws = steps.draw(3000, np.random.default_rng(0)).rewards[:, 0]
    counts = np.bincount(draws.int().numpy(), minlength=7) / 3000
    # Of the first seven the last three are left beside all of the second seven.
    assert np.allclose(counts[:4], 0.1, atol=0.02)
    assert np.allclose(counts[4:], 0.2, atol=0.03)
    once.add(trajectories((20,)))
    assert every(once).rewards[:, 0].tolist() == list(range(10, 20))
