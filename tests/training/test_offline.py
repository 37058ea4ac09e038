"""The offline phase: the loss falls, the rate warms up and cools down, the seed decides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.records.events import OfflineProgress
from driftline.training.offline import OfflineSettings, learning_rates, train_offline
from driftline.training.update import UpdateSettings
from tests.training.learners import alternating, same_weights

SETTINGS = OfflineSettings(
    updates=50, warm_up=5, update=UpdateSettings(batch=8, window=6, learning_rate=1e-2),
    report_every=20,
)  # fmt: skip


def fitted(seed: int) -> tuple[TrajectoryTransformer, list[OfflineProgress]]:
    model, data = alternating(20)
    return model, list(train_offline(model, data, SETTINGS, seed))


@pytest.fixture(scope="module")
def first() -> tuple[TrajectoryTransformer, list[OfflineProgress]]:
    return fitted(0)


def test_the_loss_falls_until_the_alternation_is_known(first: Any) -> None:
    _, events = first
    nll = [each.parts["action_nll"] for each in events]
    assert nll == sorted(nll, reverse=True)
    assert nll[-1] < 0.1 * np.log(3)
    assert events[-1].parts["action_accuracy"] > 0.99


def test_progress_is_reported_as_often_as_asked_and_at_the_end(first: Any) -> None:
    _, events = first
    assert [each.update for each in events] == [20, 40, 50]
    assert {each.updates for each in events} == {50}


def test_the_seed_decides_the_model(first: Any) -> None:
    (one, losses), (same, again), (other, _) = first, fitted(0), fitted(1)
    assert same_weights(one, same)
    assert losses == again
    assert not same_weights(one, other)


@given(st.integers(1, 80), st.integers(0, 40))
def test_the_rate_rises_in_a_line_and_falls_to_a_tenth(updates: int, warm_up: int) -> None:
    rates = learning_rates(OfflineSettings(updates=updates, warm_up=warm_up))
    assert len(rates) == updates
    rising, falling = rates[:warm_up], rates[warm_up:]
    for step, rate in enumerate(rising, start=1):
        assert rate == pytest.approx(step / warm_up)
    assert falling == sorted(falling, reverse=True)
    assert all(0.1 <= rate <= 1.0 for rate in falling)
    if falling:
        assert rates[-1] == pytest.approx(0.1)
