"""Settings that no run could use are refused where they are made."""

from __future__ import annotations

import pytest

from driftline.baselines.ppo_settings import PPOSettings
from driftline.errors import SettingsError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("fewest_steps", -1),
        ("iteration_steps", 0),
        ("epochs", 0),
        ("minibatches", 0),
        ("smallest_batch", 1),
        ("target_kl", 0.0),
        ("first_entropy", -0.1),
        ("last_entropy", -0.1),
        ("exploration_share", 0.0),
        ("value_coefficient", -0.1),
        ("discount", 0.0),
        ("discount", 1.01),
        ("trace", -0.1),
        ("trace", 1.5),
        ("clip", 0.0),
        ("gradient_norm", 0.0),
        ("width", 0),
        ("layers", 0),
    ],
)
def test_a_value_out_of_range_is_named(name: str, value: float) -> None:
    with pytest.raises(SettingsError, match=name):
        PPOSettings(**{name: value})


def test_the_ends_of_the_ranges_are_allowed() -> None:
    settings = PPOSettings(discount=1.0, trace=0.0, first_entropy=0.0, target_kl=None)
    assert settings.target_kl is None
