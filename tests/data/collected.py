"""Datasets recorded with Minari's own DataCollector, as a user would record them."""

from __future__ import annotations

import gc
import warnings
from pathlib import Path
from typing import Any

import gymnasium
import pytest


def collect(root: Path, name: str, episodes: int = 5, **options: Any) -> str:
    """Record random play of a Gymnasium environment under ``root``; returns the dataset's id.

    ``episodes`` whole ones, and one that is left after its first step.
    """
    dataset_id = f"{name.split('/')[-1].split('-')[0].lower()}/random-v0"
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        # The collector asks for authors and links, and leaves a directory to the collector
        # of garbage, which warns.
        warnings.simplefilter("ignore")
        patch.setenv("MINARI_DATASETS_PATH", str(root))
        _record(name, episodes, options, dataset_id)
        gc.collect()
    return dataset_id


def _record(name: str, episodes: int, options: dict[str, Any], dataset_id: str) -> None:
    import minari

    environment = minari.DataCollector(gymnasium.make(name), **options)
    environment.action_space.seed(0)
    for seed in range(episodes):
        environment.reset(seed=seed)
        ended = False
        while not ended:
            _, _, terminated, truncated, _ = environment.step(environment.action_space.sample())
            ended = terminated or truncated
    environment.reset(seed=episodes)
    environment.step(environment.action_space.sample())
    environment.create_dataset(dataset_id)
    environment.close()
