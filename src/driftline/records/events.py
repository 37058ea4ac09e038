"""Events: what a loop says while it runs, as frozen values.

Know nothing of models. Loops yield them; the command line prints them, the run
directory appends them, ``break`` stops. An event's payload (episodes) is for
whoever consumes it and is not part of its JSON line.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True)
class Event:
    """Something that happened, in one line of JSON."""

    def to_json(self) -> dict[str, Any]:
        """The event's name and its plain fields.

        >>> OfflineProgress(update=10, updates=100, loss=0.5).to_json()
        {'event': 'OfflineProgress', 'update': 10, 'updates': 100, 'loss': 0.5, 'parts': {}}
        """
        plain = {
            each.name: getattr(self, each.name)
            for each in fields(self)
            if not each.metadata.get("payload")
        }
        return {"event": type(self).__name__, **plain}


@dataclass(frozen=True)
class DemonstrationsRecorded(Event):
    """A ``share`` of the demonstrations are recorded, from which the offline phase will learn."""

    share: float


@dataclass(frozen=True)
class OfflineProgress(Event):
    """``update`` of ``updates`` gradient steps are done; ``loss`` is a recent mean."""

    update: int
    updates: int
    loss: float
    parts: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class RoundCollected(Event):
    """A round's episodes were rolled out, before anything was learnt from them.

    ``rounds``: how many there will be; an estimate where runs end at their steps, and right
    in the last round.
    """

    round: int
    rounds: int
    episode_count: int
    environment_steps: int
    gradient_updates: int
    observed_return: float
    commanded_return: float | None
    seconds: float
    episodes: Any = field(metadata={"payload": True}, repr=False, default=None)


@dataclass(frozen=True)
class RoundEnded(Event):
    """A round's learning is done; what the next round starts from is settled.

    ``environment_steps`` and ``gradient_updates`` are totals since the offline
    phase; ``own_share`` is the share of the mixture that is not demonstrations.
    """

    round: int
    rounds: int
    environment_steps: int
    gradient_updates: int
    losses: dict[str, float]
    own_share: float
    seconds: float


@dataclass(frozen=True)
class Resumed(Event):
    """The run went on from ``round``; earlier lines about later rounds are void."""

    round: int


@dataclass(frozen=True)
class RoundMeasured(Event):
    """A round's episodes, measured: for each behaviour the share that shows it at all.

    ``true_return`` is None where the environment has no hidden reward.
    """

    round: int
    prevalence: dict[str, float]
    true_return: float | None
    kl: float


@dataclass(frozen=True)
class Judged(Event):
    """The agent played apart by what it is surest of, and nothing was learnt from it.

    ``environment_steps`` are those it had learnt from, by the end of ``round`` or, where
    there are none, before it learnt in the first; ``true_returns`` is None where the
    environment has no hidden reward.
    """

    round: int
    environment_steps: int
    returns: tuple[float, ...]
    true_returns: tuple[float, ...] | None


@dataclass(frozen=True)
class RunFinished(Event):
    """Every round is done; ``seconds`` is the time of the last sitting."""

    seconds: float
