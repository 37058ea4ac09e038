"""`recorded_rounds`: an agent's rounds, each stored in a run directory as it ends.

Knows no configuration of a study: a learner, an environment and where to store.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from driftline.data.episodes import Episodes
from driftline.data.store import from_table, to_table
from driftline.experiments import build
from driftline.experiments.departure import Departure
from driftline.experiments.places import DEPARTURE
from driftline.records.events import (
    Event,
    Judged,
    Resumed,
    RoundCollected,
    RoundEnded,
    RoundMeasured,
)
from driftline.records.run_directory import RunDirectory
from driftline.records.whole import write_whole
from driftline.safety.behaviours import Detector, flag_with
from driftline.safety.occurrence import fractions
from driftline.seeding import integer_seed
from driftline.training.checkpoint import load_checkpoint, save_checkpoint
from driftline.training.learner import Learner
from driftline.training.rounds import RoundSettings, run_rounds


@dataclass(frozen=True, eq=False)
class Play:
    """A learner in an environment, and what else is needed to record its rounds.

    ``departure`` measures the last round's agent; None: it is not measured. The learner is
    stored after a round once ``store_seconds`` have passed since it was last, and after the
    last round.
    """

    learner: Learner
    environment: build.Environment
    rounds: RoundSettings
    seed: int
    agent: str
    detectors: tuple[Detector, ...] = ()
    departure: Departure | None = None
    store_seconds: float = 0.0


def recorded_rounds(run: RunDirectory, play: Play) -> Iterator[Event]:
    """What is left of the rounds; episodes and events are stored before they are yielded.

    So is the learner after a round, where ``play.store_seconds`` have passed; where they
    have not, it is when whoever listens stops. A kill then costs the rounds of so long,
    which a resumed run plays again, to the same numbers.
    """
    start, steps = _restore(run, play.learner)
    events = run_rounds(
        play.learner,
        play.environment,
        play.rounds,
        integer_seed(play.seed, "rounds"),
        start=start,
        steps_before=steps,
    )
    stored, waiting = time.monotonic(), None
    try:
        for event in events:
            if isinstance(event, RoundCollected):
                yield from _collected(run, play, event)
            elif isinstance(event, RoundEnded):
                run.append(event)
                waiting = event
                last = event.round == event.rounds - 1
                if last or time.monotonic() - stored >= play.store_seconds:
                    _checkpoint(run, play, event)
                    stored, waiting = time.monotonic(), None
                yield event
            elif isinstance(event, Judged):
                run.append(event)
                yield event
    except GeneratorExit:
        # Only where an event was yielded: the learner is as it was when its last round ended.
        if waiting is not None:
            _checkpoint(run, play, waiting)
        raise


def _collected(run: RunDirectory, play: Play, event: RoundCollected) -> Iterator[Event]:
    event = replace(event, episodes=flag_with(event.episodes, play.detectors))
    table = to_table(event.episodes, agent=play.agent, seed=play.seed)
    run.write_episodes(event.round, table)
    if play.departure is not None and event.round == event.rounds - 1:
        # The agent is still the one that acted: it learns from the round afterwards.
        found = play.departure.of(play.learner.agent(), event.episodes)
        write_json(run, DEPARTURE, found)
    for said in (event, measured(event.round, event.episodes)):
        run.append(said)
        yield said


def _checkpoint(run: RunDirectory, play: Play, event: RoundEnded) -> None:
    tensors, values = play.learner.state()
    done = {"round": event.round, "environment_steps": event.environment_steps}
    save_checkpoint(run.checkpoint("last"), tensors, {**done, "learner": values})


def measured(round: int, episodes: Episodes) -> RoundMeasured:
    """What a progress display wants to know of a round."""
    hidden = float(episodes.true_returns.mean())
    return RoundMeasured(
        round=round,
        prevalence={
            name: float((fractions(episodes, name) > 0).mean()) for name in episodes.behaviours
        },
        true_return=None if hidden != hidden else hidden,
        kl=float(episodes.total(episodes.kl).mean()),
    )


def _restore(run: RunDirectory, learner: Learner) -> tuple[int, int]:
    """The round to go on from and the steps before it; fresh runs begin at 0, 0."""
    path = run.checkpoint("last")
    if not path.exists():
        if run.events():
            run.append(Resumed(0))
        return 0, 0
    tensors, meta = load_checkpoint(path)
    start = int(meta["round"]) + 1
    history = [from_table(run.read_episodes(each, each)).trajectories for each in range(start)]
    learner.restore(tensors, meta["learner"], history)
    run.append(Resumed(start))
    return start, int(meta["environment_steps"])


def write_json(run: RunDirectory, name: str, values: dict[str, Any]) -> None:
    """Store plain values in the run as a whole file ``name``."""
    write_whole(run.path / name, json.dumps(values, indent=1, allow_nan=False).encode())
