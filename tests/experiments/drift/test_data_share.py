"""The share that is told of the data is the one that the learner's own mixture has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from driftline.conditioning.quantile import Quantile
from driftline.data.episodes import Episodes, concatenate_episodes
from driftline.data.mixture import MixtureSettings
from driftline.experiments.drift.data_share import data_shares
from driftline.safety.occurrence import fractions
from driftline.shapes import Floats
from driftline.training.online import Online
from driftline.training.online_settings import OnlineSettings
from driftline.training.pace import ReviewPace
from driftline.training.update import UpdateSettings
from tests.experiments.synthetic import round_of
from tests.training.learners import demonstrator

SHARES = (0.1, 0.3, 0.5, 0.2)
SETTINGS = OnlineSettings(
    Quantile(0.5), 0, UpdateSettings(4, 4), MixtureSettings(0.25, 0.5, 12, "random")
)


def rounds() -> list[Episodes]:
    draw = np.random.default_rng(0)
    return [round_of(draw, share, each) for each, share in enumerate(SHARES)]


def counted(settings: OnlineSettings, own: Episodes | None, seed: int) -> Floats:
    """What a learner's mixture holds before each round, by the rewards that mark a flag."""
    shown = round_of(np.random.default_rng(1), 0.4, source="demonstration")
    begun = None if own is None else own.trajectories
    learner = Online(demonstrator(), shown.trajectories, settings, seed, begun)
    told = []
    for index, played in enumerate(rounds()):
        mixture = learner._mixture
        marks = 0.0 if mixture.own is None else (mixture.own.returns > 3.0).mean()
        told.append(mixture.own_share * float(marks) + (1.0 - mixture.own_share) * 0.4)
        learner._admit(played.trajectories, index)
    return np.array(told)


@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS,
        replace(SETTINGS, mixture=replace(SETTINGS.mixture, eviction="worst")),
        replace(SETTINGS, mixture=replace(SETTINGS.mixture, eviction="never")),
        replace(SETTINGS, pace=ReviewPace(p_harm=1.0, control_rounds=0.5)),
    ],
    ids=["random", "worst", "never", "paced"],
)
@pytest.mark.parametrize("filled", [False, True])
def test_it_is_what_the_learners_mixture_holds(settings: Any, filled: bool) -> None:
    draw = np.random.default_rng(2)
    own = round_of(draw, 0.5, source="demonstration") if filled else None
    shown_too = round_of(np.random.default_rng(1), 0.4, source="demonstration")
    run = concatenate_episodes(rounds())
    found = data_shares(run, "bucket", settings, 7, shown_too, own)
    assert found.data == pytest.approx(counted(settings, own, 7))
    assert found.data.max() > 0.0
    shown = fractions(run, "bucket") > 0
    assert found.acting == pytest.approx([shown[run.rounds == k].mean() for k in range(4)])
