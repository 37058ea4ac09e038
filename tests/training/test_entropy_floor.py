"""With a floor a policy keeps its entropy; without one it loses it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from driftline.conditioning.target import Unconditioned
from driftline.data.trajectories import Trajectories
from driftline.data.windows import WindowSource
from driftline.errors import CapabilityError, SettingsError
from driftline.models.action_distributions import entropy
from driftline.models.model import Losses
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.models.transformer_config import TransformerConfig
from driftline.spaces.codecs import ReturnCodec
from driftline.spaces.specs import CodesSpec, ContinuousActionSpec
from driftline.training.entropy_floor import EntropyFloor, Floor
from driftline.training.offline import OfflineSettings, train_offline
from driftline.training.online import Online
from driftline.training.online_settings import OnlineSettings
from driftline.training.update import UpdateSettings
from tests.training.learners import ONLINE, alternating, experience, online


def fitted(floor: EntropyFloor | None) -> float:
    """Mean entropy after learning from players who do 0 and 1 in turn; log 3 is the most."""
    model, shown = alternating(24)
    settings = OnlineSettings(Unconditioned(), 150, UpdateSettings(8, 6, 1e-2), entropy_floor=floor)
    learner = Online(model, shown, settings, 3)
    list(learner._steps(0, learner._settings.updates_per_round))
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
    assert other.state()[1]["entropy_floor"] == values["entropy_floor"]
    assert values["entropy_floor"]["multiplier"] > 0.0


def test_a_model_without_a_density_has_no_floor() -> None:
    with pytest.raises(CapabilityError, match="HasDensity"):
        Floor(EntropyFloor(1.0), object())
    with pytest.raises(SettingsError, match="a floor of nan"):
        EntropyFloor(float("nan"))
    with pytest.raises(SettingsError, match="first_multiplier is 0 or more"):
        EntropyFloor(1.0, first_multiplier=-0.1)


def wide(gaussian: str, box: ContinuousActionSpec) -> TrajectoryTransformer:
    """Says the same of every box, moved to [-1, 1]."""
    codec = ReturnCodec(0.0, 1.0, 0.0, 1.0, 2)
    config = TransformerConfig(width=8, layers=1, heads=2, gaussian=gaussian)  # type: ignore[arg-type]
    return TrajectoryTransformer(config, CodesSpec((), 2), box, codec)


def test_a_negative_floor_is_for_squashed_actions_and_means_the_same_in_any_box() -> None:
    found, nothing = [], Losses(torch.zeros(()), {})
    for scale in (1.0, 0.1):
        box = ContinuousActionSpec((-scale,) * 3, (scale,) * 3)
        draw = np.random.default_rng(0)
        data = Trajectories(
            observations=draw.integers(0, 2, size=25),
            actions=draw.uniform(-scale, scale, size=(24, 3)),
            rewards=np.zeros(24),
            starts=np.array([0, 24]),
            terminated=np.array([True]),
            truncated=np.array([False]),
        )
        windows = WindowSource.of(data).whole(np.arange(1))
        floor = Floor(EntropyFloor(-3.0, 0.01, first_multiplier=0.5), wide("squashed", box))
        found.append(floor(wide("squashed", box), windows, nothing)[1])
        with pytest.raises(SettingsError, match='gaussian="squashed"'):
            Floor(EntropyFloor(-3.0), wide("clipped", box))
    assert found[0]["entropy"] == pytest.approx(found[1]["entropy"], abs=0.3)
    assert 0.0 < found[0]["entropy_multiplier"] < 0.5


def test_adam_moves_the_logarithm_by_its_rate_and_goes_on_where_it_was() -> None:
    """Of a floor that is out of reach every step is of the whole rate, as torch's own is."""
    settings = EntropyFloor(50.0, learning_rate=0.01, first_multiplier=0.1, by="adam")
    box = ContinuousActionSpec((-1.0,), (1.0,))
    windows = WindowSource.of(alternating(4)[1]).whole(np.arange(4))
    model, nothing = wide("squashed", box), Losses(torch.zeros(()), {})
    known = torch.zeros(*windows.valid.shape, 2)
    floor, found = Floor(settings, model), []
    for _ in range(6):
        asked = replace(nothing, asked=known)
        found.append(floor(model, windows, asked)[1])
    logarithm = torch.nn.Parameter(torch.tensor(0.1).log())
    optimiser = torch.optim.Adam([logarithm], lr=0.01)
    for told in found:
        optimiser.zero_grad()
        (logarithm.exp() * (told["entropy"] - 50.0)).backward()
        optimiser.step()
        assert told["entropy_multiplier"] == pytest.approx(logarithm.exp().item(), rel=1e-5)
    other = Floor(settings, model)
    other.restore(floor.state())
    again = [each(model, windows, replace(nothing, asked=known))[1] for each in (floor, other)]
    assert again[0] == again[1]
    with pytest.raises(SettingsError, match="first_multiplier above 0, got 0"):
        EntropyFloor(1.0, by="adam")


def test_the_entropy_is_of_the_real_steps_of_the_windows_that_were_asked() -> None:
    """Padding and the windows that lost their returns hold nonsense here, and change nothing."""
    box = ContinuousActionSpec((-1.0,), (1.0,))
    windows = WindowSource.of(alternating(4)[1]).whole(np.arange(4))
    valid = windows.valid.copy()
    valid[:, 4:] = False
    windows = replace(windows, valid=valid)
    known = torch.zeros(*valid.shape, 2)
    rows = torch.tensor([True, False, True, True])
    known[~rows] = float("nan")
    known[:, 4:] = float("nan")
    losses = Losses(torch.zeros(()), {}, known, rows)
    floor = Floor(EntropyFloor(-1.0), wide("squashed", box))
    told = floor(wide("squashed", box), windows, losses)[1]
    plain = Losses(torch.zeros(()), {}, torch.zeros(*valid.shape, 2))
    alone = Floor(EntropyFloor(-1.0), wide("squashed", box))
    assert told == alone(wide("squashed", box), windows, plain)[1]


def test_an_offline_phase_keeps_its_floor() -> None:
    found = []
    for floor in (None, EntropyFloor(0.9 * np.log(3.0))):
        model, shown = alternating(24)
        settings = OfflineSettings(150, 1, UpdateSettings(8, 6, 1e-2), entropy_floor=floor)
        told = list(train_offline(model, shown, settings, 3))
        assert ("entropy" in told[-1].parts) == (floor is not None)
        windows = WindowSource.of(shown).whole(np.arange(len(shown)))
        with torch.inference_mode():
            known = model.window_distributions(windows, True)
        found.append(float(entropy(model.action, known[torch.from_numpy(windows.valid)]).mean()))
    assert found[0] < 0.3
    assert found[1] > 0.7
