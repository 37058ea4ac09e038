"""With a floor a policy keeps its entropy; without one it loses it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from driftline.conditioning.target import Unconditioned
from driftline.data.windows import WindowSource
from driftline.errors import CapabilityError, SettingsError
from driftline.models.action_distributions import entropy
from driftline.training.entropy_floor import EntropyFloor, Floor
from driftline.training.online import Online, OnlineSettings
from driftline.training.update import UpdateSettings
from tests.training.learners import ONLINE, alternating, experience, online


def fitted(floor: EntropyFloor | None) -> float:
    """Mean entropy after learning from players who do 0 and 1 in turn; log 3 is the most."""
    model, shown = alternating(24)
    settings = OnlineSettings(Unconditioned(), 150, UpdateSettings(8, 6, 1e-2), entropy_floor=floor)
    learner = Online(model, shown, settings, 3)
    list(learner._steps(0))
    windows = WindowSource.of(shown).whole(np.arange(len(shown)))
    with torch.inference_mode():
        known = learner._model.window_distributions(windows, True)
    return float(entropy(model.action, known[torch.from_numpy(windows.valid)]).mean())


def test_the_floor_holds_and_without_it_the_entropy_falls() -> None:
    floor = 0.9 * np.log(3.0)
    assert fitted(None) < 0.3
    assert fitted(EntropyFloor(floor)) == pytest.approx(floor, abs=0.08)


def test_a_floor_that_is_kept_anyway_costs_nothing() -> None:
    learner = online(replace(ONLINE, entropy_floor=EntropyFloor(0.0)))
    told = learner.learn(experience(learner), 0)
    assert told["entropy_multiplier"] == 0.0
    assert told["entropy"] > 0.0


def test_the_multiplier_is_stored() -> None:
    settings = replace(ONLINE, entropy_floor=EntropyFloor(2.0))
    learner, other = online(settings), online(settings)
    told = learner.learn(experience(learner), 0)
    assert told["entropy_multiplier"] > 0.0
    values = learner.state()[1]
    other.restore(*learner.state(), [experience(online(settings)).trajectories])
    assert other.state()[1]["entropy_multiplier"] == values["entropy_multiplier"] > 0.0


def test_a_model_without_a_density_has_no_floor() -> None:
    with pytest.raises(CapabilityError, match="HasDensity"):
        Floor(EntropyFloor(1.0), object())
    with pytest.raises(SettingsError, match="a floor of nan"):
        EntropyFloor(float("nan"))
    with pytest.raises(SettingsError, match="first_multiplier is 0 or more"):
        EntropyFloor(1.0, first_multiplier=-0.1)


def test_a_floor_that_is_negative_spares_a_policy_that_is_wider() -> None:
    """Differential entropies are; the multiplier falls from where it began."""
    settings = replace(ONLINE, entropy_floor=EntropyFloor(-3.0, 0.01, first_multiplier=0.5))
    learner = online(settings)
    told = learner.learn(experience(learner), 0)
    assert 0.0 < told["entropy_multiplier"] < 0.5
