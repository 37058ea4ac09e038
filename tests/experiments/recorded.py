"""FrozenLake and CartPole, recorded by scripted players through Minari's own DataCollector."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

LAKE = "lake/noisy-v0"
CART = "cart/noisy-v0"
HOLES = [5, 7, 11, 12]
SHORTEST = (2, 2, 1, 0, 1, 0, 1, 0, 2, 1, 1, 0, 0, 2, 2, 0)
"""On dry ice: the action that leads from each cell to the goal."""

Player = Callable[[Any, np.random.Generator], int]


def dry_lake() -> gymnasium.Env[Any, Any]:
    return gymnasium.make("FrozenLake-v1", is_slippery=False)


def short_cart() -> gymnasium.Env[Any, Any]:
    return gymnasium.make("CartPole-v1", max_episode_steps=40)


def walker(cell: Any, draw: np.random.Generator) -> int:
    return int(draw.integers(4)) if draw.random() < 0.25 else SHORTEST[int(cell)]


def balancer(state: Any, draw: np.random.Generator) -> int:
    return int(draw.integers(2)) if draw.random() < 0.7 else int(state[2] + state[3] > 0)


def record(
    root: Path,
    dataset_id: str,
    make: Callable[[], gymnasium.Env[Any, Any]],
    player: Player,
    episodes: int,
    **options: Any,
) -> str:
    """Store ``episodes`` plays under ``root``; returns the dataset's id."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        # The collector asks for authors and links, and leaves a directory to the collector
        # of garbage, which warns.
        warnings.simplefilter("ignore")
        patch.setenv("MINARI_DATASETS_PATH", str(root))
        _play(make(), dataset_id, player, episodes, options)
        gc.collect()
    return dataset_id


def _play(
    environment: gymnasium.Env[Any, Any],
    dataset_id: str,
    player: Player,
    episodes: int,
    options: dict[str, Any],
) -> None:
    import minari

    collector = minari.DataCollector(environment, **options)
    draw = np.random.default_rng(0)
    for seed in range(episodes):
        observation, _ = collector.reset(seed=seed)
        ended = False
        while not ended:
            observation, _, terminated, truncated, _ = collector.step(player(observation, draw))
            ended = terminated or truncated
    collector.create_dataset(dataset_id)
    collector.close()
