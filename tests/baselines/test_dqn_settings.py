"""Settings that no run could use are refused where they are made."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.baselines.dqn_settings import DQNSettings
from driftline.errors import SettingsError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", 0.0),
        ("last_learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("buffer_size", 0),
        ("learning_starts", -1),
        ("fewest_steps", -1),
        ("steps_per_update", 0),
        ("batch", 0),
        ("target_every", 0),
        ("first_epsilon", 1.1),
        ("last_epsilon", 0.0),
        ("exploration_share", 0.0),
        ("exploration_share", 1.5),
        ("decay_share", 0.0),
        ("decay_share", 1.2),
        ("discount", 0.0),
        ("discount", 1.01),
        ("gradient_norm", 0.0),
        ("width", 0),
        ("layers", 0),
    ],
)
def test_a_value_out_of_range_is_named(name: str, value: Any) -> None:
    with pytest.raises(SettingsError, match=name):
        DQNSettings(**{name: value})


def test_another_way_to_learn_is_refused() -> None:
    program = """
import driftline.errors
from driftline.baselines.dqn_settings import DQNSettings
try:
    DQNSettings(learn_from="imagined")
except driftline.errors.UnknownNameError as refusal:
    print(refusal)
"""
    # Apart from the tests' own check of annotations, which would refuse it first.
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert b"unknown learn_from 'imagined'; the learn_froms are asked, executed" in said.stdout


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.05, 1.0))
def test_exploration_falls_from_first_to_last_and_stays(
    one: float, other: float, share: float
) -> None:
    settings = DQNSettings(exploration_share=share)
    early, late = sorted((one, other))
    assert settings.epsilon(0.0) == settings.first_epsilon
    assert settings.epsilon(early) >= settings.epsilon(late) >= settings.last_epsilon
    if late >= share:
        assert settings.epsilon(late) == settings.last_epsilon
