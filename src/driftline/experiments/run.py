"""One run: an offline phase, or one agent's rounds, in a directory that can be resumed.

Knows no concrete world or model. A run that was killed goes on from the last round
whose learner was stored, and ends with the numbers of one that was not.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from driftline.data.episodes import Episodes
from driftline.data.store import from_table, to_table
from driftline.data.trajectories import Trajectories
from driftline.errors import CheckpointError, RunError
from driftline.experiments import build
from driftline.experiments.behaviour_policy import told_policy
from driftline.experiments.config import OfflineRunConfig, RunConfig, StudyConfig
from driftline.experiments.config_json import from_json, to_json
from driftline.experiments.departure import Departure
from driftline.experiments.head_check import action_nll, check_head, spread
from driftline.experiments.head_support import support
from driftline.experiments.openly import begun_openly, paid_openly
from driftline.experiments.places import RETURN_HEAD
from driftline.experiments.recorded_rounds import Play, recorded_rounds, write_json
from driftline.experiments.rehearsal import rehearsal
from driftline.experiments.targets.parts import carry_out
from driftline.experiments.targets.results import write_result
from driftline.experiments.targets_config import PartConfig
from driftline.models.model import GenerativeModel, HasReturnDistribution
from driftline.models.trainable import placed
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.records.alone import alone
from driftline.records.events import DemonstrationsRecorded, Event, Resumed, RunFinished
from driftline.records.run_directory import RunDirectory
from driftline.seeding import integer_seed
from driftline.training.checkpoint import load_checkpoint, save_checkpoint
from driftline.training.offline import train_offline

CHECKPOINT_SECONDS = 5.0
"""How long a run of a study goes on before it stores its learner again."""
DEMONSTRATOR = "demonstrator"
PART = "part"
"""The kind of a run that is one part of the study of targets."""


def begin(path: Path, config: RunConfig | OfflineRunConfig | PartConfig) -> RunDirectory:
    """Write the manifest of a run that has not begun, or open one that has."""
    if (path / "manifest.json").exists():
        return RunDirectory.open(path)
    if isinstance(config, PartConfig):
        fixed = {"configuration": to_json(config), "seeds": [config.seed], "thresholds": {}}
        return RunDirectory.create(path, {"kind": PART, **fixed})
    offline = isinstance(config, OfflineRunConfig)
    return RunDirectory.create(
        path,
        {
            **(told_policy(config.study) if offline else {}),
            "kind": "offline" if offline else "rounds",
            "configuration": to_json(config),
            "seeds": [config.seed],
            "thresholds": to_json(config.study.thresholds),
            "undesired": build.behaviours(config.study.world),
        },
    )


def finished(path: Path) -> bool:
    """Whether the run in ``path`` has nothing left to do."""
    if not (path / "manifest.json").exists():
        return False
    events = RunDirectory.open(path).events()
    return bool(events) and events[-1]["event"] == RunFinished.__name__


def seconds_of(path: Path) -> float:
    """How long a finished run took: its last sitting."""
    return float(RunDirectory.open(path).events()[-1]["seconds"])


def execute(run: RunDirectory) -> Iterator[Event]:
    """Do what is left of a run; yields its events after they are stored."""
    with alone(run.path):
        if finished(run.path):
            return
        kind, stored = run.manifest["kind"], run.manifest["configuration"]
        began = time.perf_counter()
        match kind:
            case "offline":
                yield from _offline(run, from_json(OfflineRunConfig, stored))
            case "rounds":
                yield from _rounds(run, from_json(RunConfig, stored))
            case "part":
                write_result(run.path, carry_out(from_json(PartConfig, stored)))
            case "own":
                raise RunError(
                    f"{run.path} was begun in Python, by go_online; call it again with the same "
                    "arguments to go on"
                )
            case _:
                raise RunError(f"{run.path} is a run of kind {kind!r}, which this version lacks")
        done = RunFinished(time.perf_counter() - began)
        run.append(done)
        yield done


def _offline(run: RunDirectory, config: OfflineRunConfig) -> Iterator[Event]:
    if run.events():
        run.append(Resumed(-1))

    def told(share: float) -> None:
        run.append(DemonstrationsRecorded(share))

    episodes = build.demonstrations(config.study, config.seed, told)
    run.write_episodes(0, to_table(episodes, agent="demonstrator", seed=config.seed))
    demonstrations = episodes.trajectories
    model = build.model(config.study, demonstrations, config.seed)
    seed = integer_seed(config.seed, "offline")
    for event in train_offline(model, demonstrations, config.study.offline, seed):
        run.append(event)
        yield event
    model.eval()
    write_json(run, RETURN_HEAD, _head(config, model, demonstrations))
    save_checkpoint(run.checkpoint(DEMONSTRATOR), model.state_dict(), model.to_json())


def _head(
    config: OfflineRunConfig, model: GenerativeModel, demonstrations: Trajectories
) -> dict[str, Any]:
    """The return head held to demonstrations of its own, and what the targets rest on.

    ``fitted_nll`` is of demonstrations that it was fitted to, as many as are held out and
    as evenly of every skill.
    """
    unseen = _held_out(config.study, config.seed)
    held_out = None if unseen is None else unseen.trajectories
    values = model.return_values if isinstance(model, HasReturnDistribution) else None
    head = None if values is None else (float(values[0]), float(values[-1]))
    rests = support(demonstrations.returns, config.study.agents, head)
    checked = check_head(model, held_out)
    if held_out is not None:
        few = spread(len(demonstrations), len(held_out))
        checked["fitted_nll"] = action_nll(model, demonstrations.take(few))
    return {**checked, "support": rests}


def _held_out(study: StudyConfig, seed: int) -> Episodes | None:
    none = study.demonstrations.held_out == 0
    return None if none else build.held_out(study, seed)


def _rounds(run: RunDirectory, config: RunConfig) -> Iterator[Event]:
    demonstrator, _ = load_offline(run.path / config.offline, config.study.device)
    demonstrated = read_episodes(run.path / config.offline)
    held_out = _held_out(config.study, config.seed)
    if config.agent.control:
        demonstrator, demonstrated = begun_openly(config, demonstrator, demonstrated)
        held_out = None if held_out is None else paid_openly(held_out)
    start = rehearsal(config.study, config.agent, demonstrated, config.seed)
    learner = build.learner(
        config.study,
        config.agent,
        demonstrator,
        start.demonstrations.trajectories,
        config.seed,
        None if start.own is None else start.own.trajectories,
    )
    world = replace(config.study.world, honest=config.agent.control)
    environment = build.environment(world, config.study.rounds.episodes_per_round)
    shown = None if held_out is None else held_out.trajectories
    departure = Departure(demonstrator, shown, config.seed)
    play = Play(
        learner,
        environment,
        config.study.rounds,
        config.seed,
        config.agent.name,
        departure=departure,
        store_seconds=CHECKPOINT_SECONDS,
    )
    yield from recorded_rounds(run, play)


def load_offline(path: Path, device: str = "cpu") -> tuple[TrajectoryTransformer, Trajectories]:
    """The demonstrator model, on ``device``, and the demonstrations of an offline run.

    Raises `CheckpointError` where the model cannot be loaded.
    """
    run = RunDirectory.open(path)
    try:
        tensors, settings = load_checkpoint(run.checkpoint(DEMONSTRATOR))
        model = TrajectoryTransformer.from_json(settings)
        model.load_state_dict(tensors)
    except (CheckpointError, KeyError, TypeError, RuntimeError) as error:
        reason = str(error).splitlines()[0].partition(";")[0]
        raise CheckpointError(
            f"the demonstrator model cannot be loaded ({reason}); "
            f"delete {path} and resume the study, which makes it again"
        ) from error
    placed(model, device)
    return model.eval(), from_table(run.read_episodes()).trajectories


def read_episodes(path: Path | str) -> Episodes:
    """Everything a run recorded."""
    return from_table(RunDirectory.open(Path(path)).read_episodes())
