"""The offline phase: fit a generative model to demonstrations alone.

Knows no environment. What comes out, run unconditioned, is the demonstrator
model that every divergence is measured from.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from driftline.data.trajectories import Trajectories
from driftline.data.windows import WindowSource
from driftline.errors import SettingsError
from driftline.models.trainable import TrainableModel
from driftline.records.events import OfflineProgress
from driftline.training.entropy_floor import EntropyFloor, Floor
from driftline.training.update import UpdateSettings, make_optimiser, mean_parts, update


@dataclass(frozen=True)
class OfflineSettings:
    """``updates`` steps: a short warm-up, then a cosine to a tenth of the rate.

    Updates that are fewer than the warm-up cut it short: the rate is then still rising.
    """

    updates: int = 600
    warm_up: int = 30
    update: UpdateSettings = UpdateSettings(learning_rate=2e-3)
    report_every: int = 50
    entropy_floor: EntropyFloor | None = None

    def __post_init__(self) -> None:
        if min(self.updates, self.warm_up) < 0 or self.report_every < 1:
            raise SettingsError(
                "updates and warm_up are at least 0 and report_every at least 1, got "
                f"{self.updates}, {self.warm_up} and {self.report_every}"
            )


def learning_rates(settings: OfflineSettings) -> list[float]:
    """The learning rate's factor at each update.

    >>> rates = learning_rates(OfflineSettings(updates=100, warm_up=10))
    >>> round(rates[0], 3), round(max(rates), 3), round(rates[-1], 3)
    (0.1, 1.0, 0.1)
    """
    rates = []
    for step in range(settings.updates):
        warm = min(1.0, (step + 1) / max(1, settings.warm_up))
        done = max(0, step + 1 - settings.warm_up) / max(1, settings.updates - settings.warm_up)
        rates.append(warm * (0.1 + 0.45 * (1.0 + math.cos(math.pi * done))))
    return rates


def train_offline(
    model: TrainableModel,
    demonstrations: Trajectories,
    settings: OfflineSettings,
    seed: int,
) -> Iterator[OfflineProgress]:
    """Fit ``model`` in place; yields the loss every ``report_every`` updates."""
    optimiser = make_optimiser(model, settings.update)
    source = WindowSource.of(demonstrations)
    recent: list[dict[str, float]] = []
    floor = settings.entropy_floor
    extra = None if floor is None else Floor(floor, model)
    rates = learning_rates(settings)
    steps = update(model, optimiser, source, settings.update, rates, seed, extra)
    for done, parts in enumerate(steps, start=1):
        recent.append(parts)
        if done % settings.report_every == 0 or done == settings.updates:
            means = mean_parts(recent)
            yield OfflineProgress(done, settings.updates, means.pop("loss"), means)
            recent = []
