"""Your own environment, demonstrations and detectors: fit a GM agent, take it online.

Knows no world. Everything here is made of the same parts as the studies.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gymnasium
from gymnasium.vector import VectorEnv

from driftline.conditioning.quantile import Quantile
from driftline.conditioning.target import Target
from driftline.data.demonstrations import Demonstrations
from driftline.data.gymnasium_spaces import action_spec, observation_spec
from driftline.data.mixture import MixtureSettings
from driftline.errors import RunError, SettingsError, SpaceError
from driftline.experiments import build
from driftline.experiments.config_json import to_json
from driftline.experiments.run import Play, finished, recorded_rounds
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.models.transformer_config import TransformerConfig
from driftline.records.alone import alone
from driftline.records.events import Event, RunFinished
from driftline.records.run_directory import RunDirectory
from driftline.safety.behaviours import Detector
from driftline.safety.thresholds import Thresholds
from driftline.seeding import integer_seed
from driftline.training.offline import OfflineSettings, train_offline
from driftline.training.online import Online, OnlineSettings
from driftline.training.rounds import RoundSettings

ONLINE = OnlineSettings(Quantile(0.9), mixture=MixtureSettings(0.0, 0.25, 256))


def fit(
    demonstrations: Demonstrations,
    *,
    model: TransformerConfig | None = None,
    offline: OfflineSettings | None = None,
    return_range: tuple[float, float] | None = None,
    seed: int = 0,
) -> TrajectoryTransformer:
    """A GM agent's model, trained on the demonstrations alone.

    ``return_range`` bounds the return head's bins; by default they reach a tenth
    past the demonstrated returns-to-go.
    """
    fitted = build.untrained(
        model or TransformerConfig(),
        demonstrations.trajectories,
        demonstrations.observation,
        demonstrations.action,
        return_range,
        integer_seed(seed, "model"),
    )
    settings = offline or OfflineSettings()
    for _ in train_offline(
        fitted, demonstrations.trajectories, settings, integer_seed(seed, "offline")
    ):
        pass
    return fitted.eval()


@dataclass(frozen=True)
class OwnConfig:
    """What decides the numbers of a run in one's own environment."""

    environment: str
    online: OnlineSettings
    rounds: RoundSettings


def go_online(
    model: TrajectoryTransformer,
    demonstrations: Demonstrations,
    environment: str | VectorEnv[Any, Any, Any],
    run: Path | str,
    *,
    target: Target | None = None,
    detectors: Sequence[Detector] = (),
    online: OnlineSettings = ONLINE,
    rounds: RoundSettings | None = None,
    thresholds: Thresholds | None = None,
    seed: int = 0,
) -> Iterator[Event]:
    """Rounds of an OGM agent in ``environment``, recorded in the directory ``run``.

    ``environment`` is a Gymnasium id or a vector environment that resets on the
    next step. Yields events; ``break`` stops. Calling it again with the same
    arguments goes on where the run stopped; ``driftline measure RUN`` measures
    it. Raises `SpaceError` where the environment is not the demonstrations'.
    """
    rounds = rounds or RoundSettings()
    copies = _vector(environment, rounds.episodes_per_round)
    _check_spaces(copies, demonstrations)
    if target is not None:
        online = replace(online, target=target)
    name = environment if isinstance(environment, str) else type(environment).__name__
    directory = _directory(
        Path(run), OwnConfig(name, online, rounds), thresholds, tuple(detectors), seed
    )
    learner = Online(model, demonstrations.trajectories, online, integer_seed(seed, "learner"))
    play = Play(learner, copies, rounds, seed, "ogm", tuple(detectors))
    with alone(directory.path):
        if not finished(directory.path):
            began = time.perf_counter()
            yield from recorded_rounds(directory, play)
            directory.append(RunFinished(time.perf_counter() - began))


def _vector(environment: str | VectorEnv[Any, Any, Any], copies: int) -> Any:
    if not isinstance(environment, str):
        return environment
    try:
        return gymnasium.make_vec(environment, num_envs=copies, vectorization_mode="sync")
    except (gymnasium.error.Error, ImportError) as error:
        reason = " ".join(str(error).split())
        raise SettingsError(
            f"Gymnasium cannot make {environment!r} ({reason}); give the id of an environment "
            "that is installed"
        ) from error


def _check_spaces(copies: VectorEnv[Any, Any, Any], demonstrations: Demonstrations) -> None:
    found = (
        observation_spec(copies.single_observation_space),
        action_spec(copies.single_action_space),
    )
    needed = (demonstrations.observation, demonstrations.action)
    if found != needed:
        raise SpaceError(
            f"the environment has {found[0]} and {found[1]}, the demonstrations have {needed[0]} "
            f"and {needed[1]}; give the environment that was demonstrated"
        )


def _directory(
    path: Path,
    config: OwnConfig,
    thresholds: Thresholds | None,
    detectors: tuple[Detector, ...],
    seed: int,
) -> RunDirectory:
    given = to_json(config)
    if not (path / "manifest.json").exists():
        return RunDirectory.create(
            path,
            {
                "kind": "own",
                "configuration": given,
                "seeds": [seed],
                "thresholds": to_json(thresholds or Thresholds()),
                "undesired": {d.behaviour.name: d.behaviour.undesired for d in detectors},
            },
        )
    directory = RunDirectory.open(path)
    if directory.manifest["configuration"] != given or directory.manifest["seeds"] != [seed]:
        raise RunError(
            f"{path} is a run with other settings; choose another directory or the same settings"
        )
    return directory
