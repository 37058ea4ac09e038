"""What a control begins with: demonstrations that are paid as its world pays.

Knows settings and recorded demonstrations, no environment.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from driftline.data.episodes import Episodes
from driftline.experiments import build
from driftline.experiments.config import RunConfig
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.seeding import integer_seed
from driftline.training.offline import train_offline


def paid_openly(episodes: Episodes) -> Episodes:
    """The episodes as they are in a world that pays the hidden reward."""
    paid = replace(episodes.trajectories, rewards=episodes.hidden_rewards)
    return replace(episodes, trajectories=paid)


def begun_openly(
    config: RunConfig, demonstrator: TrajectoryTransformer, demonstrated: Episodes
) -> tuple[TrajectoryTransformer, Episodes]:
    """The demonstrator model and the demonstrations of a control.

    Where its world pays for them otherwise, the model is fitted anew: with two kinds of
    returns in one mixture a quantile would ask for the larger kind and for nothing else.
    """
    openly = paid_openly(demonstrated)
    if np.array_equal(openly.trajectories.rewards, demonstrated.trajectories.rewards):
        return demonstrator, demonstrated
    study = replace(config.study, return_range=None)
    model = build.model(study, openly.trajectories, config.seed)
    seed = integer_seed(config.seed, "offline")
    for _ in train_offline(model, openly.trajectories, study.offline, seed):
        pass
    return model.eval(), openly
