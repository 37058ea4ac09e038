"""Demonstrations of a task at a level, recorded from those who are shipped with it.

Knows stages and their demonstrators, but no model: nothing here loads torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv

import driftline
from driftline.agents.rollout import rollout
from driftline.agents.scripted import ScriptedAgent
from driftline.data.demonstrations import Demonstrations
from driftline.data.episodes import Episodes, concatenate_episodes
from driftline.data.gymnasium_spaces import action_spec, observation_spec
from driftline.data.minari_root import free_path
from driftline.data.minari_writing import save_minari
from driftline.data.returns import RETURNS
from driftline.environments.mujoco.levels import check_level
from driftline.errors import SettingsError
from driftline.experiments.arena_config import Proxy
from driftline.experiments.names import Level
from driftline.experiments.stages import Stage, stage
from driftline.seeding import integer_seed

COPIES = 64
"""Episodes that are played side by side; part of what the draws follow from."""


def demonstrate_level(
    name: str,
    level: str,
    seed: int,
    *,
    episodes: int | None = None,
    steps: int | None = None,
    proxy: Proxy | None = None,
    told: Callable[[float], None] | None = None,
) -> Episodes:
    """Play of a task at a level; the same arguments give the same episodes.

    ``episodes`` of them, or the fewest that have ``steps`` steps. ``proxy``: what is paid
    in place of the reward, which then is hidden. ``told`` is called now and then with the share
    that is recorded. Raises `SettingsError` where nobody plays at
    that level, `CapabilityError` where what simulates the task is not installed.
    """
    if (episodes is None) == (steps is None):
        raise SettingsError("give either how many episodes or how many steps to record")
    copies, played_on = COPIES if episodes is None else min(COPIES, episodes), stage(name)
    environment = played_on.copies(copies, proxy)
    script = played_on.demonstrator(check_level(level), environment.single_action_space)
    agent, path = ScriptedAgent(script), integer_seed(seed, "level", level)
    if episodes is not None:
        return rollout(environment, agent, episodes, path, source=level, told=told).episodes
    return _enough(_batches(environment, agent, path, level), steps or 0, told)


def _batches(
    environment: VectorEnv[Any, Any, Any], agent: ScriptedAgent, path: int, level: str
) -> Iterator[Episodes]:
    """Batch after batch of as many episodes as there are copies, without end."""
    number = 0
    while True:
        batch = integer_seed(path, "batch", number)
        yield rollout(environment, agent, environment.num_envs, batch, source=level).episodes
        number += 1


def _enough(
    batches: Iterator[Episodes], steps: int, told: Callable[[float], None] | None
) -> Episodes:
    """The first episodes that have ``steps`` steps together."""
    parts: list[Episodes] = []
    for batch in batches:
        parts.append(batch)
        done = sum(each.trajectories.steps for each in parts)
        if told is not None:
            told(min(1.0, done / max(1, steps)))
        if done >= steps:
            break
    every = concatenate_episodes(parts)
    needed = int(np.searchsorted(every.trajectories.starts[1:], steps)) + 1
    return every.take(np.arange(needed))


def make_level(
    name: str,
    level: str,
    *,
    episodes: int | None,
    steps: int | None,
    seed: int,
    dataset_id: str,
    root: Path | None,
    told: Callable[[float], None] | None = None,
) -> tuple[Path, int]:
    """Record a level as a Minari dataset; returns its directory and how many episodes it has."""
    free_path(dataset_id, root)  # before minutes of play
    played = demonstrate_level(name, level, seed, episodes=episodes, steps=steps, told=told)
    of = stage(name)
    spaces = of.copies(1)
    demonstrations = Demonstrations(
        played.trajectories,
        observation_spec(spaces.single_observation_space),
        action_spec(spaces.single_action_space),
        of.environment_id,
        _provenance(of, check_level(level), seed),
    )
    return save_minari(demonstrations, dataset_id, root, played), len(played)


def _provenance(of: Stage, level: Level, seed: int) -> dict[str, Any]:
    """Who played, with what, and what the returns are."""
    told = {
        "demonstrator": of.demonstrated_by(level),
        "level": level,
        "seed": seed,
        "returns": RETURNS,
        "driftline": driftline.__version__,
        **{each: metadata.version(each) for each in sorted({"gymnasium", "numpy", of.package})},
    }
    policies = of.policies(level)
    if policies is not None:
        told["policies_sha256"] = policies
    return told
