"""A learnt tilt against the exact one: exact for an exact model, near for a trained one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from driftline.data.windows import WindowSource
from driftline.exact.divergences import total_variation
from driftline.exact.reweighted import trajectory_tilt
from driftline.experiments.targets.figures import learnt as figures
from driftline.experiments.targets.learnt import (
    every_trajectory,
    every_window,
    learnt,
    likelihood,
    weighed,
)
from driftline.experiments.targets_config import LearntSettings
from tests.agents.exactly import small_tree


def test_every_trajectory_is_there_once_with_its_return_and_likelihood() -> None:
    tree, policy, model = small_tree(4, depth=3, actions=3)
    data, windows = every_trajectory(tree), every_window(tree)
    assert len({tuple(row) for row in windows.actions.tolist()}) == len(tree.leaves) == 27
    np.testing.assert_allclose(data.returns, tree.leaf_returns)
    np.testing.assert_allclose(WindowSource.of(data).returns_to_go, windows.returns_to_go.ravel())
    known = likelihood(model.window_distributions(windows, False), windows)
    np.testing.assert_allclose(known, tree.log_probabilities(policy))


@pytest.mark.parametrize("beta", [0.25, 1.0])
def test_of_an_exact_model_the_weighed_tilt_is_exact(beta: float) -> None:
    tree, policy, model = small_tree(5, depth=3, actions=3)
    found = weighed(model, every_window(tree), beta)
    assert total_variation(found, trajectory_tilt(tree, policy, beta)) < 1e-9


def small(sizes: tuple[int, ...], updates: int) -> dict[str, Any]:
    return learnt(LearntSettings(sizes=sizes, betas=(0.5,), updates=updates), 0)


def test_more_training_comes_nearer_and_is_drawn() -> None:
    barely, more = (small((2_000,), updates)["rows"][0] for updates in (2, 60))
    for name in ("weighed", "imitated"):
        assert more[name] < barely[name]
    assert more["counted"] == barely["counted"] < 0.1
    result = {"leaves": 64, "updates": 60, "rows": [more]}
    assert len(figures.draw(result).axes) == 1
    assert f"{more['weighed']:.3f} at beta 0.5" in figures.caption(result)


@pytest.mark.slow
def test_enough_data_brings_the_weighed_tilt_within_a_twentieth() -> None:
    settings = LearntSettings(sizes=(64_000,))
    for row in learnt(settings, 0)["rows"]:
        assert row["weighed"] < 0.05
