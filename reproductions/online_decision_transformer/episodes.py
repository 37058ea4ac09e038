"""Settings, episodes and windows of the reference run of the online decision transformer.

Knows no model and no environment, and nothing of Driftline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence


@dataclass(frozen=True)
class Settings:
    """What was published for Hopper and data of the level medium.

    ``asked`` is the return that is asked for where the policy is judged, ``explored`` where it
    explores; ``updates`` are those after each episode of its own.
    """

    environment: str = "Hopper-v5"
    seed: int = 0
    width: int = 512
    layers: int = 4
    heads: int = 4
    context: int = 20
    acting_context: int = 5
    dropout: float = 0.1
    return_unit: float = 1_000.0
    batch: int = 256
    learning_rate: float = 1e-4
    weight_decay: float = 5e-4
    warm_up: int = 10_000
    gradient_norm: float = 0.25
    temperature: float = 0.1
    temperature_rate: float = 1e-4
    pretraining: int = 5_000
    updates: int = 300
    steps: int = 200_000
    replay: int = 1_000
    asked: float = 3_600.0
    explored: float = 7_200.0
    judge_every: int = 10_000
    judge_episodes: int = 10


class Episode(NamedTuple):
    """``states [T, S]``, ``actions [T, A]`` and ``returns [T, 1]``, those from each step on."""

    states: Tensor
    actions: Tensor
    returns: Tensor

    @classmethod
    def of(cls, states: Tensor, actions: Tensor, rewards: Tensor) -> Episode:
        """From rewards ``[T]``."""
        returns = rewards.double().flip(0).cumsum(0).flip(0).unsqueeze(1)
        return cls(states.float(), actions.float(), returns.float())

    @property
    def steps(self) -> int:
        """How long it is."""
        return len(self.actions)

    @property
    def whole(self) -> float:
        """Its return."""
        return float(self.returns[0])


def demonstrations(path: Path) -> list[Episode]:
    """Episodes from flat columns of S steps in E episodes.

    ``observations [S + E, ...]`` (the last of each episode too, at which nothing is done),
    ``actions [S, ...]``, ``rewards [S]`` and ``starts [E + 1]``, offsets into the steps.
    """
    with np.load(path) as file:
        starts = file["starts"].tolist()
        seen, done, paid = (
            torch.from_numpy(file[name]) for name in ("observations", "actions", "rewards")
        )
    return [
        Episode.of(seen[first + number : last + number], done[first:last], paid[first:last])
        for number, (first, last) in enumerate(pairwise(starts))
    ]


def windows(
    episodes: Sequence[Episode], settings: Settings, draw: np.random.Generator
) -> tuple[Episode, Tensor]:
    """A batch of windows ``[B, L, ...]`` and which of their steps are real, ``[B, L]``.

    An episode is as likely as it is long, and each of its steps to be the first. Windows that
    hang over the end are padded there, where a causal model does not look.
    """
    lengths = np.array([each.steps for each in episodes])
    chosen = draw.choice(len(episodes), settings.batch, p=lengths / lengths.sum())
    firsts = draw.integers(lengths[chosen])
    pieces = [
        [column[first : first + settings.context] for column in episodes[each]]
        for each, first in zip(chosen, firsts, strict=True)
    ]
    batch = Episode(*(pad_sequence(each, batch_first=True) for each in zip(*pieces, strict=True)))
    counts = torch.tensor([len(piece[0]) for piece in pieces])
    return batch, torch.arange(batch.states.shape[1]) < counts[:, None]
