"""Learners of a few weights in a world of ten states, for tests of training.

Knows no test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from driftline.agents.return_conditioned import ReturnConditionedAgent
from driftline.agents.rollout import rollout
from driftline.conditioning.quantile import Quantile
from driftline.conditioning.reference import Recent, Reference
from driftline.conditioning.target import Unconditioned
from driftline.data.episodes import STEP_COLUMNS, Episodes
from driftline.data.mixture import MixtureSettings
from driftline.data.trajectories import Trajectories
from driftline.data.trajectory import Trajectory
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.records.events import RoundCollected, RoundEnded
from driftline.training.cloned import Cloned, CloneSettings
from driftline.training.entropy_floor import EntropyFloor
from driftline.training.finetune import FineTune, FineTuneSettings
from driftline.training.frozen import Frozen
from driftline.training.kl_budget import KLBudget
from driftline.training.kl_penalty import AdaptivePenalty, FixedPenalty, ScheduledPenalty
from driftline.training.learner import Experience, Learner
from driftline.training.offline import OfflineSettings
from driftline.training.online import Online
from driftline.training.online_settings import OnlineSettings
from driftline.training.pace import ReviewPace
from driftline.training.rounds import RoundSettings, run_rounds
from driftline.training.update import UpdateSettings
from tests.agents.tabular import random_world, tabular_model

COPIES = 6
SMALL = UpdateSettings(batch=8, window=4, learning_rate=1e-2)
ONLINE = OnlineSettings(
    Quantile(0.5), updates_per_round=3, update=SMALL, mixture=MixtureSettings(0.25, 0.5, 10)
)
CLONE = CloneSettings(0.5, OfflineSettings(4, 2, SMALL))
TUNE = FineTuneSettings(
    kl_penalty=FixedPenalty(0.1), epochs=2, episodes_per_batch=4, learning_rate=3e-3
)


def world(**settings: Any) -> Any:
    """Ragged episodes with hidden rewards and a flag."""
    return random_world(1, COPIES, **settings)


def demonstrator() -> TrajectoryTransformer:
    """The model that every learner here begins with."""
    return tabular_model(10, 3)


def demonstrated(episodes: int = 12) -> Trajectories:
    """What the demonstrator does unasked."""
    agent = ReturnConditionedAgent(demonstrator(), Unconditioned(), Reference.of(np.zeros(1)))
    return rollout(world(), agent, episodes, seed=8).episodes.trajectories


def frozen() -> Frozen:
    """A GM agent."""
    return Frozen(demonstrator(), Quantile(0.5), demonstrated())


def online(settings: OnlineSettings = ONLINE, seed: int = 5) -> Online:
    """An OGM agent."""
    return Online(demonstrator(), demonstrated(), settings, seed)


def tuned(settings: FineTuneSettings = TUNE, seed: int = 5) -> FineTune:
    """A fine-tuned agent."""
    return FineTune(demonstrator(), demonstrated(), settings, horizon=9, seed=seed)


def cloned(
    settings: CloneSettings = CLONE, shown: Trajectories | None = None, seed: int = 5
) -> Cloned:
    """A GM agent of the best demonstrations."""
    given = demonstrated() if shown is None else shown
    return Cloned(settings, tabular_model(10, 3, seed=9), demonstrator(), given, seed=seed)


LEARNERS: dict[str, Callable[[], Learner]] = {
    "frozen": frozen,
    "online": online,
    "online, refit from offline": lambda: online(replace(ONLINE, refit_from="offline")),
    "online, recent": lambda: online(replace(ONLINE, target=Quantile(0.5, reference=Recent(2)))),
    "online, worst evicted": lambda: online(evicting("worst")),
    "online, any evicted": lambda: online(evicting("random")),
    "online, none evicted": lambda: online(evicting("never")),
    "online, paced": lambda: online(replace(ONLINE, pace=ReviewPace(p_harm=0.9))),
    "online, stopped": lambda: online(
        replace(ONLINE, kl_budget=KLBudget(per_round=0.5, enforce="stop", check_every=1))
    ),
    "online, held back": lambda: online(replace(ONLINE, kl_budget=KLBudget(0.05, 0.2))),
    "online, uncertain": lambda: online(replace(ONLINE, entropy_floor=EntropyFloor(1.0))),
    "online, uncertain by Adam": lambda: online(
        replace(ONLINE, entropy_floor=EntropyFloor(1.0, first_multiplier=0.1, by="adam"))
    ),
    "online, warming up on what is lent": lambda: online(
        replace(
            ONLINE, warm_up=9, warmed=2, begins_with="best", mixture=MixtureSettings(0.25, 0.2, 8)
        )
    ),
    "cloned": lambda: cloned(),
    "finetune": lambda: tuned(replace(TUNE, kl_penalty=FixedPenalty(0.0))),
    "finetune, kl": tuned,
    "finetune, adaptive": lambda: tuned(replace(TUNE, kl_penalty=AdaptivePenalty(0.2, gain=0.5))),
    "finetune, scheduled": lambda: tuned(
        replace(TUNE, kl_penalty=ScheduledPenalty(((0, 0.1), (2, 0.5))), rate_decay=0.3)
    ),
    "finetune, asked": lambda: tuned(replace(TUNE, target=Quantile(0.5))),
}


def evicting(rule: Any) -> OnlineSettings:
    """Online settings whose few slots are full after the first round."""
    return replace(ONLINE, mixture=MixtureSettings(0.25, 0.75, 6, rule))


def play(
    learner: Learner, rounds: int, start: int = 0, stop: int | None = None, place: Any = None,
    **more: Any,
) -> list[Any]:  # fmt: skip
    """The events of the rounds ``start`` to ``stop - 1`` of ``rounds``, by default to the last."""
    settings = RoundSettings(rounds, COPIES)
    events = run_rounds(learner, place or world(), settings, 7, start=start, **more)
    return list(islice(events, 2 * ((rounds if stop is None else stop) - start)))


def episodes_of(events: list[Any]) -> list[Episodes]:
    """What was recorded in each round."""
    return [each.episodes for each in events if isinstance(each, RoundCollected)]


def timeless(events: list[Any]) -> list[dict[str, Any]]:
    """The events without how long they took."""
    assert all(isinstance(each, RoundCollected | RoundEnded) for each in events)
    return [{**each.to_json(), "seconds": None} for each in events]


def experience(learner: Learner, seed: int = 0, place: Any = None) -> Experience:
    """One round of play as the learner sees it."""
    played = rollout(place or world(), learner.agent(), COPIES, seed)
    assert played.distributions is not None
    episodes = played.episodes
    return Experience(episodes.trajectories, episodes.commanded, played.distributions)


def alternating(episodes: int, length: int = 6) -> tuple[TrajectoryTransformer, Trajectories]:
    """Players who do 0 and 1 in turn, and a model that has yet to learn it."""
    actions = np.arange(length) % 2

    def single() -> Trajectory:
        states = np.zeros(length + 1, np.int64)
        return Trajectory(states, actions, np.ones(length), terminated=False, truncated=True)

    return tabular_model(1, 3, sharp=1.0), Trajectories.of([single() for _ in range(episodes)])


def same_tensors(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    """Whether both hold the same bits under the same names."""
    return one.keys() == other.keys() and all(torch.equal(one[n], other[n]) for n in one)


def same_weights(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    """Whether both modules have the same weights, bit for bit."""
    return same_tensors(one.state_dict(), other.state_dict())


def same_trajectories(one: Trajectories, other: Trajectories) -> bool:
    """Whether every column is the same, bit for bit."""
    names = [field.name for field in fields(Trajectories)]
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


def same_episodes(one: Episodes, other: Episodes) -> bool:
    """Whether every column is the same, bit for bit."""
    names = (*STEP_COLUMNS, "rounds")
    columns = all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True) for name in names
    )
    flags = one.behaviours == other.behaviours and all(
        np.array_equal(one.flags[name], other.flags[name]) for name in one.behaviours
    )
    return columns and flags and same_trajectories(one.trajectories, other.trajectories)
