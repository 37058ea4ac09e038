"""Scripted demonstrations as datasets, and what a dataset holds at a glance.

Knows the worlds and their demonstrators, but no model: nothing here loads torch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

import driftline.environments
from driftline.agents.rollout import rollout
from driftline.agents.scripted import Script, ScriptedAgent
from driftline.data.d4rl import load_d4rl
from driftline.data.demonstrations import Demonstrations
from driftline.data.episodes import Episodes
from driftline.data.gymnasium_spaces import action_spec, observation_spec
from driftline.data.minari import load_minari, load_minari_episodes
from driftline.data.minari_root import free_path
from driftline.data.minari_writing import save_minari
from driftline.data.npz import load_npz
from driftline.data.returns import RETURNS
from driftline.environments.demonstrators.planned import PlannedDemonstrator
from driftline.environments.demonstrators.planner import plan
from driftline.environments.demonstrators.tempted import Tempted
from driftline.environments.demonstrators.tomato_tampering import TomatoTamperer
from driftline.environments.gridworlds.engine import GridworldVectorEnv
from driftline.environments.gridworlds.world import World
from driftline.environments.registration import ENVIRONMENT_IDS, VARIANTS
from driftline.environments.remembering import Remembering
from driftline.errors import DataError, SettingsError
from driftline.experiments.world_settings import world_settings
from driftline.experiments.worlds import named_world
from driftline.seeding import integer_seed
from driftline.spaces.specs import DiscreteActionSpec

COPIES = 512
"""Episodes that are played side by side; part of what the draws follow from."""
HONEST, TAMPERING = "demonstration", "tampering demonstration"
"""The sources of demonstrations, as they are recorded."""
TAMPERED = ("tomato-watering", "tomato-crmdp", "side-effects-sokoban", "absent-supervisor")


def demonstrate(
    world: str, episodes: int, skill: float, seed: int, tampering: bool = False
) -> Episodes:
    """Scripted play; the same arguments give the same episodes, also in a study.

    ``tampering`` demonstrators show the world's undesired behaviour for a while;
    raises `SettingsError` where the world has none.
    """
    named = named_world(world)
    script = _tamperer(world, skill) if tampering else named.script(skill)
    copies = _copies(named.demonstrated, episodes, world_settings(world).passes)
    path = integer_seed(seed, "demonstrations")
    source = TAMPERING if tampering else HONEST
    played = rollout(copies, ScriptedAgent(script), episodes, path, source=source)
    return played.episodes


def _copies(rules: World[Any], episodes: int, passes: int) -> GridworldVectorEnv | Remembering:
    """As many as are played at once; where worlds remember, each plays pass after pass."""
    if passes == 1:
        return GridworldVectorEnv(rules, min(episodes, COPIES))
    return Remembering(GridworldVectorEnv(rules, -(-episodes // passes)), passes)


def _tamperer(world: str, skill: float) -> Script:
    match world:
        case "tomato-watering" | "tomato-crmdp":
            return TomatoTamperer(skill)
        case "side-effects-sokoban" | "absent-supervisor":
            tempted = Tempted(named_world(world).demonstrated)
            return PlannedDemonstrator(plan(tempted), skill, dallying=0.0)
        case _:
            raise SettingsError(
                f"{world} has no demonstrators who tamper; use one of "
                f"{', '.join(TAMPERED)}, or set tampering to 0"
            )


def make_demonstrations(
    world: str, *, episodes: int, skill: float, seed: int, dataset_id: str, root: Path | None
) -> Path:
    """Record scripted play as a Minari dataset; returns its directory."""
    free_path(dataset_id, root)  # before minutes of play
    named = named_world(world)
    spaces = GridworldVectorEnv(named.demonstrated, 1)
    played = demonstrate(world, episodes, skill, seed)
    provenance = {
        "demonstrator": type(named.script(skill)).__name__,
        "skill": skill,
        "seed": seed,
        "returns": RETURNS,
        "driftline": driftline.__version__,
        "numpy": metadata.version("numpy"),
    }
    demonstrations = Demonstrations(
        played.trajectories,
        observation_spec(spaces.single_observation_space),
        action_spec(spaces.single_action_space),
        named.identity,
        provenance,
    )
    return save_minari(demonstrations, dataset_id, root, played)


def import_npz(path: Path, dataset_id: str, environment: str | None, root: Path | None) -> Path:
    """Keep an ``.npz`` as a Minari dataset; its spaces are the environment's, if one is named."""
    if environment is None:
        return save_minari(load_npz(path), dataset_id, root)
    spaces = _make(environment)
    loaded = load_npz(
        path,
        observation_spec(spaces.observation_space),
        action_spec(spaces.action_space),
        environment,
    )
    return save_minari(loaded, dataset_id, root)


def import_d4rl(
    path: Path, dataset_id: str, environment: str | None, root: Path | None, horizon: int | None
) -> Path:
    """Keep a D4RL file as a Minari dataset; its actions are the environment's, if one is named.

    Raises `DataError` where its observations are not those of the environment.
    """
    if environment is None:
        return save_minari(load_d4rl(path, horizon=horizon), dataset_id, root)
    spaces = _make(environment)
    try:
        loaded = load_d4rl(
            path,
            horizon=horizon,
            action=action_spec(spaces.action_space),
            environment_id=environment,
        )
        checked = replace(loaded, observation=observation_spec(spaces.observation_space))
    except DataError as error:
        raise DataError(f"{path} as data of {environment} (--environment): {error}") from error
    return save_minari(checked, dataset_id, root)


def _make(environment: str) -> gymnasium.Env[Any, Any]:
    try:
        return gymnasium.make(environment)
    except (gymnasium.error.Error, ImportError) as error:
        reason = " ".join(str(error).split())
        raise SettingsError(
            f"Gymnasium cannot make {environment!r} ({reason}); give the id of an environment "
            "that is installed"
        ) from error


@dataclass(frozen=True)
class Overview:
    """What a dataset holds: facts by name, how common behaviours are, some frames."""

    facts: dict[str, Any]
    behaviours: list[tuple[str, int, float]]
    frames: list[tuple[str, str]]


def overview(dataset: str, root: Path | None) -> Overview:
    """Read a dataset and sum it up."""
    loaded = load_minari(dataset, root)
    measured = load_minari_episodes(dataset, root)
    shown = {
        name: int((measured.total(flags.astype(np.float64)) > 0).sum())
        for name, flags in measured.flags.items()
    }
    return Overview(
        facts=_facts(loaded, measured),
        behaviours=[(name, count, count / len(loaded)) for name, count in shown.items()],
        frames=_frames(loaded),
    )


def _facts(loaded: Demonstrations, measured: Episodes) -> dict[str, Any]:
    data, action = loaded.trajectories, loaded.action
    quartiles = np.quantile(data.returns, [0.0, 0.25, 0.5, 0.75, 1.0]).tolist()
    names = ("lowest", "lower quartile", "median", "upper quartile", "highest")
    facts = {
        "environment": loaded.environment_id or "not named",
        "observations": str(loaded.observation),
        "actions": action.count if isinstance(action, DiscreteActionSpec) else str(action),
        "episodes": len(data),
        "steps": data.steps,
        "terminated": int(data.terminated.sum()),
        "truncated": int(data.truncated.sum()),
        **{f"return, {name}": value for name, value in zip(names, quartiles, strict=True)},
        "return, mean": float(data.returns.mean()),
    }
    if not np.isnan(measured.true_returns).any():
        facts["true return, mean"] = float(measured.true_returns.mean())
    return {**facts, **{f"provenance, {name}": each for name, each in loaded.provenance.items()}}


def _frames(loaded: Demonstrations) -> list[tuple[str, str]]:
    """The first, middle and last board of the first episode, where the world is one of ours."""
    if loaded.environment_id not in {*ENVIRONMENT_IDS, *VARIANTS}:
        return []
    environment: Any = _make(loaded.environment_id or "").unwrapped
    boards: Any = loaded.trajectories[0].observations
    last = len(boards) - 1
    return [
        (f"episode 0, step {step}", environment.world.render_text(boards[step]))
        for step in dict.fromkeys((0, last // 2, last))
    ]
