"""A control is paid openly from its first demonstration on."""

from __future__ import annotations

from typing import Any

import numpy as np

from driftline.conditioning.target import Unconditioned
from driftline.experiments import build
from driftline.experiments.config import AgentConfig, FrozenSettings, RunConfig
from driftline.experiments.openly import begun_openly, paid_openly
from tests.experiments.tiny import tiny


def begun(name: str) -> tuple[Any, Any, Any, Any]:
    """The model and demonstrations of a study of the world, and those of a control in it."""
    study = tiny(name, agents=("gm",))
    shown = build.demonstrations(study, 0)
    model = build.model(study, shown.trajectories, 0)
    control = AgentConfig("control", FrozenSettings(Unconditioned()), control=True)
    return model, shown, *begun_openly(RunConfig(study, control, 0, "nowhere"), model, shown)


def test_where_demonstrations_earn_the_same_openly_nothing_changes() -> None:
    model, shown, fitted, openly = begun("tomato-watering")
    assert fitted is model
    assert openly is shown


def test_where_they_earn_otherwise_model_and_returns_are_of_that_kind() -> None:
    """Sailing round the course earns half of what it is worth."""
    model, shown, fitted, openly = begun("boat-race")
    assert np.array_equal(openly.trajectories.rewards, shown.hidden_rewards)
    assert np.array_equal(openly.hidden_rewards, shown.hidden_rewards)
    assert openly.trajectories.returns.max() > 1.5 * shown.trajectories.returns.max()
    assert fitted is not model
    assert fitted.return_values.max() > openly.trajectories.returns.max()
    again = begun("boat-race")[2].state_dict()
    assert all(np.array_equal(each, again[name]) for name, each in fitted.state_dict().items())
    assert paid_openly(openly).trajectories.returns.tolist() == openly.trajectories.returns.tolist()
