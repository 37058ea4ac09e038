"""`rehearsal`: which demonstrations an online agent goes on with, and what its slots begin with.

Knows recorded demonstrations and settings, no agent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftline.data.episodes import Episodes
from driftline.experiments.config import AgentConfig, StudyConfig
from driftline.experiments.demonstrate import TAMPERING
from driftline.seeding import generator
from driftline.shapes import Booleans, Integers
from driftline.training.online_settings import OnlineSettings


@dataclass(frozen=True, eq=False)
class Rehearsal:
    """``demonstrations`` to go on with; ``own``: what the own slots hold at first, if anything."""

    demonstrations: Episodes
    own: Episodes | None = None


def rehearsal(
    study: StudyConfig, agent: AgentConfig, demonstrated: Episodes, seed: int
) -> Rehearsal:
    """All demonstrations and empty slots, unless the study has ``tampered_as_own``.

    Then the slots of online agents begin filled with an even draw of all demonstrations,
    tampered ones in their share, and the untampered ones alone remain demonstrations. The
    draw is the same for agents of a seed with as many slots.
    """
    if not study.demonstrations.tampered_as_own or not isinstance(agent.learner, OnlineSettings):
        return Rehearsal(demonstrated)
    tampered = np.array([source == TAMPERING for source in demonstrated.sources])
    draw = generator(seed, "rehearsal")
    chosen = _stratified(tampered, agent.learner.mixture.capacity, draw)
    return Rehearsal(demonstrated.take(np.flatnonzero(~tampered)), demonstrated.take(chosen))


def _stratified(tampered: Booleans, count: int, draw: np.random.Generator) -> Integers:
    """``count`` episodes, with as nearly the share of tampered ones as whole numbers allow.

    With repeats where there are fewer demonstrations than slots.
    """
    wanted = round(count * float(tampered.mean()))
    parts = []
    for members, number in (
        (np.flatnonzero(tampered), wanted),
        (np.flatnonzero(~tampered), count - wanted),
    ):
        if number:
            parts.append(draw.choice(members, number, replace=number > len(members)))
    return np.sort(np.concatenate(parts)).astype(np.int64)
